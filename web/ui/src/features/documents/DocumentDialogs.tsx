import { Button, Group, Modal, PasswordInput, Stack, Text } from "@mantine/core";
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";

import { ApiError } from "@/api/errors";
import type { BulkResult, KbDocument } from "@/api/types";
import { ConfirmDialog } from "@/app/ConfirmDialog";
import { notifyError } from "@/app/notify";

import { RestrictForm } from "@/features/sharing/RestrictForm";

import { MoveForm } from "./BulkForms";
import { ChangeForm } from "./ChangeForm";
import { DocumentDetails } from "./DocumentDetails";
import { useDeleteDocument, useRetryDocument } from "./documents";

export type DocumentActionKind = "details" | "password" | "change" | "move" | "restrict" | "delete";
export type DocumentAction = { kind: DocumentActionKind; document: KbDocument };

type Props = { action: DocumentAction | null; onClose: () => void };

export function DocumentDialogs({ action, onClose }: Props) {
  const { t } = useTranslation();
  const remove = useDeleteDocument();
  const document = action?.document ?? null;
  const moved = ({ failed }: BulkResult) => {
    const [failure] = failed;
    if (failure) notifyError(new ApiError(409, failure.code, failure.message));
    else onClose();
  };
  return (
    <>
      <Modal opened={action?.kind === "details"} onClose={onClose} title={t("documents.details")} size="lg">
        {document && <DocumentDetails document={document} />}
      </Modal>
      <Modal opened={action?.kind === "password"} onClose={onClose} title={t("documents.givePassword")}>
        {document && <PasswordForm document={document} onClose={onClose} />}
      </Modal>
      <Modal opened={action?.kind === "change"} onClose={onClose} title={t("documents.change")}>
        {document && <ChangeForm document={document} onClose={onClose} />}
      </Modal>
      <Modal opened={action?.kind === "move"} onClose={onClose} title={t("documents.moveTitle")}>
        {document && <MoveForm knowledgeBaseId={document.knowledge_base_id} documents={[document]} onDone={moved} />}
      </Modal>
      <Modal opened={action?.kind === "restrict"} onClose={onClose} title={t("sharing.restrictTitle")}>
        {document && <RestrictForm key={document.id} document={document} onClose={onClose} />}
      </Modal>
      <ConfirmDialog
        opened={action?.kind === "delete"}
        title={t("documents.deleteTitle")}
        text={t("documents.deleteText", { name: document?.name ?? "" })}
        action={t("common.delete")}
        isBusy={remove.isPending}
        onConfirm={() => document && remove.mutate(document, { onSuccess: onClose })}
        onClose={onClose}
      />
    </>
  );
}

function PasswordForm({ document, onClose }: { document: KbDocument; onClose: () => void }) {
  const { t } = useTranslation();
  const [password, setPassword] = useState("");
  const retry = useRetryDocument();
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    retry.mutate({ document, password }, { onSuccess: onClose });
  };
  return (
    <Stack component="form" onSubmit={submit}>
      <Text fz="sm">{t("documents.passwordText", { name: document.name })}</Text>
      <PasswordInput
        data-autofocus
        label={t("documents.filePassword")}
        autoComplete="off"
        required
        withAsterisk={false}
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      <Group justify="flex-end">
        <Button type="submit" loading={retry.isPending}>
          {t("documents.readAgain")}
        </Button>
      </Group>
    </Stack>
  );
}
