import type { Role } from "@/api/types";

export type Choice = { value: string; label: string };

const ROLES: readonly Role[] = ["reader", "editor", "manager", "administrator"];

/** The roles that somebody may give; one that a person has already is shown as well. */
export function rolesToGive(own: Role, had?: Role): Role[] {
  return ROLES.filter((role) => role !== "administrator" || own === "administrator" || role === had);
}
