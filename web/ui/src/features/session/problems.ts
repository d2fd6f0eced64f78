/** What a failed single sign-on told, as far as there are words for it: anybody can write an address. */
const PROBLEMS = ["sign_on_failed", "sign_on_expired", "sign_on_suspended", "sign_on_without_email", "sign_on_address_taken", "conflict", "unavailable", "too_many_requests"] as const;

export type SignOnProblem = (typeof PROBLEMS)[number];

export function problemOf(search: string): SignOnProblem | null {
  const told = new URLSearchParams(search).get("problem");
  if (told === null) return null;
  return PROBLEMS.find((problem) => problem === told) ?? "sign_on_failed";
}
