import { ActionIcon, Button, Checkbox, Group, Popover, Stack, Text, Textarea, Tooltip } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { Citation, Feedback } from "@/api/types";
import { IconThumbDown, IconThumbDownFilled, IconThumbUp, IconThumbUpFilled } from "@/app/icons";
import { useGiveFeedback } from "@/features/feedback/feedback";

import { citedSentence } from "./cited-sentence";
import type { TurnView } from "./turn";

const MOST_COMMENT_CHARACTERS = 2000;
const NOTHING: Feedback = { rating: "", wrong_citations: [], comment: "" };

/** Thumbs, and what is wrong: which citations, and why. Editors read it. */
export function FeedbackActions({ turn, conversationId }: { turn: TurnView; conversationId: string }) {
  const { t } = useTranslation();
  const [opened, dialog] = useDisclosure(false);
  const give = useGiveFeedback(conversationId, turn.id);
  const given = turn.feedback ?? NOTHING;
  const isUp = given.rating === "up";
  const isDown = given.rating === "down" || given.wrong_citations.length > 0;
  return (
    <Group gap={2} wrap="nowrap">
      <Tooltip label={t("feedback.up")}>
        <ActionIcon
          aria-label={t("feedback.up")}
          aria-pressed={isUp}
          data-testid="feedback-up"
          loading={give.isPending && !opened}
          onClick={() => give.mutate(isUp ? NOTHING : { ...NOTHING, rating: "up" })}
        >
          {isUp ? <IconThumbUpFilled size={16} /> : <IconThumbUp size={16} stroke={1.6} />}
        </ActionIcon>
      </Tooltip>
      <Popover opened={opened} onChange={(open) => !open && dialog.close()} width={340} shadow="md" position="top-start" trapFocus returnFocus>
        <Popover.Target>
          <Tooltip label={t("feedback.down")} disabled={opened}>
            <ActionIcon aria-label={t("feedback.down")} aria-pressed={isDown} aria-expanded={opened} data-testid="feedback-down" onClick={dialog.toggle}>
              {isDown ? <IconThumbDownFilled size={16} /> : <IconThumbDown size={16} stroke={1.6} />}
            </ActionIcon>
          </Tooltip>
        </Popover.Target>
        <Popover.Dropdown maw="calc(100vw - 24px)">
          {opened && (
            <WhatIsWrong
              turn={turn}
              given={given}
              isSending={give.isPending}
              onSend={(feedback) => give.mutate(feedback, { onSuccess: dialog.close })}
            />
          )}
        </Popover.Dropdown>
      </Popover>
    </Group>
  );
}

type FormProps = { turn: TurnView; given: Feedback; isSending: boolean; onSend: (feedback: Feedback) => void };

function WhatIsWrong({ turn, given, isSending, onSend }: FormProps) {
  const { t } = useTranslation();
  const [wrong, setWrong] = useState(() => new Set(given.wrong_citations.map(keyOf)));
  const [comment, setComment] = useState(given.comment);
  const toggle = (key: string) =>
    setWrong((known) => {
      const next = new Set(known);
      if (!next.delete(key)) next.add(key);
      return next;
    });
  const marked = turn.citations.filter((citation) => wrong.has(keyOf(citation)));
  return (
    <Stack gap={10}>
      {turn.citations.length > 0 && (
        <Stack gap={6} mah={220} style={{ overflowY: "auto" }}>
          <Text fz="sm" fw={600}>
            {t("feedback.wrongCitations")}
          </Text>
          {turn.citations.map((citation) => (
            <Checkbox
              key={keyOf(citation)}
              size="xs"
              data-testid="wrong-citation"
              checked={wrong.has(keyOf(citation))}
              onChange={() => toggle(keyOf(citation))}
              label={`[${citation.number}] ${citedSentence(turn.answer, citation)}`}
              styles={{ label: { overflowWrap: "anywhere" } }}
            />
          ))}
        </Stack>
      )}
      <Textarea
        label={t("feedback.comment")}
        autosize
        minRows={2}
        maxRows={6}
        maxLength={MOST_COMMENT_CHARACTERS}
        value={comment}
        onChange={(event) => setComment(event.currentTarget.value)}
      />
      <Text fz="xs" c="dimmed">
        {t("feedback.whoReads")}
      </Text>
      <Group justify="flex-end" gap="xs">
        {(given.rating === "down" || given.wrong_citations.length > 0) && (
          <Button size="compact-sm" variant="subtle" color="gray" onClick={() => onSend(NOTHING)} disabled={isSending}>
            {t("feedback.takeBack")}
          </Button>
        )}
        <Button
          size="compact-sm"
          data-testid="feedback-send"
          loading={isSending}
          onClick={() =>
            onSend({
              rating: "down",
              comment,
              wrong_citations: marked.map(({ number, sentence_start }) => ({ number, sentence_start })),
            })
          }
        >
          {t("feedback.send")}
        </Button>
      </Group>
    </Stack>
  );
}

function keyOf(citation: Pick<Citation, "number" | "sentence_start">): string {
  return `${citation.number}:${citation.sentence_start}`;
}
