import { Tooltip } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import classes from "./AnswerText.module.css";
import { describeReason } from "./reasons";

type Props = { support: "unsupported" | "partly" | "uncited"; reason: string; isStruck: boolean; children: ReactNode };

/** A sentence that the passages it cites carry only in part or not at all, or that cites none. */
export function DoubtfulText({ support, reason, isStruck, children }: Props) {
  const { t } = useTranslation();
  const label = `${t(`support.${support}`)}${reason ? t("support.because", { reason: describeReason(t, reason) }) : ""}`;
  const Words = isStruck ? "del" : "span";
  return (
    <Tooltip label={label} events={{ hover: true, focus: true, touch: true }}>
      <Words className={classes.doubtful} data-support={support} data-struck={isStruck || undefined}>
        {children}
      </Words>
    </Tooltip>
  );
}
