import type { TFunction } from "i18next";

import type { Anchor } from "@/api/types";

/** Where a passage begins, as a reader would say it: page 3, slide 2, Budget B7. Empty where only its text tells. */
export function describePlace(t: TFunction, place: Anchor | null): string {
  switch (place?.type) {
    case "page":
      return t("passages.place.page", { number: place.page });
    case "slide":
      return t("passages.place.slide", { number: place.slide });
    case "cell":
      return `${place.sheet} ${place.cell}`.trim();
    case "paragraph":
      return t("passages.place.paragraph", { number: place.paragraph });
    default:
      return "";
  }
}
