import { Button, Group, Modal, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { IconFolderSymlink, IconPlayerPause, IconPlayerPlay, IconPlayerStop, IconRefresh, IconTag, IconTrash, IconX } from "@/app/icons";
import type { BulkResult, KbDocument } from "@/api/types";
import { ConfirmDialog } from "@/app/ConfirmDialog";

import { MoveForm, TagForm } from "./BulkForms";
import { actionsFor } from "./document-list";
import { useBulk, type BulkChange } from "./documents";
import classes from "./DocumentsPage.module.css";

type Props = { knowledgeBaseId: string; selected: readonly KbDocument[]; onDone: (result: BulkResult) => void; onClear: () => void };
type Dialog = "move" | "tag" | "delete";

/** What can be done with the documents that are selected; each action goes to those that admit it. */
export function BulkBar({ knowledgeBaseId, selected, onDone, onClear }: Props) {
  const { t } = useTranslation();
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const bulk = useBulk(knowledgeBaseId);
  const close = () => setDialog(null);
  const done = (result: BulkResult) => {
    close();
    onDone(result);
  };
  const that = (admits: keyof ReturnType<typeof actionsFor>) => selected.filter((document) => actionsFor(document)[admits]).map(({ id }) => id);
  const act = (action: BulkChange["action"], ids: readonly string[]) => bulk.mutate({ action, document_ids: [...ids] }, { onSuccess: done });
  const pausable = that("pause");
  const resumable = that("resume");
  const cancellable = that("cancel");
  const rereadable = that("reread");
  const retryable = that("retry");
  const readAgain = async () => {
    const results: BulkResult[] = [];
    if (rereadable.length > 0) results.push(await bulk.mutateAsync({ action: "reread", document_ids: rereadable }));
    if (retryable.length > 0) results.push(await bulk.mutateAsync({ action: "retry", document_ids: retryable }));
    done({ done: results.flatMap((result) => result.done), failed: results.flatMap((result) => result.failed) });
  };
  const isBusy = bulk.isPending;

  return (
    <div className={classes.bulk} role="toolbar" aria-label={t("documents.withSelected")} data-testid="bulk-bar">
      <Text fz="sm" fw={600} aria-live="polite">
        {t("documents.selected", { count: selected.length })}
      </Text>
      <Group gap={4}>
        {pausable.length > 0 && (
          <Button size="compact-sm" variant="default" disabled={isBusy} leftSection={<IconPlayerPause size={14} />} onClick={() => act("pause", pausable)}>
            {t("documents.pause")}
          </Button>
        )}
        {resumable.length > 0 && (
          <Button size="compact-sm" variant="default" disabled={isBusy} leftSection={<IconPlayerPlay size={14} />} onClick={() => act("resume", resumable)}>
            {t("documents.resume")}
          </Button>
        )}
        {cancellable.length > 0 && (
          <Button size="compact-sm" variant="default" disabled={isBusy} leftSection={<IconPlayerStop size={14} />} onClick={() => act("cancel", cancellable)}>
            {t("documents.cancelReading")}
          </Button>
        )}
        {rereadable.length + retryable.length > 0 && (
          <Button size="compact-sm" variant="default" disabled={isBusy} leftSection={<IconRefresh size={14} />} onClick={() => void readAgain().catch(() => undefined)}>
            {t("documents.readAgain")}
          </Button>
        )}
        <Button size="compact-sm" variant="default" disabled={isBusy} leftSection={<IconTag size={14} />} onClick={() => setDialog("tag")}>
          {t("documents.tags")}
        </Button>
        <Button size="compact-sm" variant="default" disabled={isBusy} leftSection={<IconFolderSymlink size={14} />} onClick={() => setDialog("move")}>
          {t("documents.move")}
        </Button>
        <Button size="compact-sm" variant="light" color="red" disabled={isBusy} leftSection={<IconTrash size={14} />} data-testid="bulk-delete" onClick={() => setDialog("delete")}>
          {t("common.delete")}
        </Button>
        <Button size="compact-sm" variant="subtle" color="gray" leftSection={<IconX size={14} />} onClick={onClear}>
          {t("documents.clearSelection")}
        </Button>
      </Group>
      <Modal opened={dialog === "move"} onClose={close} title={t("documents.moveTitle")}>
        <MoveForm knowledgeBaseId={knowledgeBaseId} documents={selected} onDone={done} />
      </Modal>
      <Modal opened={dialog === "tag"} onClose={close} title={t("documents.tags")}>
        <TagForm knowledgeBaseId={knowledgeBaseId} documents={selected} onDone={done} />
      </Modal>
      <ConfirmDialog
        opened={dialog === "delete"}
        title={t("documents.deleteManyTitle")}
        text={t("documents.deleteManyText", { count: selected.length })}
        action={t("common.delete")}
        isBusy={isBusy}
        onConfirm={() => act("delete", selected.map(({ id }) => id))}
        onClose={close}
      />
    </div>
  );
}
