import { Group, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { Usage } from "@/api/types";
import { useFormats } from "@/i18n/format";

/** What the answer took: passages, tokens, time. */
export function UsageTable({ usage, query }: { usage: Usage; query: string }) {
  const { t } = useTranslation();
  const format = useFormats();
  const seconds = (value: number) => t("usage.seconds", { value: value < 10 ? value.toFixed(2) : value.toFixed(1) });
  const rows: [string, string][] = [
    [t("usage.passages"), usage.passages_dropped ? t("usage.given", { given: usage.passages_given, dropped: usage.passages_dropped }) : format.count(usage.passages_given)],
    [t("usage.prompt"), tokens(usage.prompt_tokens)],
    [t("usage.cached"), tokens(usage.cached_tokens)],
    [t("usage.reasoning"), tokens(usage.reasoning_tokens)],
    [t("usage.answer"), tokens(usage.answer_tokens)],
    [t("usage.window"), tokens(usage.context_window)],
    [t("usage.historyDropped"), usage.history_turns_dropped ? format.count(usage.history_turns_dropped) : ""],
    [t("usage.retrieval"), seconds(usage.seconds_retrieval)],
    [t("usage.firstToken"), usage.seconds_to_first_token ? seconds(usage.seconds_to_first_token) : ""],
    [t("usage.total"), seconds(usage.seconds_total)],
  ];
  function tokens(count: number): string {
    return count ? format.count(count) : "";
  }
  return (
    <Stack gap={3}>
      {query && (
        <Text fz="xs" c="dimmed" mb={4} lineClamp={3}>
          {t("usage.query", { query })}
        </Text>
      )}
      {rows
        .filter(([, value]) => value)
        .map(([label, value]) => (
          <Group key={label} justify="space-between" gap="md" wrap="nowrap">
            <Text fz="xs" c="dimmed">
              {label}
            </Text>
            <Text fz="xs" style={{ fontVariantNumeric: "tabular-nums" }}>
              {value}
            </Text>
          </Group>
        ))}
    </Stack>
  );
}
