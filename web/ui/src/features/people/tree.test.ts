import { describe, expect, it } from "vitest";

import type { Department } from "@/api/types";

import { tree, withBelow } from "./tree";

const department = (id: string, parent_id: string | null): Department => ({
  id,
  name: id,
  parent_id,
  user_count: 0,
  knowledge_base_count: 0,
  storage_mib: null,
  documents: null,
  tokens_per_day: null,
  bytes_held: 0,
  documents_held: 0,
  tokens_today: 0,
});
const house = [department("chair", "law"), department("law", null), department("medicine", null), department("institute", "chair")];

describe("the tree of departments", () => {
  it("puts each below the one it belongs to", () => {
    expect(tree(house).map(({ department: { id }, depth }) => [id, depth])).toEqual([
      ["law", 0],
      ["chair", 1],
      ["institute", 2],
      ["medicine", 0],
    ]);
  });

  it("begins with one whose parent a manager does not see", () => {
    expect(tree([department("chair", "law")])).toHaveLength(1);
  });

  it("knows where a department cannot be moved to", () => {
    expect(withBelow(house, "law")).toEqual(new Set(["law", "chair", "institute"]));
  });
});
