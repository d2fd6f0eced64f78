import { ActionIcon, Menu } from "@mantine/core";
import { useTranslation } from "react-i18next";

import {
  IconDots,
  IconDownload,
  IconFolderSymlink,
  IconInfoCircle,
  IconKey,
  IconLock,
  IconListSearch,
  IconPencil,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerStop,
  IconRefresh,
  IconTrash,
} from "@/app/icons";
import type { KbDocument } from "@/api/types";
import { useLevel } from "@/features/knowledge-bases/knowledge-bases";
import { useSourceTarget } from "@/features/source/target";

import type { DocumentActionKind } from "./DocumentDialogs";
import { actionsFor, needsPassword } from "./document-list";
import { useRetryDocument, useStep } from "./documents";
import { originalUrl } from "./original";

type Props = { document: KbDocument; className?: string; onAction: (kind: DocumentActionKind) => void };

/** Everything that can be done with one document as it is now. */
export function DocumentMenu({ document, className, onAction }: Props) {
  const { t } = useTranslation();
  const { open } = useSourceTarget();
  const retry = useRetryDocument();
  const step = useStep();
  const level = useLevel(document.knowledge_base_id);
  const canEdit = level !== "reader";
  const can = actionsFor(document);
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon size="sm" className={className} aria-label={t("common.actionsFor", { name: document.name })}>
          <IconDots size={15} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconInfoCircle size={15} />} onClick={() => onAction("details")}>
          {t("documents.details")}
        </Menu.Item>
        {document.is_searchable && (
          <Menu.Item
            leftSection={<IconListSearch size={15} />}
            onClick={() => open({ documentId: document.id, versionId: null, range: null, number: null, view: "passages" })}
          >
            {t("passages.title")}
          </Menu.Item>
        )}
        <Menu.Item component="a" href={originalUrl(document.id, null)} download leftSection={<IconDownload size={15} />}>
          {t("documents.download")}
        </Menu.Item>
        {canEdit && (
          <>
            {can.pause && (
              <Menu.Item leftSection={<IconPlayerPause size={15} />} onClick={() => step.mutate({ document, step: "pause" })}>
                {t("documents.pause")}
              </Menu.Item>
            )}
            {can.resume && (
              <Menu.Item leftSection={<IconPlayerPlay size={15} />} onClick={() => step.mutate({ document, step: "resume" })}>
                {t("documents.resume")}
              </Menu.Item>
            )}
            {can.cancel && (
              <Menu.Item leftSection={<IconPlayerStop size={15} />} onClick={() => step.mutate({ document, step: "cancel" })}>
                {t("documents.cancelReading")}
              </Menu.Item>
            )}
            {can.reread && (
              <Menu.Item leftSection={<IconRefresh size={15} />} onClick={() => step.mutate({ document, step: "reread" })}>
                {t("documents.readAgain")}
              </Menu.Item>
            )}
            {can.retry && (
              <Menu.Item leftSection={<IconRefresh size={15} />} onClick={() => retry.mutate({ document })}>
                {t("documents.retry")}
              </Menu.Item>
            )}
            {needsPassword(document) && (
              <Menu.Item leftSection={<IconKey size={15} />} onClick={() => onAction("password")}>
                {t("documents.givePassword")}
              </Menu.Item>
            )}
            <Menu.Item leftSection={<IconPencil size={15} />} onClick={() => onAction("change")}>
              {t("documents.change")}
            </Menu.Item>
            <Menu.Item leftSection={<IconFolderSymlink size={15} />} onClick={() => onAction("move")}>
              {t("documents.move")}
            </Menu.Item>
            {level === "manager" && (
              <Menu.Item leftSection={<IconLock size={15} />} onClick={() => onAction("restrict")} data-testid="restrict">
                {t("sharing.restrict")}
              </Menu.Item>
            )}
            <Menu.Item color="red" leftSection={<IconTrash size={15} />} onClick={() => onAction("delete")}>
              {t("common.delete")}
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
