import type { TFunction } from "i18next";

/** The checker's reasons, as the server words them, in the reader's language. */
const WORDED = [
  [/^numbers not in the passage: (.+)$/, "support.reason.numbers"],
  [/^names not in the passage: (.+)$/, "support.reason.names"],
  [/^words not in the passage: (.+)$/, "support.reason.words"],
  [/^numbers from elsewhere in the passage: (.+)$/, "support.reason.numbersElsewhere"],
  [/^the passage says the contrary$/, "support.reason.contrary"],
  [/^one negates and the other does not$/, "support.reason.negation"],
  [/^the passage does not say this$/, "support.reason.notSaid"],
  [/^(the passage|each cited passage) says part of this$/, "support.reason.part"],
  [/^the passage, in another language, may say this$/, "support.reason.across"],
] as const;

export function describeReason(t: TFunction, reason: string): string {
  for (const [pattern, key] of WORDED) {
    const match = pattern.exec(reason);
    if (match) return t(key, { what: match[1] ?? "" });
  }
  return reason;
}
