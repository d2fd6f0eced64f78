import { Tooltip } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import type { Flag } from "@/api/types";

import classes from "./AnswerText.module.css";

export type FlaggedKind = Exclude<Flag["kind"], "uncited">;

type Props = { kind: FlaggedKind; isWithheld: boolean; children: ReactNode };

/** A link, an address or a number in the answer that stands in no source; what was withheld is said in its place. */
export function FlaggedText({ kind, isWithheld, children }: Props) {
  const { t } = useTranslation();
  const what = t(`flag.kind.${kind}`);
  return (
    <Tooltip label={t(isWithheld ? "flag.withheld" : "flag.unknown", { what })} multiline maw={320} events={{ hover: true, focus: true, touch: true }}>
      <span className={classes.flagged} data-testid="flag" data-kind={kind} tabIndex={0}>
        {children}
      </span>
    </Tooltip>
  );
}
