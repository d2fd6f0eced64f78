import { Button, Group, Stack, Text, Textarea } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";

import type { Chunk } from "@/api/types";

import { Diff } from "./Diff";
import { useDraftSize, useEditPassage } from "./passages";

const MEASURE_AFTER_MS = 350;

type Props = { documentId: string; chunk: Chunk; onDone: () => void };

/** A passage's text to be changed, with its length and what differs from the original. */
export function PassageEditor({ documentId, chunk, onDone }: Props) {
  const { t } = useTranslation();
  const now = chunk.edited_text ?? chunk.text;
  const [text, setText] = useState(now);
  const [measured] = useDebouncedValue(text, MEASURE_AFTER_MS);
  const { data: size } = useDraftSize(documentId, chunk.id, measured);
  const edit = useEditPassage(documentId);
  const isTooLong = size !== undefined && size.token_count > size.max_tokens;
  const isEmpty = text.trim() === "";
  const canSave = !isEmpty && !isTooLong && text !== now && !edit.isPending;

  const save = () => canSave && edit.mutate({ id: chunk.id, text }, { onSuccess: onDone });
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) save();
    else if (event.key === "Escape") {
      event.stopPropagation(); // it would close the whole panel
      if (text === now) onDone();
    }
  };

  return (
    <Stack gap={8} onKeyDown={onKeyDown}>
      <Textarea
        autosize
        minRows={3}
        maxRows={16}
        autoFocus
        aria-label={t("passages.editLabel", { number: chunk.ordinal + 1 })}
        data-testid="passage-text"
        value={text}
        error={isEmpty ? t("errors.empty_passage") : isTooLong ? t("errors.passage_too_long") : undefined}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      {text !== chunk.text && !isEmpty && (
        <div>
          <Text fz="xs" c="dimmed" mb={2}>
            {t("passages.changes")}
          </Text>
          <Diff before={chunk.text} after={text} />
        </div>
      )}
      <Group justify="space-between" gap={8}>
        <Text fz="xs" c={isTooLong ? "red" : "dimmed"} style={{ fontVariantNumeric: "tabular-nums" }} aria-live="polite">
          {size && t("passages.tokensOf", { count: size.token_count, most: size.max_tokens })}
        </Text>
        <Group gap={6}>
          <Button size="compact-sm" variant="default" onClick={onDone}>
            {t("common.cancel")}
          </Button>
          <Button size="compact-sm" data-testid="passage-save" loading={edit.isPending} disabled={!canSave} onClick={save}>
            {t("common.save")}
          </Button>
        </Group>
      </Group>
    </Stack>
  );
}
