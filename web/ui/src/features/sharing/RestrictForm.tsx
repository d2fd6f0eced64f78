import { ActionIcon, Alert, Button, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { KbDocument, Subject } from "@/api/types";
import { IconX } from "@/app/icons";
import { describeError } from "@/i18n/errors";

import classes from "./Sharing.module.css";
import { useRestrictions, useSetRestrictions } from "./sharing";
import { SubjectName } from "./SubjectName";
import { SubjectPicker } from "./SubjectPicker";
import { keyOf } from "./subjects";

/** Who alone reads a document, of those who read its knowledge base. */
export function RestrictForm({ document, onClose }: { document: KbDocument; onClose: () => void }) {
  const { t } = useTranslation();
  const { data, error } = useRestrictions(document.id);
  const save = useSetRestrictions(document.id);
  const [changed, setChanged] = useState<Subject[] | null>(null);
  const subjects = changed ?? data ?? [];
  const problem = save.error ?? error;
  return (
    <Stack gap="md" data-testid="restrict-form">
      <Text fz="sm" fw={600} style={{ overflowWrap: "anywhere" }}>
        {document.name}
      </Text>
      <Text fz="sm" c="dimmed">
        {t("sharing.restrictText")}
      </Text>
      {problem && (
        <Alert color="red" variant="light" role="alert">
          {describeError(problem)}
        </Alert>
      )}
      <SubjectPicker label={t("sharing.restrictAdd")} taken={subjects} onPick={(subject) => setChanged([...subjects, subject])} />
      {subjects.length > 0 ? (
        <ul className={classes.list}>
          {subjects.map((subject) => (
            <li key={keyOf(subject)} className={classes.row} data-testid="restriction-row">
              <SubjectName subject={subject} />
              <ActionIcon aria-label={t("sharing.remove", { name: subject.name })} onClick={() => setChanged(subjects.filter((other) => other !== subject))}>
                <IconX size={15} />
              </ActionIcon>
            </li>
          ))}
        </ul>
      ) : (
        <Text fz="sm">{t("sharing.unrestricted")}</Text>
      )}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {t("common.cancel")}
        </Button>
        <Button data-testid="restrict-save" disabled={!changed} loading={save.isPending} onClick={() => save.mutate(subjects, { onSuccess: onClose })}>
          {t("common.save")}
        </Button>
      </Group>
    </Stack>
  );
}
