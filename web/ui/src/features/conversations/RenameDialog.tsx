import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";

import type { Conversation } from "@/api/types";

import { useRenameConversation } from "./conversations";

export function RenameDialog({ conversation, onClose }: { conversation: Conversation | null; onClose: () => void }) {
  const { t } = useTranslation();
  const [title, setTitle] = useState(conversation?.title ?? "");
  const rename = useRenameConversation();
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (conversation) rename.mutate({ id: conversation.id, title }, { onSuccess: onClose });
  };
  return (
    <Modal opened={conversation !== null} onClose={onClose} title={t("conversations.rename")}>
      <Stack component="form" onSubmit={submit}>
        <TextInput data-autofocus label={t("conversations.name")} maxLength={200} value={title} onChange={(event) => setTitle(event.currentTarget.value)} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button type="submit" loading={rename.isPending}>
            {t("common.save")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
