import { Alert, Badge, Box, Button, Group, NumberInput, Progress, ScrollArea, Stack, Table, Text, TextInput, Title, UnstyledButton } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";

import { IconSearch } from "@/app/icons";
import { api, unwrap } from "@/api/client";
import type { Hit, SearchResult } from "@/api/types";
import { AskedBases } from "@/features/conversations/AskedBases";
import { useSelection } from "@/features/knowledge-bases/selection";
import { useSourceTarget } from "@/features/source/target";
import { describeError } from "@/i18n/errors";

import { plainTable } from "@/text/tables";

import classes from "./HitTestingPage.module.css";

/** What a query finds, and which score each stage gave it. */
export default function HitTestingPage() {
  const { t } = useTranslation();
  const { asked } = useSelection();
  const [query, setQuery] = useState("");
  const [limit, setLimit] = useState<number | string>(10);
  const search = useMutation({
    meta: { showsOwnError: true },
    mutationFn: () =>
      unwrap(api.POST("/api/v1/searches", { body: { query, knowledge_base_ids: [...asked], limit: Number(limit) || null } })),
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (query.trim() && asked.length > 0) search.mutate();
  };

  return (
    <ScrollArea h="100%" type="auto">
      <Box maw={960} mx="auto" px={{ base: "md", sm: "xl" }} py="lg">
        <Title order={1} fz="xl">
          {t("hitTesting.title")}
        </Title>
        <Text c="dimmed" fz="sm" mt={4} mb="md">
          {t("hitTesting.text")}
        </Text>
        <Group component="form" onSubmit={submit} align="flex-end" gap="xs">
          <TextInput
            flex={1}
            miw={220}
            data-testid="search-input"
            label={t("hitTesting.query")}
            maxLength={4000}
            value={query}
            onChange={(event) => setQuery(event.currentTarget.value)}
          />
          <NumberInput w={90} label={t("hitTesting.limit")} min={1} max={100} value={limit} onChange={setLimit} />
          <Button type="submit" leftSection={<IconSearch size={16} />} loading={search.isPending} disabled={!query.trim() || asked.length === 0}>
            {t("hitTesting.search")}
          </Button>
        </Group>
        <Group mt="xs">
          <AskedBases />
        </Group>
        {search.error && (
          <Alert color="red" variant="light" mt="md">
            {describeError(search.error)}
          </Alert>
        )}
        {search.data && <Found result={search.data} />}
      </Box>
    </ScrollArea>
  );
}

function Found({ result }: { result: SearchResult }) {
  const { t } = useTranslation();
  const ms = (seconds: number) => `${(seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0)} ms`;
  const { embedding, index, database, total } = result.timings;
  const highest = (score: (hit: Hit) => number | null | undefined) => Math.max(...result.hits.map((hit) => score(hit) ?? 0));
  const most: Most = {
    dense: highest((hit) => hit.scores?.dense),
    sparse: highest((hit) => hit.scores?.sparse),
    reranked: highest((hit) => hit.scores?.reranked),
  };
  return (
    <Stack mt="lg" gap="sm">
      <Text fz="sm" c="dimmed" style={{ fontVariantNumeric: "tabular-nums" }}>
        {t("hitTesting.found", { count: result.hits.length })} ·{" "}
        {t("hitTesting.timings", { total: ms(total), embedding: ms(embedding), index: ms(index), database: ms(database) })}
      </Text>
      {result.hits.length === 0 && <Text>{t("hitTesting.nothing")}</Text>}
      {result.hits.map((hit, rank) => (
        <HitCard key={hit.chunk_id} hit={hit} rank={rank + 1} most={most} />
      ))}
    </Stack>
  );
}

/** The highest score of each stage among the hits: a full bar. */
type Most = { dense: number; sparse: number; reranked: number };

function HitCard({ hit, rank, most }: { hit: Hit; rank: number; most: Most }) {
  const { t } = useTranslation();
  const { open } = useSourceTarget();
  const [isWhole, setWhole] = useState(false);
  const scores = hit.scores;
  const rows = [
    { name: t("hitTesting.score.dense"), value: scores?.dense, most: most.dense },
    { name: t("hitTesting.score.sparse"), value: scores?.sparse, most: most.sparse },
    { name: t("hitTesting.score.fused"), value: scores?.fused, most: 1 },
    ...(scores?.reranked == null ? [] : [{ name: t("hitTesting.score.reranked"), value: scores.reranked, most: most.reranked }]),
  ];
  return (
    <Box className={classes.hit} data-testid="hit">
      <Box miw={0}>
        <Group gap={8} wrap="nowrap" mb={4}>
          <Badge variant="default" radius="sm">
            {rank}
          </Badge>
          <UnstyledButton
            className={classes.name}
            onClick={() =>
              open(
                { documentId: hit.document_id, versionId: hit.version_id, range: { start: hit.start, end: hit.end }, number: null },
                hit.edit ? { ...hit.edit, words: "", text: hit.text } : undefined,
              )
            }
          >
            {hit.document_name}
          </UnstyledButton>
          {hit.edit && (
            <Badge variant="light" color="yellow" size="sm" tt="none" title={hit.edit.by}>
              {t("passages.edited")}
            </Badge>
          )}
        </Group>
        {hit.heading_path.length > 0 && (
          <Text fz="xs" c="dimmed" mb={4}>
            {hit.heading_path.join(" › ")}
          </Text>
        )}
        <Text fz="sm" lh={1.65} lineClamp={isWhole ? undefined : 4} style={{ whiteSpace: "pre-line", overflowWrap: "anywhere" }}>
          {plainTable(hit.text)}
        </Text>
        <Button variant="subtle" color="gray" c="dimmed" size="compact-xs" ml={-6} onClick={() => setWhole(!isWhole)}>
          {isWhole ? t("hitTesting.less") : t("hitTesting.whole")}
        </Button>
      </Box>
      <Table fz="xs" verticalSpacing={3} horizontalSpacing={6} withRowBorders={false} className={classes.scores}>
        <Table.Tbody>
          {rows.map(({ name, value, most: full }) => (
            <Table.Tr key={name}>
              <Table.Th c="dimmed" fw={400} w={86}>
                {name}
              </Table.Th>
              <Table.Td w={58} ta="right" style={{ fontVariantNumeric: "tabular-nums" }}>
                {value == null ? "–" : value.toFixed(3)}
              </Table.Td>
              <Table.Td>
                <Progress size={4} value={value == null || !full ? 0 : Math.max(0, Math.min(100, (100 * value) / full))} aria-hidden />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Box>
  );
}
