import { describe, expect, it } from "vitest";

import type { Subject } from "@/api/types";

import { choices, EVERYONE } from "./subjects";

const law: Subject = { kind: "department", id: "1", name: "Law" };
const jury: Subject = { kind: "group", id: "2", name: "Jury" };

describe("whom one can still share with", () => {
  it("is everybody found who has no share yet", () => {
    expect(choices([law, jury], [law], false)).toEqual([jury]);
  });

  it("begins with everyone, once", () => {
    expect(choices([law], [], true)).toEqual([EVERYONE, law]);
    expect(choices([law], [EVERYONE], true)).toEqual([law]);
  });
});
