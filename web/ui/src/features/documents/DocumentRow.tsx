import { ActionIcon, Group, Menu, Text, UnstyledButton } from "@mantine/core";
import { memo } from "react";
import { useTranslation } from "react-i18next";

import { IconCheck, IconDots, IconDownload, IconInfoCircle, IconKey, IconRefresh, IconTrash } from "@/app/icons";
import type { KbDocument } from "@/api/types";
import { useSourceTarget } from "@/features/source/target";

import type { DocumentActionKind } from "./DocumentDialogs";
import { isQuietlyReady, needsPassword, ownTitle } from "./document-list";
import classes from "./DocumentList.module.css";
import { DocumentStateLine } from "./DocumentStateLine";
import { useRetryDocument } from "./documents";
import { FormatIcon } from "./FormatIcon";
import { originalUrl } from "./original";

type Props = { document: KbDocument; onAction: (kind: DocumentActionKind) => void };

export const DocumentRow = memo(function DocumentRow({ document, onAction }: Props) {
  const { t } = useTranslation();
  const retry = useRetryDocument();
  const { target, open } = useSourceTarget();
  const hasFailed = document.state === "failed";

  return (
    <li className={classes.row} data-testid="document-row" data-shown={target?.documentId === document.id || undefined}>
      <Group wrap="nowrap" gap={2}>
        <UnstyledButton
          className={classes.open}
          disabled={!document.is_searchable}
          onClick={() => open({ documentId: document.id, versionId: null, range: null, number: null })}
        >
          <FormatIcon format={document.format} name={document.name} className={classes.icon} />
          <Text fz={13} truncate c={document.is_searchable ? undefined : "dimmed"} title={[document.name, ownTitle(document)].filter(Boolean).join("\n")}>
            {document.name}
          </Text>
        </UnstyledButton>
        {isQuietlyReady(document) && (
          <span data-testid="document-state" data-state="ready" role="img" aria-label={t("documents.state.ready")} title={t("documents.state.ready")} className={classes.ready}>
            <IconCheck size={13} stroke={2.2} aria-hidden />
          </span>
        )}
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon size="sm" className={classes.more} aria-label={t("common.actionsFor", { name: document.name })}>
              <IconDots size={15} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconInfoCircle size={15} />} onClick={() => onAction("details")}>
              {t("documents.details")}
            </Menu.Item>
            <Menu.Item component="a" href={originalUrl(document.id, null)} download leftSection={<IconDownload size={15} />}>
              {t("documents.download")}
            </Menu.Item>
            {hasFailed && (
              <Menu.Item leftSection={<IconRefresh size={15} />} onClick={() => retry.mutate({ document })}>
                {t("documents.retry")}
              </Menu.Item>
            )}
            {needsPassword(document) && (
              <Menu.Item leftSection={<IconKey size={15} />} onClick={() => onAction("password")}>
                {t("documents.givePassword")}
              </Menu.Item>
            )}
            <Menu.Item color="red" leftSection={<IconTrash size={15} />} onClick={() => onAction("delete")}>
              {t("common.delete")}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Group>
      <DocumentStateLine document={document} onAction={onAction} onRetry={() => retry.mutate({ document })} />
    </li>
  );
});
