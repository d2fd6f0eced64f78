import { Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { useFormats } from "@/i18n/format";

import type { DayTokens } from "./days";
import classes from "./UsagePage.module.css";

const PARTS = ["cached", "prompt", "reasoning", "answer"] as const;
const HEIGHT = 160;
const STEP = 20;
const BAR = 14;

/** Tokens a day, stacked; the table below says the same in numbers. */
export function UsageChart({ days }: { days: readonly DayTokens[] }) {
  const { t } = useTranslation();
  const format = useFormats();
  const totals = days.map((day) => PARTS.reduce((sum, part) => sum + day[part], 0));
  const most = Math.max(1, ...totals);
  return (
    <figure className={classes.chart}>
      <svg viewBox={`0 0 ${days.length * STEP} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={t("usagePage.chart", { days: days.length, most: format.count(Math.max(...totals)) })}>
        {days.map((day, index) => {
          let top = HEIGHT;
          return (
            <g key={day.day}>
              <title>{`${format.date(day.day)}: ${format.count(totals[index]!)}`}</title>
              <rect x={index * STEP} y={0} width={STEP} height={HEIGHT} fill="transparent" />
              {PARTS.map((part) => {
                const height = (day[part] / most) * HEIGHT;
                top -= height;
                return <rect key={part} className={classes[part]} x={index * STEP + (STEP - BAR) / 2} y={top} width={BAR} height={height} />;
              })}
            </g>
          );
        })}
      </svg>
      <Group component="figcaption" gap="md" justify="center" mt={6}>
        {PARTS.map((part) => (
          <Group key={part} gap={5} wrap="nowrap">
            <svg width={10} height={10} aria-hidden>
              <rect className={classes[part]} width={10} height={10} rx={2} />
            </svg>
            <Text fz="xs" c="dimmed">
              {t(`usagePage.${part}`)}
            </Text>
          </Group>
        ))}
      </Group>
    </figure>
  );
}
