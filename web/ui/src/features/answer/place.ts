import type { Source } from "@/api/types";
import { plainTable } from "@/text/tables";

const SHOWN_CHARACTERS = 90;

/** Where in its document a passage stands: its nearest heading, or how it begins where that is only the title again. */
export function placeOf(source: Pick<Source, "document_title" | "heading_path" | "text">): string {
  const title = letters(source.document_title);
  const heading = source.heading_path.findLast((one) => letters(one) !== title);
  return heading || plainTable(source.text).replace(/\s+/g, " ").trim().slice(0, SHOWN_CHARACTERS);
}

function letters(text: string): string {
  return text.replace(/\s+/g, "").toLowerCase();
}
