import { Alert, Button, Group, Loader, SegmentedControl, Stack, Table, Text, Title } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { UsageSum } from "@/api/types";
import { IconDownload } from "@/app/icons";
import { useUser } from "@/features/session/session";
import { describeError } from "@/i18n/errors";
import { useFormats } from "@/i18n/format";

import { tokensByDay } from "./days";
import { csvAddress, useUsage, type GroupBy, type Of } from "./usage";
import { UsageChart } from "./UsageChart";
import classes from "./UsagePage.module.css";

const SPANS = [7, 30, 90] as const;
const BY_DAY: readonly GroupBy[] = ["day"];

/** What calls of models took: one's own, for managers their departments', for administrators everybody's. */
export default function UsagePage() {
  const { t } = useTranslation();
  const { role } = useUser();
  const scopes: Of[] = role === "administrator" ? ["all", "me"] : role === "manager" ? ["department", "me"] : ["me"];
  const [of, setOf] = useState<Of>(scopes[0] ?? "me");
  const [days, setDays] = useState<number>(30);
  const [by, setBy] = useState<GroupBy>("model");
  const byDay = useUsage(of, BY_DAY, days);
  const grouped = useUsage(of, [by], days);
  const groups: GroupBy[] = of === "me" ? ["model", "api_key", "day"] : ["model", "department", "user", "api_key", "day"];
  const error = byDay.error ?? grouped.error;

  return (
    <Stack className={classes.page} gap="md" data-testid="usage-page">
      <Group justify="space-between">
        <Title order={1} fz={22}>
          {t("usagePage.title")}
        </Title>
        <Button component="a" href={csvAddress(of, days)} download variant="default" size="compact-sm" leftSection={<IconDownload size={15} />} data-testid="usage-csv">
          CSV
        </Button>
      </Group>
      <Group gap="sm">
        {scopes.length > 1 && (
          <SegmentedControl
            size="xs"
            aria-label={t("usagePage.of")}
            value={of}
            onChange={(value) => {
              setOf(value);
              if (value === "me" && (by === "user" || by === "department")) setBy("model");
            }}
            data={scopes.map((value) => ({ value, label: t(`usagePage.${value}`) }))}
          />
        )}
        <SegmentedControl
          size="xs"
          aria-label={t("usagePage.span")}
          value={String(days)}
          onChange={(value) => setDays(Number(value))}
          data={SPANS.map((span) => ({ value: String(span), label: t("usagePage.days", { count: span }) }))}
        />
      </Group>
      {error && (
        <Alert color="red" variant="light" role="alert">
          {describeError(error)}
        </Alert>
      )}
      {byDay.data ? byDay.data.sums.length > 0 && <UsageChart days={tokensByDay(byDay.data.sums, days)} /> : !error && <Loader size="sm" type="dots" />}
      <SegmentedControl
        size="xs"
        style={{ alignSelf: "flex-start" }}
        aria-label={t("usagePage.by")}
        value={by}
        onChange={(value) => setBy(value)}
        data={groups.map((value) => ({ value, label: t(`usagePage.groups.${value}`) }))}
      />
      {grouped.data && <Sums sums={grouped.data.sums} by={by} currency={grouped.data.currency} />}
    </Stack>
  );
}

function Sums({ sums, by, currency }: { sums: readonly UsageSum[]; by: GroupBy; currency: string }) {
  const { t } = useTranslation();
  const format = useFormats();
  if (sums.length === 0) return <Text c="dimmed">{t("usagePage.nothing")}</Text>;
  const columns = ["calls", "prompt_tokens", "cached_tokens", "reasoning_tokens", "answer_tokens"] as const;
  const counted = sums.reduce((total, sum) => total + sum.counted_here, 0);
  return (
    <div className={classes.table}>
      <Table striped>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t(`usagePage.groups.${by}`)}</Table.Th>
            {columns.map((column) => (
              <Table.Th key={column} className={classes.number}>
                {t(`usagePage.columns.${column}`)}
              </Table.Th>
            ))}
            <Table.Th className={classes.number}>{t("usagePage.cost", { currency })}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {sums.map((sum) => (
            <Table.Tr key={sum[by]}>
              <Table.Td>{by === "day" ? format.date(sum.day) : sum[by] || t(by === "department" ? "people.noDepartment" : "usagePage.browser")}</Table.Td>
              {columns.map((column) => (
                <Table.Td key={column} className={classes.number}>
                  {format.count(sum[column])}
                </Table.Td>
              ))}
              <Table.Td className={classes.number}>{sum.cost.toFixed(4)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {counted > 0 && (
        <Text fz="xs" c="dimmed" mt={6}>
          {t("usagePage.countedHere", { count: counted })}
        </Text>
      )}
    </div>
  );
}
