import { Alert, Badge, Box, Button, Group, Loader, ScrollArea, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { FeedbackEntry } from "@/api/types";
import { IconDownload, IconThumbDown, IconThumbUp } from "@/app/icons";
import { citedSentence } from "@/features/answer/cited-sentence";
import { describeError } from "@/i18n/errors";
import { useFormats } from "@/i18n/format";

import { EXPORT_ADDRESS, useFeedback } from "./feedback";
import classes from "./FeedbackPage.module.css";

const STEP = 50;
const MOST = 500;

/** What readers think of the answers; for editors. */
export default function FeedbackPage() {
  const { t } = useTranslation();
  const [limit, setLimit] = useState(STEP);
  const { data: entries, error, isPending } = useFeedback(limit);
  return (
    <ScrollArea h="100%" type="auto">
      <Box maw={860} mx="auto" px={{ base: "md", sm: "xl" }} py="lg">
        <Group justify="space-between" align="flex-start" gap="sm">
          <Box flex="1 1 300px">
            <Title order={1} fz="xl">
              {t("feedback.title")}
            </Title>
            <Text c="dimmed" fz="sm" mt={4}>
              {t("feedback.text")}
            </Text>
          </Box>
          {entries && entries.length > 0 && (
            <Button component="a" href={EXPORT_ADDRESS} download="feedback.jsonl" variant="default" leftSection={<IconDownload size={16} />}>
              {t("feedback.export")}
            </Button>
          )}
        </Group>
        {error && (
          <Alert color="red" variant="light" mt="md">
            {describeError(error)}
          </Alert>
        )}
        {isPending && <Loader size="sm" type="dots" color="gray" mt="lg" />}
        {entries?.length === 0 && (
          <Text mt="lg" c="dimmed">
            {t("feedback.none")}
          </Text>
        )}
        <Stack gap="sm" mt="lg">
          {entries?.map((entry) => (
            <Entry key={`${entry.turn.id}:${entry.given_by}`} entry={entry} />
          ))}
        </Stack>
        {entries && entries.length >= limit && limit < MOST && (
          <Button mt="md" variant="default" onClick={() => setLimit(Math.min(MOST, limit + STEP))}>
            {t("feedback.more")}
          </Button>
        )}
      </Box>
    </ScrollArea>
  );
}

function Entry({ entry }: { entry: FeedbackEntry }) {
  const { t } = useTranslation();
  const format = useFormats();
  const [isWhole, setWhole] = useState(false);
  const { feedback, turn } = entry;
  const isUp = feedback.rating === "up";
  const wrong = turn.citations.filter((citation) =>
    feedback.wrong_citations.some((one) => one.number === citation.number && one.sentence_start === citation.sentence_start),
  );
  return (
    <article className={classes.entry} data-testid="feedback-entry">
      <Group gap={8} mb={6}>
        <Badge
          variant="light"
          color={isUp ? "pine" : "orange"}
          tt="none"
          radius="sm"
          leftSection={isUp ? <IconThumbUp size={12} /> : <IconThumbDown size={12} />}
        >
          {isUp ? t("feedback.wasGood") : wrong.length > 0 ? t("feedback.wasWronglyCited", { count: wrong.length }) : t("feedback.wasBad")}
        </Badge>
        <Text fz="xs" c="dimmed">
          {entry.given_by} · {format.dateTime(entry.updated_at)}
        </Text>
      </Group>
      <Text fw={600} className={classes.words}>
        {turn.question}
      </Text>
      {feedback.comment && <blockquote className={classes.comment}>{feedback.comment}</blockquote>}
      {wrong.map((citation) => (
        <Text key={`${citation.number}:${citation.sentence_start}`} fz="sm" c="var(--kb-doubt)" className={classes.words}>
          [{citation.number}] {turn.sources.find((source) => source.number === citation.number)?.document_name} — {citedSentence(turn.answer, citation)}
        </Text>
      ))}
      <Text fz="sm" c="dimmed" mt={4} lineClamp={isWhole ? undefined : 3} className={classes.words} style={{ whiteSpace: "pre-line" }}>
        {turn.answer}
      </Text>
      <Button variant="subtle" color="gray" c="dimmed" size="compact-xs" ml={-6} onClick={() => setWhole(!isWhole)} aria-expanded={isWhole}>
        {isWhole ? t("hitTesting.less") : t("feedback.wholeAnswer")}
      </Button>
    </article>
  );
}
