import { describe, expect, it } from "vitest";

import { problemOf } from "./problems";

describe("what a failed single sign-on told", () => {
  it("is nothing where nothing failed", () => expect(problemOf("?next=/")).toBeNull());
  it("is one of the problems that we have words for", () => expect(problemOf("?problem=sign_on_suspended")).toBe("sign_on_suspended"));
  it("shows no words that stand in the address", () => expect(problemOf("?problem=Call+0800+123+now")).toBe("sign_on_failed"));
});
