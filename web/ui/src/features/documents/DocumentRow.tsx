import { Group, Text, UnstyledButton } from "@mantine/core";
import { memo } from "react";
import { useTranslation } from "react-i18next";

import { IconCheck, IconLock } from "@/app/icons";
import type { KbDocument } from "@/api/types";
import { useSourceTarget } from "@/features/source/target";

import type { DocumentActionKind } from "./DocumentDialogs";
import { isQuietlyReady, ownTitle } from "./document-list";
import classes from "./DocumentList.module.css";
import { DocumentMenu } from "./DocumentMenu";
import { DocumentStateLine } from "./DocumentStateLine";
import { useRetryDocument } from "./documents";
import { FormatIcon } from "./FormatIcon";

type Props = { document: KbDocument; onAction: (kind: DocumentActionKind) => void };

export const DocumentRow = memo(function DocumentRow({ document, onAction }: Props) {
  const { t } = useTranslation();
  const retry = useRetryDocument();
  const { target, open } = useSourceTarget();

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
        {document.is_restricted && (
          <span role="img" aria-label={t("sharing.restricted")} title={t("sharing.restricted")} className={classes.ready} data-testid="document-restricted">
            <IconLock size={13} stroke={2} aria-hidden />
          </span>
        )}
        {isQuietlyReady(document) && (
          <span data-testid="document-state" data-state="ready" role="img" aria-label={t("documents.state.ready")} title={t("documents.state.ready")} className={classes.ready}>
            <IconCheck size={13} stroke={2.2} aria-hidden />
          </span>
        )}
        <DocumentMenu document={document} className={classes.more} onAction={onAction} />
      </Group>
      <DocumentStateLine document={document} onAction={onAction} onRetry={() => retry.mutate({ document })} />
    </li>
  );
});
