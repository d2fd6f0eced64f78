import { Box, Collapse, Group, Stack, Text, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useId } from "react";
import { useTranslation } from "react-i18next";

import type { ContextPlan } from "@/api/types";
import { IconChevronRight } from "@/app/icons";
import { useFormats } from "@/i18n/format";

import { planSegments } from "./plan";
import classes from "./PlanBar.module.css";

const MOST_DROPPED_SHOWN = 12;

/** How the model's context window was filled: a bar, its legend, and what had to be left out. */
export function PlanBar({ plan }: { plan: ContextPlan }) {
  const { t } = useTranslation();
  const format = useFormats();
  const [opened, { toggle }] = useDisclosure(false);
  const details = useId();
  const segments = planSegments(plan);
  const dropped = plan.dropped ?? [];
  const used = t("plan.used", { used: format.count(plan.prompt_tokens), window: format.count(plan.window) });
  return (
    <Box className={classes.plan} data-testid="plan">
      <UnstyledButton className={classes.head} onClick={toggle} aria-expanded={opened} aria-controls={details} data-testid="plan-toggle">
        <IconChevronRight size={13} className={classes.chevron} data-open={opened || undefined} aria-hidden />
        <span className={classes.bar} role="img" aria-label={used}>
          {segments.map(({ name, share }) => (
            <span key={name} className={classes.segment} data-part={name} style={{ width: `${share * 100}%` }} />
          ))}
        </span>
        <Text span fz="xs" c="dimmed" className={classes.sum}>
          {used}
          {dropped.length > 0 && ` · ${t("plan.droppedCount", { count: dropped.length })}`}
        </Text>
      </UnstyledButton>
      <Collapse expanded={opened} id={details}>
        <Stack gap={8} pt={8} pl={20}>
          <ul className={classes.legend}>
            {segments
              .filter(({ name }) => name !== "free")
              .map(({ name, tokens, items }) => (
                <li key={name}>
                  <span className={classes.key} data-part={name} aria-hidden />
                  <span>{t(`plan.part.${name}`, { items })}</span>
                  <span className={classes.tokens}>{format.count(tokens)}</span>
                </li>
              ))}
          </ul>
          {plan.summary && (
            <Box>
              <Text fz="xs" fw={600}>
                {t(plan.summary.made_by === "model" ? "plan.summaryByModel" : "plan.summaryExtracted", { count: plan.summary.through })}
              </Text>
              <Text fz="xs" c="dimmed" style={{ whiteSpace: "pre-line", overflowWrap: "anywhere" }} lineClamp={8}>
                {plan.summary.text}
              </Text>
            </Box>
          )}
          {dropped.length > 0 && (
            <Box>
              <Text fz="xs" fw={600} mb={2}>
                {t("plan.dropped")}
              </Text>
              {dropped.slice(0, MOST_DROPPED_SHOWN).map((part, index) => (
                <Group key={index} gap={8} wrap="nowrap" justify="space-between">
                  <Text fz="xs" truncate>
                    {part.what}
                  </Text>
                  <Text fz="xs" c="dimmed" style={{ flex: "none" }}>
                    {t(`plan.because.${part.reason}`)} · {format.count(part.tokens)}
                  </Text>
                </Group>
              ))}
              {dropped.length > MOST_DROPPED_SHOWN && (
                <Text fz="xs" c="dimmed">
                  {t("plan.moreDropped", { count: dropped.length - MOST_DROPPED_SHOWN })}
                </Text>
              )}
            </Box>
          )}
          <Text fz="xs" c="dimmed">
            {t(plan.counted_by === "server" ? "plan.countedByServer" : "plan.countedHere")}
          </Text>
        </Stack>
      </Collapse>
    </Box>
  );
}
