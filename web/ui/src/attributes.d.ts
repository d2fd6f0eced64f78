import "react";

declare module "react" {
  // eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- augmenting needs an interface
  interface InputHTMLAttributes<T> {
    /** Lets a file input take a whole folder; every browser knows it, React's types do not. */
    webkitdirectory?: T extends HTMLInputElement ? "" : never;
  }
}
