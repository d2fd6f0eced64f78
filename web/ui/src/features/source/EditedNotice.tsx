import { Box, Button, Spoiler, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useFormats } from "@/i18n/format";
import { cutByRanges } from "@/text/offsets";
import { plainTable } from "@/text/tables";

import classes from "./SourcePanel.module.css";
import type { EditedPassage } from "./target";

const WHOLE_PX = 130;

/** Above the original: the words that were cited are an editor's, and what is highlighted below is what they replace. */
export function EditedNotice({ edited }: { edited: EditedPassage }) {
  const { t } = useTranslation();
  const format = useFormats();
  const [isOpen, setOpen] = useState(true);
  const at = edited.words ? edited.text.indexOf(edited.words) : -1;
  const pieces = cutByRanges(edited.text, 0, at < 0 ? [] : [{ start: at, end: at + edited.words.length }]);
  return (
    <Box className={classes.edited} role="note" data-testid="edited-notice">
      <Text fz="xs" fw={600} c="var(--kb-doubt)">
        {t("passages.editedBy", { name: edited.by, time: format.dateTime(edited.at) })}
      </Text>
      <Text fz="xs" c="dimmed" mb={6}>
        {t("passages.originalBelow")}
      </Text>
      {isOpen && (
        <Spoiler maxHeight={WHOLE_PX} showLabel={t("passages.whole")} hideLabel={t("passages.hide")} styles={{ control: { fontSize: 12 } }}>
          <blockquote className={classes.editedText}>
            {pieces.map((piece, index) => (piece.marked ? <mark key={index}>{plainTable(piece.text)}</mark> : plainTable(piece.text)))}
          </blockquote>
        </Spoiler>
      )}
      <Button size="compact-xs" variant="subtle" color="gray" ml={-6} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {t(isOpen ? "passages.hideEdited" : "passages.showEdited")}
      </Button>
    </Box>
  );
}
