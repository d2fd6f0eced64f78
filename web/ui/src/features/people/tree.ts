import type { Department } from "@/api/types";

export type Branch = { department: Department; depth: number };

/** Departments in the order of a tree, each with how deep it lies. One whose parent is not shown lies at the top. */
export function tree(departments: readonly Department[]): Branch[] {
  const known = new Set(departments.map((one) => one.id));
  const below = new Map<string | null, Department[]>();
  for (const one of departments) {
    const parent = one.parent_id !== null && known.has(one.parent_id) ? one.parent_id : null;
    below.set(parent, [...(below.get(parent) ?? []), one]);
  }
  const walk = (parent: string | null, depth: number): Branch[] =>
    (below.get(parent) ?? []).flatMap((department) => [{ department, depth }, ...walk(department.id, depth + 1)]);
  return walk(null, 0);
}

/** The department and all below it: where it cannot be moved to. */
export function withBelow(departments: readonly Department[], id: string): Set<string> {
  const found = new Set([id]);
  for (const { department } of tree(departments)) {
    if (department.parent_id !== null && found.has(department.parent_id)) found.add(department.id);
  }
  return found;
}
