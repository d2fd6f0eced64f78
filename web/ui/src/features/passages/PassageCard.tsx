import { ActionIcon, Badge, Button, Group, Switch, Text, Tooltip, UnstyledButton } from "@mantine/core";
import { memo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { IconArrowBackUp, IconFocusCentered, IconPencil } from "@/app/icons";
import type { Chunk } from "@/api/types";
import { useFormats } from "@/i18n/format";
import { plainTable } from "@/text/tables";

import { Diff } from "./Diff";
import { PassageEditor } from "./PassageEditor";
import { useEditPassage } from "./passages";
import classes from "./PassagesView.module.css";
import { describePlace } from "./place";

type Props = { documentId: string; chunk: Chunk; canEdit: boolean; isMarked: boolean; onShow: (chunk: Chunk) => void };

/** One passage: where it stands, what it says, and what an editor made of it. */
export const PassageCard = memo(function PassageCard({ documentId, chunk, canEdit, isMarked, onShow }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const [isEditing, setEditing] = useState(false);
  const [showsChanges, setShowsChanges] = useState(false);
  const editButton = useRef<HTMLButtonElement>(null);
  const edit = useEditPassage(documentId);
  const isEdited = chunk.edited_text !== null;
  const place = describePlace(t, chunk.place);
  const number = chunk.ordinal + 1;
  const endEditing = () => {
    setEditing(false);
    // Whoever works with the keyboard goes on from here; the button is disabled until this is drawn.
    requestAnimationFrame(() => editButton.current?.focus());
  };

  return (
    <li className={classes.card} data-testid="passage" data-off={!chunk.is_enabled || undefined} data-marked={isMarked || undefined} data-start={chunk.start}>
      <Group justify="space-between" wrap="nowrap" gap={6} align="flex-start">
        <UnstyledButton className={classes.place} onClick={() => onShow(chunk)} aria-label={t("passages.showNamed", { number })}>
          <span className={classes.ordinal}>{number}</span>
          <Text fz="xs" fw={550}>
            {place}
          </Text>
          <IconFocusCentered size={13} aria-hidden />
        </UnstyledButton>
        <Group gap={4} wrap="nowrap">
          {isEdited && (
            <Badge size="sm" variant="light" color="yellow" tt="none" data-testid="passage-edited">
              {t("passages.edited")}
            </Badge>
          )}
          <Text fz={11} c="dimmed" style={{ whiteSpace: "nowrap", fontVariantNumeric: "tabular-nums" }}>
            {t("passages.tokens", { count: chunk.token_count })}
          </Text>
          {canEdit && (
            <>
              <Tooltip label={t("passages.edit")} disabled={isEditing}>
                <ActionIcon ref={editButton} size="sm" aria-label={t("passages.editLabel", { number })} data-testid="passage-edit" disabled={isEditing} onClick={() => setEditing(true)}>
                  <IconPencil size={15} />
                </ActionIcon>
              </Tooltip>
              <Tooltip label={t(chunk.is_enabled ? "passages.switchOff" : "passages.switchOn")}>
                <Switch
                  size="xs"
                  aria-label={t("passages.foundNamed", { number })}
                  data-testid="passage-switch"
                  checked={chunk.is_enabled}
                  disabled={edit.isPending}
                  onChange={(event) => edit.mutate({ id: chunk.id, is_enabled: event.currentTarget.checked })}
                />
              </Tooltip>
            </>
          )}
        </Group>
      </Group>
      {chunk.heading_path.length > 0 && (
        <Text fz="xs" c="dimmed" lineClamp={2} mt={2}>
          {chunk.heading_path.join(" › ")}
        </Text>
      )}
      {isEditing ? (
        <div className={classes.editor}>
          <PassageEditor documentId={documentId} chunk={chunk} onDone={endEditing} />
        </div>
      ) : showsChanges && isEdited ? (
        <Diff before={chunk.text} after={chunk.edited_text!} />
      ) : (
        <div className={classes.text}>{plainTable(chunk.edited_text ?? chunk.text)}</div>
      )}
      {(isEdited || !chunk.is_enabled) && !isEditing && (
        <Group gap={10} mt={6} justify="space-between">
          <Text fz={11.5} c="var(--kb-doubt)">
            {chunk.is_enabled ? "" : `${t("passages.off")} · `}
            {chunk.edited_at && t("passages.by", { name: chunk.edited_by, time: format.dateTime(chunk.edited_at) })}
          </Text>
          <Group gap={4}>
            {isEdited && (
              <Button size="compact-xs" variant="subtle" color="gray" onClick={() => setShowsChanges(!showsChanges)} aria-pressed={showsChanges}>
                {t("passages.changes")}
              </Button>
            )}
            {canEdit && isEdited && (
              <Button
                size="compact-xs"
                variant="subtle"
                color="gray"
                data-testid="passage-undo"
                leftSection={<IconArrowBackUp size={13} />}
                loading={edit.isPending}
                onClick={() => edit.mutate({ id: chunk.id, text: chunk.text })}
              >
                {t("passages.undo")}
              </Button>
            )}
          </Group>
        </Group>
      )}
    </li>
  );
});
