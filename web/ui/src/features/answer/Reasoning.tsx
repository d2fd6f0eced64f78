import { Box, Collapse, Group, Text, UnstyledButton } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { IconBrain, IconChevronRight } from "@/app/icons";

import classes from "./TurnBlock.module.css";

type Props = { text: string; seconds: number | null; isThinking: boolean };

/** The model's reasoning: open while it thinks, folded with its seconds once it answers, unless the reader chose. */
export function Reasoning({ text, seconds, isThinking }: Props) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState<boolean | null>(null);
  const isOpen = chosen ?? isThinking;
  const elapsed = useElapsed(isThinking);
  const scroller = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isThinking) scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
  }, [text, isThinking]);
  const label = isThinking
    ? t("reasoning.thinking", { seconds: elapsed })
    : t("reasoning.thought", { seconds: seconds === null ? 0 : Math.max(1, Math.round(seconds)) });
  return (
    <Box mb={10}>
      <UnstyledButton className={classes.fold} aria-expanded={isOpen} data-testid="reasoning-toggle" onClick={() => setChosen(!isOpen)}>
        <Group gap={6} wrap="nowrap">
          <IconBrain size={16} stroke={1.6} aria-hidden />
          <Text fz="sm" c="dimmed" style={{ fontVariantNumeric: "tabular-nums" }}>
            {label}
          </Text>
          <IconChevronRight size={14} className={classes.chevron} data-open={isOpen || undefined} aria-hidden />
        </Group>
      </UnstyledButton>
      <Collapse expanded={isOpen} transitionDuration={140}>
        <div ref={scroller} className={classes.reasoning} data-thinking={isThinking || undefined} data-testid="reasoning">
          {text.trim()}
        </div>
      </Collapse>
    </Box>
  );
}

/** Whole seconds since it began to run. */
function useElapsed(isRunning: boolean): number {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    if (!isRunning) return;
    const began = performance.now();
    const timer = setInterval(() => setSeconds(Math.floor((performance.now() - began) / 1000)), 500);
    return () => clearInterval(timer);
  }, [isRunning]);
  return seconds;
}
