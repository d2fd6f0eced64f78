import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { UnusedEdit } from "@/api/types";
import { CopyAction } from "@/app/CopyAction";
import { useFormats } from "@/i18n/format";

import { Diff } from "./Diff";
import { useDiscardEdit } from "./passages";
import classes from "./PassagesView.module.css";

type Props = { documentId: string; edits: readonly UnusedEdit[]; canEdit: boolean };

/** Edits of passages that the document does not hold any more: kept, for whoever wants to make them again. */
export function UnusedEdits({ documentId, edits, canEdit }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const [isOpen, setOpen] = useState(false);
  const discard = useDiscardEdit(documentId);
  return (
    <Alert color="yellow" variant="light" m="sm" p="xs" title={t("passages.unused", { count: edits.length })} data-testid="unused-edits">
      <Text fz="xs">{t("passages.unusedText")}</Text>
      <Button size="compact-xs" variant="subtle" color="gray" ml={-6} mt={4} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {t(isOpen ? "passages.hide" : "passages.show")}
      </Button>
      {isOpen && (
        <Stack component="ul" gap={10} mt={6} p={0} style={{ listStyle: "none" }}>
          {edits.map((edit) => (
            <li key={edit.id}>
              <Text fz={11.5} c="dimmed">
                {edit.is_enabled ? "" : `${t("passages.off")} · `}
                {t("passages.by", { name: edit.edited_by, time: format.dateTime(edit.edited_at) })}
              </Text>
              {edit.text === null ? <div className={classes.text}>{edit.original_text}</div> : <Diff before={edit.original_text} after={edit.text} />}
              <Group gap={4} mt={2}>
                {edit.text !== null && <CopyAction size="sm" label={t("passages.copyText")} text={edit.text} />}
                {canEdit && (
                  <Button size="compact-xs" variant="subtle" color="red" loading={discard.isPending && discard.variables === edit.id} onClick={() => discard.mutate(edit.id)}>
                    {t("passages.discard")}
                  </Button>
                )}
              </Group>
            </li>
          ))}
        </Stack>
      )}
    </Alert>
  );
}
