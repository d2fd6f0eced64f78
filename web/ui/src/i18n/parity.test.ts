import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

import en from "./en.json";
import zh from "./zh.json";

type Tree = { [key: string]: string | Tree };

function flat(tree: Tree, prefix = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === "string") found.set(prefix + key, value);
    else for (const [inner, text] of flat(value, `${prefix}${key}.`)) found.set(inner, text);
  }
  return found;
}

const english = flat(en);
const chinese = flat(zh);
/** English has a singular, Chinese has not. */
const base = (key: string) => key.replace(/_(one|other)$/, "");
const variables = (text: string) => [...text.matchAll(/{{(\w+)}}/g)].map((match) => match[1]!).sort();

describe("the two languages", () => {
  it("have the same keys", () => {
    const keysOf = (texts: Map<string, string>) => [...new Set([...texts.keys()].map(base))].sort();
    expect(keysOf(chinese)).toEqual(keysOf(english));
  });

  it("have every plural form that they need", () => {
    for (const key of english.keys()) if (key.endsWith("_one")) expect([...english.keys()]).toContain(`${base(key)}_other`);
    for (const key of english.keys()) if (key.endsWith("_other")) expect([...chinese.keys()]).toContain(key);
    expect([...chinese.keys()].filter((key) => key.endsWith("_one"))).toEqual([]);
  });

  it("put the same things into the same sentences", () => {
    for (const [key, text] of chinese) expect([key, variables(text)]).toEqual([key, variables(english.get(key)!)]);
  });

  it("leave no text empty", () => {
    for (const [key, text] of [...english, ...chinese]) expect([key, text.trim() !== ""]).toEqual([key, true]);
  });
});

describe("the source", () => {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
    (path) => /\.tsx?$/.test(path) && !/\.test\.tsx?$/.test(path) && !path.endsWith(".d.ts"),
  );
  const code = files.map((path) => readFileSync(join(root, path), "utf8"));

  it("uses no key that is missing", () => {
    const known = new Set([...english.keys()].map(base));
    const used = code.flatMap((text) => [...text.matchAll(/\bt\("([\w.]+)"|i18nKey="([\w.]+)"/g)].map((match) => match[1] ?? match[2]!));
    expect(used.length).toBeGreaterThan(150);
    expect(used.filter((key) => !known.has(key))).toEqual([]);
  });

  it("has no Chinese text outside of the translations", () => {
    const withHan = files.filter((path, index) => /["'`>][^"'`<]*[\u4e00-\u9fff]{2}/.test(withoutComments(code[index]!)) && !path.startsWith("i18n"));
    expect(withHan.filter((path) => !path.endsWith("BlockView.tsx"))).toEqual([]);
  });
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
}
