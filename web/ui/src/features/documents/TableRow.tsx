import { Badge, Checkbox, Group, Text, UnstyledButton } from "@mantine/core";
import { memo, type CSSProperties, type Ref } from "react";
import { useTranslation } from "react-i18next";

import type { KbDocument } from "@/api/types";
import { IconLock } from "@/app/icons";
import { useFormats } from "@/i18n/format";

import { CoverageBar } from "./CoverageBar";
import type { DocumentActionKind } from "./DocumentDialogs";
import { DocumentMenu } from "./DocumentMenu";
import { ownTitle } from "./document-list";
import classes from "./DocumentsPage.module.css";
import { DocumentStateLine } from "./DocumentStateLine";
import { FormatIcon } from "./FormatIcon";
import { useRetryDocument } from "./documents";

type Props = {
  document: KbDocument;
  isSelected: boolean;
  isShown: boolean;
  style: CSSProperties;
  index: number;
  measure: Ref<HTMLLIElement>;
  onSelect: (id: string, withShift: boolean) => void;
  onOpen: (id: string) => void;
  onAction: (kind: DocumentActionKind, document: KbDocument) => void;
  onFolder: (folder: string) => void;
  onTag: (tag: string) => void;
};

/** A document as a row of the documents page. */
export const TableRow = memo(function TableRow({ document, isSelected, isShown, style, index, measure, onSelect, onOpen, onAction, onFolder, onTag }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const retry = useRetryDocument();
  const act = (kind: DocumentActionKind) => onAction(kind, document);
  const isReady = document.state === "ready";
  return (
    <li ref={measure} data-index={index} className={classes.row} style={style} data-testid="document-table-row" data-selected={isSelected || undefined} data-shown={isShown || undefined}>
      <Checkbox
        size="xs"
        aria-label={t("documents.selectNamed", { name: document.name })}
        checked={isSelected}
        onClick={(event) => onSelect(document.id, event.shiftKey)}
        onChange={() => undefined}
      />
      <div style={{ minWidth: 0 }}>
        <UnstyledButton className={classes.name} disabled={!document.is_searchable} onClick={() => onOpen(document.id)}>
          <FormatIcon format={document.format} name={document.name} />
          <Text fz="sm" fw={500} truncate miw={0} title={[document.name, ownTitle(document)].filter(Boolean).join("\n")} c={document.is_searchable ? undefined : "dimmed"}>
            {document.name}
          </Text>
          {document.is_restricted && <IconLock size={14} stroke={1.8} role="img" aria-label={t("sharing.restricted")} style={{ flex: "none" }} />}
        </UnstyledButton>
        {(document.folder || document.tags.length > 0) && (
          <Group gap={6} pl={24}>
            {document.folder && (
              <UnstyledButton className={classes.minor} onClick={() => onFolder(document.folder)} title={t("documents.onlyFolder")}>
                {document.folder.split("/").join(" / ")}
              </UnstyledButton>
            )}
            {document.tags.map((tag) => (
              <Badge key={tag} component="button" size="xs" variant="default" tt="none" style={{ cursor: "pointer" }} title={t("documents.onlyTag")} onClick={() => onTag(tag)}>
                {tag}
              </Badge>
            ))}
          </Group>
        )}
      </div>
      <div className={classes.state} data-state={document.state} data-testid="table-state">
        {isReady && <CoverageBar document={document} />}
        <DocumentStateLine document={document} onAction={act} onRetry={() => retry.mutate({ document })} isTable />
      </div>
      <span className={`${classes.minor} ${classes.size}`}>{format.bytes(document.file_bytes)}</span>
      <span className={`${classes.minor} ${classes.date}`}>{format.date(document.created_at)}</span>
      <DocumentMenu document={document} className={classes.menu} onAction={act} />
    </li>
  );
});
