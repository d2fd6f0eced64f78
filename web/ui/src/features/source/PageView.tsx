import { ActionIcon, Alert, Group, Loader, NumberInput, Text, Tooltip } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";

import { IconChevronLeft, IconChevronRight, IconFocusCentered, IconMinus, IconPlus } from "@/app/icons";
import type { Segment } from "@/api/types";
import { pageUrl } from "@/features/documents/original";

import { boxesOfPage, firstPage, pictureWidth } from "./pages";
import classes from "./SourcePanel.module.css";
import type { SourceTarget } from "./target";

const ZOOMS = [0.5, 0.75, 1, 1.25, 1.5, 2, 3] as const;
const FIT = ZOOMS.indexOf(1);
/** On a phone the cited words would be too small to read. */
const ZOOMED = ZOOMS.indexOf(1.5);
const PHONE_PX = 560;
const MARGIN_PX = 28;
/** Height by width of a page whose picture is not here yet: A4. */
const A4 = Math.SQRT2;

type Props = { target: SourceTarget; pages: number; highlights: readonly Segment[] };

/** A page of a PDF (or an image) as it looks, with the cited words boxed. */
export function PageView({ target, pages, highlights }: Props) {
  const { t } = useTranslation();
  const [page, setPage] = useState(() => firstPage(highlights) ?? 1);
  const [zoom, setZoom] = useState<number>(() => (highlights.length > 0 && window.innerWidth < PHONE_PX ? ZOOMED : FIT));
  const [shape, setShape] = useState(A4);
  const [state, setState] = useState<"loading" | "shown" | "failed">("loading");
  const { ref: measured, width: room } = useElementSize<HTMLDivElement>();
  const firstBox = useRef<HTMLDivElement>(null);

  const cited = firstPage(highlights);
  const [shownFor, setShownFor] = useState(highlights);
  if (shownFor !== highlights) {
    // Another citation of the same document was opened.
    setShownFor(highlights);
    if (cited !== null && cited !== page) {
      setState("loading");
      setPage(cited);
    }
  }

  const width = Math.max(0, room - MARGIN_PX) * ZOOMS[zoom]!;
  const boxes = boxesOfPage(highlights, page);
  useEffect(() => {
    if (width > 0) firstBox.current?.scrollIntoView({ block: "center", inline: "center" });
  }, [highlights, page, width, shape]);
  useEffect(() => {
    // The next page is most likely wanted next.
    if (page < pages && width > 0) new Image().src = pageUrl(target.documentId, target.versionId, page + 1, pictureWidth(width));
  }, [page, pages, target.documentId, target.versionId, width]);

  const go = (wanted: number) => {
    const next = Math.min(pages, Math.max(1, wanted));
    if (next === page) return;
    setState("loading");
    setPage(next);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target instanceof HTMLInputElement) return;
    if (event.key === "ArrowLeft" || event.key === "PageUp") go(page - 1);
    else if (event.key === "ArrowRight" || event.key === "PageDown") go(page + 1);
  };

  return (
    <>
      <div className={classes.tools}>
        <Group gap={2} wrap="nowrap">
          <ActionIcon aria-label={t("source.previousPage")} disabled={page <= 1} onClick={() => go(page - 1)}>
            <IconChevronLeft size={17} />
          </ActionIcon>
          <NumberInput
            size="xs"
            w={52}
            hideControls
            aria-label={t("source.page")}
            min={1}
            max={pages}
            value={page}
            onChange={(value) => typeof value === "number" && go(value)}
            styles={{ input: { textAlign: "center" } }}
          />
          <Text fz="xs" c="dimmed" px={4} style={{ whiteSpace: "nowrap" }}>
            / {pages}
          </Text>
          <ActionIcon aria-label={t("source.nextPage")} disabled={page >= pages} onClick={() => go(page + 1)}>
            <IconChevronRight size={17} />
          </ActionIcon>
          {cited !== null && cited !== page && (
            <Tooltip label={t("source.toCited")}>
              <ActionIcon aria-label={t("source.toCited")} onClick={() => go(cited)}>
                <IconFocusCentered size={17} stroke={1.7} />
              </ActionIcon>
            </Tooltip>
          )}
        </Group>
        <Group gap={2} wrap="nowrap">
          <ActionIcon aria-label={t("source.zoomOut")} disabled={zoom === 0} onClick={() => setZoom(zoom - 1)}>
            <IconMinus size={16} />
          </ActionIcon>
          <Text component="button" type="button" fz="xs" c="dimmed" w={42} ta="center" style={{ border: 0, background: "none", cursor: "pointer" }} aria-label={t("source.fit")} onClick={() => setZoom(FIT)}>
            {Math.round(ZOOMS[zoom]! * 100)}%
          </Text>
          <ActionIcon aria-label={t("source.zoomIn")} disabled={zoom === ZOOMS.length - 1} onClick={() => setZoom(zoom + 1)}>
            <IconPlus size={16} />
          </ActionIcon>
        </Group>
      </div>
      {/* The page is read with the arrow keys as well. */}
      <div ref={measured} className={classes.scroller} role="region" aria-label={t("source.pageOf", { page, pages })} tabIndex={0} onKeyDown={onKeyDown}>
        {state === "failed" && (
          <Alert m="md" color="gray" variant="light">
            {t("source.pageFailed")}
          </Alert>
        )}
        {state === "loading" && (
          <div className={classes.pageLoader}>
            <Loader size="sm" type="dots" color="gray" />
          </div>
        )}
        {width > 0 && state !== "failed" && (
          <div className={classes.page} style={{ width, height: width * shape }}>
            <img
              src={pageUrl(target.documentId, target.versionId, page, pictureWidth(width))}
              alt={t("source.pageOf", { page, pages })}
              onLoad={(event) => {
                const { naturalWidth, naturalHeight } = event.currentTarget;
                if (naturalWidth > 0) setShape(naturalHeight / naturalWidth);
                setState("shown");
              }}
              onError={() => setState("failed")}
            />
            {boxes.map((box, index) => (
              <div
                key={index}
                ref={index === 0 ? firstBox : undefined}
                className={classes.box}
                data-faint={state === "loading" || undefined}
                data-testid="highlight"
                style={{
                  left: `${box.x0 * 100}%`,
                  top: `${box.y0 * 100}%`,
                  width: `${(box.x1 - box.x0) * 100}%`,
                  height: `${(box.y1 - box.y0) * 100}%`,
                }}
              />
            ))}
          </div>
        )}
      </div>
    </>
  );
}
