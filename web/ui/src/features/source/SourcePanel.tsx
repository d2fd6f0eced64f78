import { ActionIcon, Alert, Badge, Box, Center, Group, Loader, Tabs, Text, Tooltip } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { lazy, Suspense, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import { IconDownload, IconX } from "@/app/icons";
import { ApiError } from "@/api/errors";
import type { KbDocument } from "@/api/types";
import { ownTitle } from "@/features/documents/document-list";
import { FormatIcon } from "@/features/documents/FormatIcon";
import { originalUrl } from "@/features/documents/original";
import { describeError } from "@/i18n/errors";

import { EditedNotice } from "./EditedNotice";
import { PageView } from "./PageView";
import { ReaderView } from "./ReaderView";
import { useContent, useHighlights, useSourceDocument } from "./source";
import classes from "./SourcePanel.module.css";
import { useSourceTarget, type SourceTarget } from "./target";

const PassagesView = lazy(() => import("@/features/passages/PassagesView"));
const SheetView = lazy(() => import("./SheetView"));

type Props = { target: SourceTarget; onClose: () => void };

export default function SourcePanel({ target, onClose }: Props) {
  const { t } = useTranslation();
  const { data: document, error } = useSourceDocument(target);
  const { open, edited } = useSourceTarget();
  const panel = useRef<HTMLElement>(null);
  useHotkeys([["Escape", (event) => !event.isComposing && !isDialogOpen() && onClose()]], []);
  useEffect(() => {
    // The reader comes back to the citation that was opened.
    const before = window.document.activeElement;
    panel.current?.focus({ preventScroll: true });
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);

  return (
    <section ref={panel} tabIndex={-1} className={classes.panel} data-testid="source-panel" aria-label={t("source.title")}>
      <header className={classes.header}>
        <Group gap={8} wrap="nowrap" miw={0} flex={1}>
          {target.number !== null && <span className={classes.number}>{target.number}</span>}
          <FormatIcon format={document?.format ?? ""} name={document?.name ?? ""} size={18} />
          <Box miw={0}>
            <Text fz="sm" fw={600} truncate title={document?.name}>
              {document?.name ?? " "}
            </Text>
            {document && ownTitle(document) && (
              <Text fz="xs" c="dimmed" truncate title={document.title}>
                {document.title}
              </Text>
            )}
          </Box>
          {document && <VersionBadge document={document} versionId={target.versionId} />}
        </Group>
        <Group gap={2} wrap="nowrap">
          <Tooltip label={t("documents.download")}>
            <ActionIcon component="a" href={originalUrl(target.documentId, target.versionId)} download aria-label={t("documents.download")} size="lg">
              <IconDownload size={17} stroke={1.6} />
            </ActionIcon>
          </Tooltip>
          <ActionIcon onClick={onClose} aria-label={t("source.close")} size="lg" data-testid="source-close">
            <IconX size={18} />
          </ActionIcon>
        </Group>
      </header>
      {error && !document && (
        <Alert m="md" color="gray" variant="light">
          {error instanceof ApiError && error.status === 404 ? t("answer.sourceGone") : describeError(error)}
        </Alert>
      )}
      {!document && !error && <Waiting />}
      {document && (
        <Tabs
          className={classes.views}
          value={target.view ?? "original"}
          onChange={(view) => open({ ...target, view: view === "passages" ? "passages" : undefined }, edited ?? undefined)}
        >
          <Tabs.List>
            <Tabs.Tab value="original" fz="xs" py={6} data-testid="view-original">
              {t("source.original")}
            </Tabs.Tab>
            <Tabs.Tab value="passages" fz="xs" py={6} data-testid="view-passages">
              {t("passages.title")}
            </Tabs.Tab>
          </Tabs.List>
        </Tabs>
      )}
      {document && target.view === "passages" && (
        <Suspense fallback={<Waiting />}>
          <PassagesView key={`${target.documentId}:${document.version_id}`} target={target} document={document} />
        </Suspense>
      )}
      {document && target.view !== "passages" && (
        <>
          {edited && <EditedNotice key={edited.text} edited={edited} />}
          <Body key={`${target.documentId}:${target.versionId}`} target={target} document={document} />
        </>
      )}
    </section>
  );
}

/** Escape belongs to the dialog or menu on top. */
function isDialogOpen(): boolean {
  return window.document.querySelector('[role="dialog"], [role="menu"]') !== null;
}

function VersionBadge({ document, versionId }: { document: KbDocument; versionId: string | null }) {
  const { t } = useTranslation();
  if (versionId !== null && versionId !== document.version_id) {
    return (
      <Tooltip label={t("source.olderText")}>
        <Badge size="sm" variant="light" color="yellow" tt="none" style={{ flex: "none" }}>
          {t("source.older")}
        </Badge>
      </Tooltip>
    );
  }
  if (document.version_number < 2) return null;
  return (
    <Badge size="sm" variant="default" tt="none" style={{ flex: "none" }}>
      {t("source.version", { number: document.version_number })}
    </Badge>
  );
}

const PAGED = new Set(["pdf", "image"]);
const GRIDS = new Set(["xlsx", "csv"]);

function Body({ target, document }: { target: SourceTarget; document: KbDocument }) {
  const { t } = useTranslation();
  const isPaged = PAGED.has(document.format);
  const isOlder = target.versionId !== null && target.versionId !== document.version_id;
  const knowsPages = !isOlder && (document.coverage?.length ?? 0) > 0;
  const content = useContent(target.documentId, target.versionId, !isPaged || !knowsPages);
  const highlights = useHighlights(target);

  if (isPaged) {
    const pages = knowsPages ? document.coverage!.length : (content.data?.pages.length ?? 0);
    const isWaiting = (target.range !== null && highlights.isPending) || (!knowsPages && content.isPending);
    if (isWaiting) return <Waiting />;
    return <PageView target={target} pages={Math.max(1, pages)} highlights={highlights.data ?? []} />;
  }
  if (content.error) {
    return (
      <Alert m="md" color="gray" variant="light">
        {content.error instanceof ApiError && content.error.status === 404 ? t("source.notReadYet") : describeError(content.error)}
      </Alert>
    );
  }
  if (!content.data) return <Waiting />;
  const range = target.range && {
    start: content.data.toUtf16(target.range.start),
    end: content.data.toUtf16(target.range.end),
  };
  if (GRIDS.has(content.data.format)) {
    return (
      <Suspense fallback={<Waiting />}>
        <SheetView content={content.data} range={range} />
      </Suspense>
    );
  }
  return <ReaderView content={content.data} range={range} />;
}

function Waiting() {
  return (
    <Center flex={1}>
      <Loader size="sm" type="dots" color="gray" />
    </Center>
  );
}
