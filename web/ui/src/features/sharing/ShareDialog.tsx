import { ActionIcon, Alert, Button, Group, Loader, Modal, Select, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { KnowledgeBase, Level, Share } from "@/api/types";
import { IconX } from "@/app/icons";
import { describeError } from "@/i18n/errors";

import classes from "./Sharing.module.css";
import { useSetShares, useShares } from "./sharing";
import { SubjectName } from "./SubjectName";
import { SubjectPicker } from "./SubjectPicker";
import { keyOf, LEVELS } from "./subjects";

type Props = { base: KnowledgeBase | null; onClose: () => void };

/** With whom a knowledge base is shared, and what they may do there; for its managers. */
export function ShareDialog({ base, onClose }: Props) {
  const { t } = useTranslation();
  return (
    <Modal opened={base !== null} onClose={onClose} title={t("sharing.title", { name: base?.name ?? "" })} size="lg">
      {base && <Shares key={base.id} base={base} onClose={onClose} />}
    </Modal>
  );
}

function Shares({ base, onClose }: { base: KnowledgeBase; onClose: () => void }) {
  const { t } = useTranslation();
  const { data, error } = useShares(base.id);
  const save = useSetShares(base.id);
  const [changed, setChanged] = useState<Share[] | null>(null);
  const shares = changed ?? data ?? [];
  const setLevel = (key: string, level: Level) => setChanged(shares.map((share) => (keyOf(share.subject) === key ? { ...share, level } : share)));
  const problem = save.error ?? error;
  return (
    <Stack gap="md" data-testid="share-dialog">
      <Text fz="sm" c="dimmed">
        {t("sharing.text")}
      </Text>
      {problem && (
        <Alert color="red" variant="light" role="alert">
          {describeError(problem)}
        </Alert>
      )}
      <SubjectPicker
        label={t("sharing.add")}
        withEveryone
        taken={shares.map((share) => share.subject)}
        onPick={(subject) => setChanged([...shares, { subject, level: "reader" }])}
      />
      {!data && !error && <Loader size="sm" type="dots" />}
      <ul className={classes.list}>
        {shares.map((share) => {
          const key = keyOf(share.subject);
          const name = share.subject.name || t("sharing.everyone");
          return (
            <li key={key} className={classes.row} data-testid="share-row">
              <SubjectName subject={share.subject} />
              <Select
                size="xs"
                w={128}
                aria-label={t("sharing.levelOf", { name })}
                allowDeselect={false}
                value={share.level}
                onChange={(level) => level && setLevel(key, level)}
                data={LEVELS.map((value) => ({ value, label: t(`sharing.level.${value}`) }))}
              />
              <ActionIcon aria-label={t("sharing.remove", { name })} onClick={() => setChanged(shares.filter((other) => other !== share))}>
                <IconX size={15} />
              </ActionIcon>
            </li>
          );
        })}
      </ul>
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {t("common.cancel")}
        </Button>
        <Button data-testid="share-save" disabled={!changed} loading={save.isPending} onClick={() => save.mutate(shares, { onSuccess: onClose })}>
          {t("common.save")}
        </Button>
      </Group>
    </Stack>
  );
}
