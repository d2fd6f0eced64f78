import type { TFunction } from "i18next";

/** What the server says of a page or of a whole document, in the reader's language where it is worded there. */
const WORDED = [
  [/^the page is damaged$/, "documents.reason.damaged"],
  [/^its text layer is not text and OCR reads too little$/, "documents.reason.garbled"],
  [/^the page is a picture and OCR is switched off$/, "documents.reason.noOcr"],
  [/^hidden sheet$/, "documents.reason.hiddenSheet"],
  [/^(\d+) of its (\d+) pages or parts cannot be read$/, "documents.reason.parts"],
  [/^(\d+) of (\d+) pages could not be read \(page [\d, ]+\)\.$/, "documents.reason.pages"],
  [/^Only the first ([\d,]+) of ([\d,]+) pages were read\.$/, "documents.reason.firstPages"],
] as const;

export function describeReading(t: TFunction, text: string): string {
  for (const [pattern, key] of WORDED) {
    const match = pattern.exec(text);
    if (match) return t(key, { some: match[1] ?? "", all: match[2] ?? "" });
  }
  return text;
}
