import { VisuallyHidden } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import { diffWords } from "@/text/diff";

import classes from "./PassagesView.module.css";

/** What an editor changed, in place: struck out what was there, underlined what came. */
export function Diff({ before, after }: { before: string; after: string }) {
  const { t } = useTranslation();
  const pieces = useMemo(() => diffWords(before, after), [before, after]);
  return (
    <div className={classes.text} data-testid="passage-diff">
      {pieces.map(({ kind, text }, index) =>
        kind === "same" ? (
          text
        ) : kind === "removed" ? (
          <del key={index} className={classes.removed}>
            <VisuallyHidden>{t("passages.removed")} </VisuallyHidden>
            {text}
          </del>
        ) : (
          <ins key={index} className={classes.added}>
            <VisuallyHidden>{t("passages.added")} </VisuallyHidden>
            {text}
          </ins>
        ),
      )}
    </div>
  );
}
