import { Badge, Box, Button, Group, Progress, Stack, Table, Text, UnstyledButton } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { Explanation, Hit, SearchResult } from "@/api/types";
import { useSourceTarget } from "@/features/source/target";
import { cutByRanges, offsetMap } from "@/text/offsets";
import { plainTable } from "@/text/tables";

import classes from "./HitTestingPage.module.css";
import { placesByPassage } from "./settings";

/** The highest score of each stage among the hits: a full bar. */
type Most = { dense: number; denseOther: number; sparse: number; fused: number; reranked: number };

type Props = { result: SearchResult; label: string; other: SearchResult | null; isNarrow: boolean };

/** What one search found; `other`: what the other settings found. */
export function FoundList({ result, label, other, isNarrow }: Props) {
  const { t } = useTranslation();
  const ms = (seconds: number) => `${(seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0)} ms`;
  const { embedding, index, database, reranking, total } = result.timings;
  const highest = (score: (hit: Hit) => number | null | undefined) => Math.max(...result.hits.map((hit) => score(hit) ?? 0));
  const most: Most = {
    dense: highest((hit) => hit.scores?.dense),
    denseOther: highest((hit) => hit.scores?.dense_other),
    sparse: highest((hit) => hit.scores?.sparse),
    fused: 1,
    reranked: highest((hit) => hit.scores?.reranked),
  };
  const elsewhere = other && placesByPassage(other.hits);
  return (
    <Stack component="section" gap="sm" aria-label={label} data-testid="found">
      <Text fz="sm" c="dimmed" style={{ fontVariantNumeric: "tabular-nums" }}>
        {other && <b>{label} · </b>}
        {t("hitTesting.found", { count: result.hits.length })} ·{" "}
        {t("hitTesting.timings", { total: ms(total), embedding: ms(embedding), index: ms(index), database: ms(database) })}
        {reranking != null && ` · ${t("hitTesting.rerankedIn", { time: ms(reranking) })}`}
      </Text>
      {result.hits.length === 0 && <Text>{t("hitTesting.nothing")}</Text>}
      {result.hits.map((hit, rank) => (
        <HitCard
          key={hit.chunk_id}
          hit={hit}
          why={result.explanations?.[rank] ?? null}
          rank={rank + 1}
          most={most}
          elsewhere={elsewhere && (elsewhere.get(hit.chunk_id) ?? null)}
          isCompared={elsewhere !== null}
          isNarrow={isNarrow}
        />
      ))}
    </Stack>
  );
}

type CardProps = {
  hit: Hit;
  why: Explanation | null;
  rank: number;
  most: Most;
  elsewhere: number | null;
  isCompared: boolean;
  isNarrow: boolean;
};

function HitCard({ hit, why, rank, most, elsewhere, isCompared, isNarrow }: CardProps) {
  const { t } = useTranslation();
  const { open } = useSourceTarget();
  const [isWhole, setWhole] = useState(false);
  const { scores } = hit;
  const stages = [
    { name: t("hitTesting.score.dense"), value: scores?.dense, full: most.dense, place: why?.places.dense },
    // Only of a passage in the other language does it tell anything.
    ...(scores?.dense_other != null && scores.dense_other > (scores.dense ?? 0)
      ? [{ name: t("hitTesting.score.denseOther"), value: scores.dense_other, full: most.denseOther, place: why?.places.dense_other }]
      : []),
    { name: t("hitTesting.score.sparse"), value: scores?.sparse, full: most.sparse, place: why?.places.sparse },
    { name: t("hitTesting.score.fused"), value: scores?.fused, full: most.fused, place: why?.places.fused },
    ...(scores?.reranked == null
      ? []
      : [{ name: t("hitTesting.score.reranked"), value: scores.reranked, full: most.reranked, place: why?.places.reranked }]),
  ];
  const map = offsetMap(hit.text);
  const words = (why?.matches ?? []).map(({ start, end }) => ({ start: map.toUtf16(start), end: map.toUtf16(end) }));
  return (
    <Box className={classes.hit} data-narrow={isNarrow || undefined} data-testid="hit">
      <Box miw={0}>
        <Group gap={8} wrap="nowrap" mb={4}>
          <Badge variant="default" radius="sm" style={{ flex: "none" }}>
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
            <Badge variant="light" color="yellow" size="sm" tt="none" title={hit.edit.by} style={{ flex: "none" }}>
              {t("passages.edited")}
            </Badge>
          )}
          {isCompared && <Moved rank={rank} elsewhere={elsewhere} />}
        </Group>
        {hit.heading_path.length > 0 && (
          <Text fz="xs" c="dimmed" mb={4} style={{ overflowWrap: "anywhere" }}>
            {hit.heading_path.join(" › ")}
          </Text>
        )}
        <Text fz="sm" lh={1.65} lineClamp={isWhole ? undefined : 4} className={classes.passage}>
          {cutByRanges(hit.text, 0, words).map((piece, index) =>
            piece.marked ? <mark key={index}>{plainTable(piece.text)}</mark> : plainTable(piece.text),
          )}
        </Text>
        <Button variant="subtle" color="gray" c="dimmed" size="compact-xs" ml={-6} onClick={() => setWhole(!isWhole)} aria-expanded={isWhole}>
          {isWhole ? t("hitTesting.less") : t("hitTesting.whole")}
        </Button>
      </Box>
      <Table fz="xs" verticalSpacing={3} horizontalSpacing={6} withRowBorders={false} className={classes.scores}>
        <Table.Tbody>
          {stages.map(({ name, value, full, place }) => (
            <Table.Tr key={name}>
              <Table.Th c="dimmed" fw={400} w={78}>
                {name}
              </Table.Th>
              <Table.Td w={54} ta="right" className={classes.figure}>
                {value == null ? "–" : value.toFixed(3)}
              </Table.Td>
              <Table.Td w={46} ta="right" c="dimmed" className={classes.figure} title={t("hitTesting.placeText")}>
                {place == null ? "" : t("hitTesting.place", { place })}
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

/** How the passage stands on the other side. */
function Moved({ rank, elsewhere }: { rank: number; elsewhere: number | null }) {
  const { t } = useTranslation();
  if (elsewhere === null) {
    return (
      <Badge variant="light" color="orange" size="sm" tt="none" ml="auto" style={{ flex: "none" }}>
        {t("hitTesting.onlyHere")}
      </Badge>
    );
  }
  const sign = elsewhere === rank ? "=" : elsewhere > rank ? `▲ ${elsewhere - rank}` : `▼ ${rank - elsewhere}`;
  return (
    <Text fz="xs" c="dimmed" ml="auto" className={classes.figure} style={{ flex: "none" }} title={t("hitTesting.otherPlace", { place: elsewhere })}>
      {sign}
    </Text>
  );
}
