import { Group, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { Citation, Source } from "@/api/types";
import { FormatIcon } from "@/features/documents/FormatIcon";
import { cutByRanges, offsetMap } from "@/text/offsets";

import classes from "./AnswerText.module.css";
import { describeReason } from "./reasons";

/** A passage as a card: document, section, text with the carrying words marked, and what the check found. */
export function SourcePreview({ source, citation }: { source: Source; citation: Citation | null }) {
  const { t } = useTranslation();
  const map = offsetMap(source.text);
  const range = citation && {
    start: map.toUtf16(citation.evidence_start - source.start),
    end: map.toUtf16(citation.evidence_end - source.start),
  };
  const pieces = cutByRanges(source.text, 0, range ? [range] : []);
  return (
    <Stack gap={6}>
      <Group gap={6} wrap="nowrap">
        <FormatIcon format="" name={source.document_name} />
        <Text fz="sm" fw={600} truncate>
          {source.document_name}
        </Text>
      </Group>
      {source.heading_path.length > 0 && (
        <Text fz="xs" c="dimmed" lineClamp={2}>
          {source.heading_path.join(" › ")}
        </Text>
      )}
      {source.is_available ? (
        <div className={classes.passage}>
          {pieces.map((piece, index) => (piece.marked ? <mark key={index}>{piece.text}</mark> : piece.text))}
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
