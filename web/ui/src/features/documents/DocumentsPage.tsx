import { Box, Center, Checkbox, Group, Loader, Text, Title } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";

import type { BulkResult, KbDocument } from "@/api/types";
import { useKnowledgeBases } from "@/features/knowledge-bases/knowledge-bases";
import { useSelection } from "@/features/knowledge-bases/selection";
import { useCanEdit } from "@/features/session/session";
import { useSourceTarget } from "@/features/source/target";

import { BulkBar } from "./BulkBar";
import { BulkFailures } from "./BulkForms";
import { DocumentDialogs, type DocumentAction, type DocumentActionKind } from "./DocumentDialogs";
import { DocumentFilters } from "./DocumentFilters";
import { NO_FILTER, selectDocuments, toggled, type Filter, type SortBy } from "./document-filter";
import classes from "./DocumentsPage.module.css";
import { useDocuments } from "./feed";
import { TableRow } from "./TableRow";
import { UploadButton } from "./UploadButton";

const ROW_PX = 52;

/** All documents of a knowledge base, to look after them: what became of each, and what is to be done. */
export default function DocumentsPage() {
  const { knowledgeBaseId = "" } = useParams();
  return <Documents key={knowledgeBaseId} knowledgeBaseId={knowledgeBaseId} />;
}

function Documents({ knowledgeBaseId }: { knowledgeBaseId: string }) {
  const { t, i18n } = useTranslation();
  const { data: bases } = useKnowledgeBases();
  const { data: documents, error } = useDocuments(knowledgeBaseId);
  const { target, open } = useSourceTarget();
  const { setOpenId } = useSelection();
  const canEdit = useCanEdit();
  const [filter, setFilter] = useState<Filter>(NO_FILTER);
  const [sortBy, setSortBy] = useState<SortBy>("name");
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [action, setAction] = useState<DocumentAction | null>(null);
  const [failures, setFailures] = useState<BulkResult | null>(null);
  const lastClicked = useRef<string | null>(null);
  useEffect(() => setOpenId(knowledgeBaseId), [knowledgeBaseId, setOpenId]);

  const shown = useMemo(() => selectDocuments(documents ?? [], filter, sortBy, i18n.language), [documents, filter, sortBy, i18n.language]);
  const order = useMemo(() => shown.map(({ id }) => id), [shown]);
  // What is filtered away is not acted on unseen.
  const chosen = useMemo(() => shown.filter(({ id }) => selected.has(id)), [shown, selected]);
  const byId = useMemo(() => new Map((documents ?? []).map((document) => [document.id, document])), [documents]);

  const scroller = useRef<HTMLDivElement>(null);
   
  const rows = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    getItemKey: (index) => order[index]!,
    estimateSize: () => ROW_PX,
    overscan: 12,
  });

  const onSelect = useCallback(
    (id: string, withShift: boolean) => {
      setSelected((now) => toggled(now, order, id, lastClicked.current, withShift));
      lastClicked.current = id;
    },
    [order],
  );
  const onOpen = useCallback((id: string) => open({ documentId: id, versionId: null, range: null, number: null }), [open]);
  const onAction = useCallback((kind: DocumentActionKind, document: KbDocument) => setAction({ kind, document }), []);
  const onFolder = useCallback((folder: string) => setFilter((now) => ({ ...now, folder })), []);
  const onTag = useCallback((tag: string) => setFilter((now) => ({ ...now, tag })), []);
  const onDone = (result: BulkResult) => {
    setFailures(result.failed.length > 0 ? result : null);
    setSelected(new Set(result.failed.map(({ id }) => id)));
  };
  const base = bases?.find(({ id }) => id === knowledgeBaseId);
  const isAll = chosen.length > 0 && chosen.length === shown.length;

  if (error && !documents) return <Text p="xl">{t("errors.not_found")}</Text>;
  return (
    <Box className={classes.page} style={{ containerType: "inline-size", containerName: "documents" }}>
      <div className={classes.head}>
        <Group justify="space-between" gap="xs">
          <Box miw={0}>
            <Title order={1} fz="xl" style={{ overflowWrap: "anywhere" }}>
              {base?.name ?? " "}
            </Title>
            <Text fz="sm" c="dimmed">
              {documents && t("documents.countOf", { number: shown.length, count: documents.length })}
            </Text>
          </Box>
          {canEdit && <UploadButton knowledgeBaseId={knowledgeBaseId} data-testid="page-upload-input" />}
        </Group>
        {documents && <DocumentFilters documents={documents} filter={filter} sortBy={sortBy} onFilter={setFilter} onSort={setSortBy} />}
      </div>
      {failures && (
        <Box px="lg" pb={6}>
          <BulkFailures result={failures} documents={byId} onClose={() => setFailures(null)} />
        </Box>
      )}
      {canEdit && chosen.length > 0 && <BulkBar knowledgeBaseId={knowledgeBaseId} selected={chosen} onDone={onDone} onClear={() => setSelected(new Set())} />}
      <div className={classes.columns}>
        <Checkbox
          size="xs"
          aria-label={t("documents.selectAll")}
          data-testid="select-all"
          checked={isAll}
          indeterminate={chosen.length > 0 && !isAll}
          disabled={shown.length === 0}
          onChange={() => setSelected(isAll ? new Set() : new Set(order))}
        />
        <span>{t("documents.name")}</span>
        <span>{t("documents.readingState")}</span>
        <span>{t("documents.fact.size")}</span>
        <span>{t("documents.fact.uploaded")}</span>
      </div>
      <div ref={scroller} className={classes.scroller} role="region" aria-label={t("documents.title")} tabIndex={0}>
        {!documents && (
          <Center h={120}>
            <Loader size="sm" type="dots" color="gray" />
          </Center>
        )}
        {documents && shown.length === 0 && (
          <Text p="lg" fz="sm" c="dimmed">
            {t(documents.length === 0 ? "documents.none" : "documents.noneMatches")}
          </Text>
        )}
        <ul className={classes.rows} style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map(({ index, key, start }) => {
            const document = shown[index]!;
            return (
              <TableRow
                key={key}
                document={document}
                index={index}
                measure={rows.measureElement}
                style={{ transform: `translateY(${start}px)` }}
                isSelected={selected.has(document.id)}
                isShown={target?.documentId === document.id}
                onSelect={onSelect}
                onOpen={onOpen}
                onAction={onAction}
                onFolder={onFolder}
                onTag={onTag}
              />
            );
          })}
        </ul>
      </div>
      <DocumentDialogs action={action} onClose={() => setAction(null)} />
    </Box>
  );
}
