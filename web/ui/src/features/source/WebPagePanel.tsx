import { ActionIcon, Box, Button, Group, Text } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import { IconExternalLink, IconWorld, IconX } from "@/app/icons";
import { useFormats } from "@/i18n/format";
import { cutByRanges } from "@/text/offsets";
import { plainTable } from "@/text/tables";

import classes from "./SourcePanel.module.css";
import { externalUrl, type WebPassage } from "./web-page";

/** A web page's passage as it was seen when the question was answered; the page itself is another site's. */
export default function WebPagePanel({ page, onClose }: { page: WebPassage; onClose: () => void }) {
  const { t } = useTranslation();
  const format = useFormats();
  const panel = useRef<HTMLElement>(null);
  useHotkeys([["Escape", (event) => !event.isComposing && onClose()]], []);
  useEffect(() => {
    const before = window.document.activeElement;
    panel.current?.focus({ preventScroll: true });
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  const pieces = cutByRanges(page.text, 0, page.evidence ? [page.evidence] : []);
  const url = externalUrl(page.url);
  return (
    <section ref={panel} tabIndex={-1} className={classes.panel} data-testid="web-page-panel" aria-label={t("source.title")}>
      <header className={classes.header}>
        <Group gap={8} wrap="nowrap" miw={0} flex={1}>
          <span className={classes.number}>{page.number}</span>
          <IconWorld size={18} stroke={1.6} style={{ flex: "none" }} aria-hidden />
          <Box miw={0}>
            <Text fz="sm" fw={600} truncate title={page.title}>
              {page.title}
            </Text>
            <Text fz="xs" c="dimmed" truncate>
              {[page.site, page.published && format.date(page.published)].filter(Boolean).join(" · ")}
            </Text>
          </Box>
        </Group>
        <ActionIcon onClick={onClose} aria-label={t("source.close")} size="lg" data-testid="source-close">
          <IconX size={18} />
        </ActionIcon>
      </header>
      <Box className={classes.scroller} p="md">
        <Text fz="xs" c="dimmed" mb="sm" role="note">
          {t(page.isExcerpt ? "web.excerptSeen" : "web.seen", { time: format.dateTime(page.seenAt) })}
        </Text>
        <Text component="blockquote" className={classes.webText} m={0} fz="sm" lh={1.75} style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }} data-testid="web-passage">
          {pieces.map((piece, index) => (piece.marked ? <mark key={index}>{plainTable(piece.text)}</mark> : plainTable(piece.text)))}
        </Text>
        {url && (
          <Box mt="lg">
            <Button component="a" href={url} target="_blank" rel="noopener noreferrer" variant="default" size="xs" rightSection={<IconExternalLink size={14} />} data-testid="web-open">
              {t("web.open")}
            </Button>
            <Text fz="xs" c="dimmed" mt={6} style={{ overflowWrap: "anywhere" }}>
              {url}
            </Text>
          </Box>
        )}
      </Box>
    </section>
  );
}
