import { Box, Button, HoverCard, Text, UnstyledButton } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { Citation, Source } from "@/api/types";
import { useFormats } from "@/i18n/format";

import { placeOf } from "./place";
import { useOpenSource } from "./source-target";
import { SourcePreview } from "./SourcePreview";
import classes from "./TurnBlock.module.css";
import type { TurnView } from "./turn";

/** The sources that the answer cites; the passages that it was given besides are one click away. */
export function SourceList({ turn }: { turn: TurnView }) {
  const { t } = useTranslation();
  const [showAll, setShowAll] = useState(false);
  const cited = citedNumbers(turn);
  const first = turn.sources.filter((source) => cited.has(source.number));
  const rest = turn.sources.filter((source) => !cited.has(source.number));
  if (turn.sources.length === 0) return null;
  return (
    <Box mt={16} data-testid="sources">
      <Text fz="xs" fw={600} c="dimmed" mb={6}>
        {t("answer.sources", { count: first.length })}
      </Text>
      <SourceCards sources={showAll ? [...first, ...rest] : first} citations={turn.citations} cited={cited} />
      {rest.length > 0 && (
        <Button variant="subtle" color="gray" c="dimmed" size="compact-xs" mt={6} ml={-6} onClick={() => setShowAll(!showAll)} aria-expanded={showAll}>
          {showAll ? t("answer.onlyCited") : t("answer.alsoRead", { count: rest.length })}
        </Button>
      )}
    </Box>
  );
}

export function citedNumbers(turn: Pick<TurnView, "answer" | "citations">): ReadonlySet<number> {
  const marked = [...turn.answer.matchAll(/\[(\d{1,3})\]/g)].map((match) => Number(match[1]));
  return new Set([...turn.citations.map((citation) => citation.number), ...marked]);
}

type CardsProps = { sources: readonly Source[]; citations: readonly Citation[]; cited: ReadonlySet<number> };

export function SourceCards({ sources, citations, cited }: CardsProps) {
  const { t } = useTranslation();
  const format = useFormats();
  const { open, isOpen } = useOpenSource();
  return (
    <ul className={classes.sources}>
      {sources.map((source) => {
        const citation = citations.find((one) => one.number === source.number) ?? null;
        return (
          <li key={source.number}>
            <HoverCard width={360} shadow="lg" radius="md" openDelay={350} withinPortal>
              <HoverCard.Target>
                <UnstyledButton
                  className={classes.source}
                  data-testid="source-card"
                  data-open={isOpen(source) || undefined}
                  disabled={!source.is_available}
                  onClick={() => open(source, citation)}
                >
                  <span className={classes.number} data-uncited={!cited.has(source.number) || undefined}>
                    {source.number}
                  </span>
                  <Box miw={0}>
                    <Text fz="sm" fw={500} truncate lh={1.4}>
                      {source.document_title || source.document_name}
                    </Text>
                    <Text fz="xs" c="dimmed" truncate>
                      {source.web
                        ? [source.web.site, source.web.published && format.date(source.web.published)].filter(Boolean).join(" · ")
                        : source.is_available
                        ? placeOf(source)
                        : t("answer.sourceGone")}
                    </Text>
                  </Box>
                </UnstyledButton>
              </HoverCard.Target>
              <HoverCard.Dropdown p="sm">
                <SourcePreview source={source} citation={citation} />
              </HoverCard.Dropdown>
            </HoverCard>
          </li>
        );
      })}
    </ul>
  );
}
