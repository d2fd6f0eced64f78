import { ActionIcon, Box, Group, Progress, ScrollArea, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { IconX } from "@/app/icons";
import { describeCode } from "@/i18n/errors";

import classes from "./DocumentList.module.css";
import { Duplicates } from "./Duplicates";
import { useUploads } from "./uploads";

/** How far the upload has come, and which files were not taken and why. */
export function UploadTray() {
  const { t } = useTranslation();
  const { run, rejected, duplicates, dismiss } = useUploads();
  const isSending = run !== null && !run.isOver;
  if (!isSending && rejected.length === 0 && duplicates.length === 0) return null;
  return (
    <Box className={classes.tray} role="status" data-testid="upload-tray">
      {isSending && (
        <>
          <Text fz="xs">{t("uploads.sending", { done: run.filesSent, total: run.files })}</Text>
          <Progress size={4} mt={4} value={run.bytes ? (100 * run.bytesSent) / run.bytes : 0} aria-label={t("uploads.progress")} />
        </>
      )}
      <Duplicates />
      {rejected.length > 0 && (
        <>
          <Group justify="space-between" wrap="nowrap" mt={isSending ? 8 : 0}>
            <Text fz="xs" fw={600}>
              {t("uploads.rejected", { count: rejected.length })}
            </Text>
            <ActionIcon size="sm" aria-label={t("common.close")} onClick={dismiss}>
              <IconX size={14} />
            </ActionIcon>
          </Group>
          <ScrollArea.Autosize mah={150} type="auto">
            <ul style={{ margin: 0, padding: 0, listStyle: "none" }}>
              {rejected.map((file, index) => (
                <li key={index} data-testid="rejected-file">
                  <Text fz={12} fw={500} lh={1.4} style={{ overflowWrap: "anywhere" }}>
                    {file.name}
                  </Text>
                  <Text fz={11.5} c="dimmed" lh={1.4} mb={4} title={file.message}>
                    {describeCode(file.code, file.message)}
                  </Text>
                </li>
              ))}
            </ul>
          </ScrollArea.Autosize>
        </>
      )}
    </Box>
  );
}
