import { Alert, Loader, Text } from "@mantine/core";
import { memo } from "react";
import { useTranslation } from "react-i18next";

import { Abstained } from "@/features/answer/Abstained";
import { AnswerText } from "@/features/answer/AnswerText";
import { isOver, type TurnView } from "@/features/answer/turn";
import { describeCode } from "@/i18n/errors";

import classes from "./WidgetPage.module.css";

/** A question and its answer; how the model thought is not for visitors. */
export const WidgetTurn = memo(function WidgetTurn({ turn }: { turn: TurnView }) {
  const { t } = useTranslation();
  return (
    <article className={classes.turn} data-testid="widget-turn" data-phase={turn.phase} aria-label={turn.question} aria-busy={!isOver(turn)}>
      <div className={classes.question}>{turn.question}</div>
      {(turn.phase === "searching" || turn.phase === "thinking") && <Loader size="xs" type="dots" color="gray" aria-label={t("answer.searching")} />}
      {turn.abstained ? (
        <Abstained turn={turn} />
      ) : (
        turn.answer !== "" && <AnswerText text={turn.answer} sources={turn.sources} citations={turn.citations} flags={turn.flags} isGrowing={turn.phase === "answering"} />
      )}
      {turn.phase === "stopped" && (
        <Text fz="sm" c="dimmed" mt={8}>
          {t("answer.stopped")}
        </Text>
      )}
      {turn.phase === "failed" && (
        <Alert color="red" variant="light" mt={8} role="alert">
          {describeCode(turn.error?.code ?? "", turn.error?.message ?? "")}
        </Alert>
      )}
    </article>
  );
});
