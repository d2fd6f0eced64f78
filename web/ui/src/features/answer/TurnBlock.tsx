import { Alert, Box, Button, Group, Text, VisuallyHidden } from "@mantine/core";
import { memo } from "react";
import { useTranslation } from "react-i18next";

import { IconAlertCircle, IconInfoCircle, IconRefresh, IconSearch } from "@/app/icons";
import { describeCode } from "@/i18n/errors";

import { Abstained } from "./Abstained";
import { AnswerFooter } from "./AnswerFooter";
import { AnswerText } from "./AnswerText";
import { PlanBar } from "./PlanBar";
import { Reasoning } from "./Reasoning";
import { SourceList } from "./SourceList";
import classes from "./TurnBlock.module.css";
import { isOver, type TurnView } from "./turn";

type Props = { turn: TurnView; isLast: boolean; onAskAgain?: () => void };

/** A question and its answer, finished or being made. */
export const TurnBlock = memo(function TurnBlock({ turn, isLast, onAskAgain }: Props) {
  const { t } = useTranslation();
  const over = isOver(turn);
  return (
    <article className={classes.turn} data-testid="turn" data-phase={turn.phase} aria-label={turn.question}>
      <div className={classes.question}>
        <div className={classes.bubble}>{turn.question}</div>
      </div>
      {/* The last answer has room to grow in, so that nothing moves while it is written. */}
      <Box className={isLast && !over ? classes.last : undefined} aria-busy={!over}>
        {turn.notices.map((notice) => (
          <Alert key={notice.code} color="gray" variant="light" mb={10} py={6} px={10} icon={<IconInfoCircle size={16} />} role="status" data-testid="notice">
            <Text fz="sm">{describeCode(notice.code, notice.message)}</Text>
          </Alert>
        ))}
        {turn.phase === "searching" && <Searching turn={turn} />}
        {turn.reasoning.trim() !== "" && (
          <Reasoning text={turn.reasoning} seconds={turn.reasoningSeconds} isThinking={turn.phase === "thinking"} />
        )}
        {turn.abstained ? (
          <Abstained turn={turn} />
        ) : (
          (turn.answer !== "" || !over) && (
            <AnswerText text={turn.answer} sources={turn.sources} citations={turn.citations} flags={turn.flags} isGrowing={turn.phase === "answering"} />
          )
        )}
        {turn.phase === "stopped" && (
          <Text fz="sm" c="dimmed" mt={8} data-testid="stopped">
            {t("answer.stopped")}
          </Text>
        )}
        {turn.phase === "failed" && (
          <Alert color="red" variant="light" mt={8} icon={<IconAlertCircle size={18} />} role="alert" data-testid="answer-error">
            <Text fz="sm">{describeCode(turn.error?.code ?? "", turn.error?.message ?? "")}</Text>
            {onAskAgain && (
              <Button size="compact-sm" variant="default" mt={8} leftSection={<IconRefresh size={14} />} onClick={onAskAgain}>
                {t("common.retry")}
              </Button>
            )}
          </Alert>
        )}
        {over && !turn.abstained && turn.answer !== "" && <SourceList turn={turn} />}
        {over && turn.plan && <PlanBar plan={turn.plan} />}
        {over && turn.phase !== "failed" && <AnswerFooter turn={turn} onAskAgain={isLast ? onAskAgain : undefined} />}
      </Box>
      {isLast && <Announcement turn={turn} />}
    </article>
  );
});

function Searching({ turn }: { turn: TurnView }) {
  const { t } = useTranslation();
  const found = turn.sources.length;
  return (
    <Group gap={6} className={classes.pulse} wrap="nowrap" mb={10}>
      <IconSearch size={15} stroke={1.7} color="var(--mantine-color-dimmed)" aria-hidden />
      <Text fz="sm" c="dimmed">
        {turn.queuePosition !== null
          ? t("answer.queued", { position: turn.queuePosition })
          : found > 0
            ? t("answer.reading", { count: found })
            : turn.answerer === "model"
              ? t("answer.modelBegins")
              : t("answer.searching")}
      </Text>
    </Group>
  );
}

/** For screen readers: the steps in few words, and the answer as a whole instead of token by token. */
function Announcement({ turn }: { turn: TurnView }) {
  const { t } = useTranslation();
  const said =
    turn.phase === "done" ? turn.answer.replace(/\s*\[\d+\]/g, "") : t(`answer.phase.${turn.phase}`);
  return (
    <VisuallyHidden>
      <div aria-live="polite" aria-atomic="true">
        {said}
      </div>
    </VisuallyHidden>
  );
}
