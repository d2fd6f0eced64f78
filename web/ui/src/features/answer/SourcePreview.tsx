import { Group, Stack, Text } from "@mantine/core";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import type { Citation, Source } from "@/api/types";
import { IconWorld } from "@/app/icons";
import { FormatIcon } from "@/features/documents/FormatIcon";
import { useFormats } from "@/i18n/format";
import { cutByRanges, offsetMap } from "@/text/offsets";
import { plainTable } from "@/text/tables";

import classes from "./AnswerText.module.css";
import { describeReason } from "./reasons";

const LINES_ABOVE_PX = 44;

/** A passage as a card: document, section, text with the carrying words marked, and what the check found. */
export function SourcePreview({ source, citation }: { source: Source; citation: Citation | null }) {
  const { t } = useTranslation();
  const format = useFormats();
  const range = citation && carryingWords(source, citation);
  const pieces = cutByRanges(source.text, 0, range ? [range] : []);
  const passage = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const mark = passage.current?.querySelector("mark");
    if (mark) passage.current!.scrollTop = mark.offsetTop - passage.current!.offsetTop - LINES_ABOVE_PX;
  }, []);
  return (
    <Stack gap={6}>
      <Group gap={6} wrap="nowrap">
        {source.web ? <IconWorld size={16} stroke={1.6} style={{ flex: "none" }} aria-hidden /> : <FormatIcon format="" name={source.document_name} />}
        <Text fz="sm" fw={600} truncate>
          {source.document_name}
        </Text>
      </Group>
      {source.web && (
        <Text fz="xs" c="dimmed" lineClamp={2}>
          {[source.web.site, source.web.published && format.date(source.web.published), t("web.seenShort", { time: format.dateTime(source.web.seen_at) })]
            .filter(Boolean)
            .join(" · ")}
        </Text>
      )}
      {source.heading_path.length > 0 && (
        <Text fz="xs" c="dimmed" lineClamp={2}>
          {source.heading_path.join(" › ")}
        </Text>
      )}
      {source.edit && source.is_available && (
        <Text fz="xs" c="var(--kb-doubt)">
          {t("passages.editedBy", { name: source.edit.by, time: format.dateTime(source.edit.at) })}
        </Text>
      )}
      {source.is_available ? (
        <div ref={passage} className={classes.passage}>
          {pieces.map((piece, index) => (piece.marked ? <mark key={index}>{plainTable(piece.text)}</mark> : plainTable(piece.text)))}
        </div>
      ) : (
        <Text fz="sm" c="dimmed">
          {t("answer.sourceGone")}
        </Text>
      )}
      {citation && (citation.support === "unsupported" || citation.support === "partly") && (
        <Text fz="xs" c="var(--kb-doubt)">
          {t(`support.${citation.support}`)}
          {citation.reason && t("support.because", { reason: describeReason(t, citation.reason) })}
        </Text>
      )}
    </Stack>
  );
}

/** Where the passage's text, as it was given, carries the claim. */
function carryingWords(source: Source, citation: Citation): { start: number; end: number } | null {
  if (source.edit) {
    const start = citation.edited_words ? source.text.indexOf(citation.edited_words) : -1;
    return start < 0 ? null : { start, end: start + citation.edited_words.length };
  }
  const map = offsetMap(source.text);
  return { start: map.toUtf16(citation.evidence_start - source.start), end: map.toUtf16(citation.evidence_end - source.start) };
}
