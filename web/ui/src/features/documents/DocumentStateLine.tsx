import { Anchor, Box, Group, Progress, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { KbDocument } from "@/api/types";
import { useCanEdit } from "@/features/session/session";
import { describeCode } from "@/i18n/errors";
import { useFormats } from "@/i18n/format";

import type { DocumentActionKind } from "./DocumentDialogs";
import { isInProgress, isQuietlyReady, needsPassword, progressOf, unreadPages } from "./document-list";
import classes from "./DocumentList.module.css";

type Props = { document: KbDocument; onAction: (kind: DocumentActionKind) => void; onRetry: () => void; isTable?: boolean };

/** The line under a document's name: what is being done with it, or why it failed and what helps. */
export function DocumentStateLine({ document, onAction, onRetry, isTable }: Props) {
  const { t } = useTranslation();
  const unread = unreadPages(document);
  const canEdit = useCanEdit();
  if (isQuietlyReady(document)) return null;
  return (
    <Box className={isTable ? undefined : classes.detail} data-testid="document-state" data-state={document.state}>
      {(isInProgress(document.state) || document.state === "paused") && <InProgress document={document} />}
      {document.state === "failed" && (
        <>
          <Text fz={11.5} c="red" lh={1.45} lineClamp={3} title={document.error_message}>
            {describeCode(document.error_code, document.error_message)}
          </Text>
          {document.is_searchable && (
            <Text fz={11} c="dimmed">
              {t("documents.oldVersionAnswers")}
            </Text>
          )}
          <Group gap={10} mt={1}>
            {canEdit && needsPassword(document) && <SmallAction onClick={() => onAction("password")}>{t("documents.givePassword")}</SmallAction>}
            {canEdit && !needsPassword(document) && <SmallAction onClick={onRetry}>{t("documents.retry")}</SmallAction>}
            <SmallAction onClick={() => onAction("details")}>{t("documents.why")}</SmallAction>
            {canEdit && <SmallAction onClick={() => onAction("delete")}>{t("common.delete")}</SmallAction>}
          </Group>
        </>
      )}
      {document.state === "ready" && unread > 0 && (
        <SmallAction onClick={() => onAction("details")} doubtful>
          {t("documents.unreadPages", { count: unread })}
        </SmallAction>
      )}
    </Box>
  );
}

function InProgress({ document }: { document: KbDocument }) {
  const { t } = useTranslation();
  const format = useFormats();
  const progress = progressOf(document);
  const isResting = document.state === "queued" || document.state === "paused";
  return (
    <>
      <Text fz={11} c="dimmed" style={{ fontVariantNumeric: "tabular-nums" }}>
        {document.is_replacing ? `${t("documents.newVersion")} · ` : ""}
        {t(`documents.state.${document.state}`)}
        {progress && ` · ${t(`documents.progress.${progress.unit}`, { done: progress.done, total: progress.total })}`}
        {document.seconds_left != null && ` · ${t("documents.progress.left", { time: format.duration(document.seconds_left) })}`}
      </Text>
      {(!isResting || progress) && (
        <Progress
          size={3}
          mt={3}
          aria-label={t("documents.progress.label", { name: document.name })}
          value={progress ? (100 * progress.done) / progress.total : 100}
          animated={!progress}
          color={isResting ? "gray" : undefined}
        />
      )}
    </>
  );
}

type SmallActionProps = { children: string; onClick: () => void; doubtful?: boolean };

function SmallAction({ children, onClick, doubtful }: SmallActionProps) {
  return (
    <Anchor component="button" type="button" fz={11.5} onClick={onClick} c={doubtful ? "var(--kb-doubt)" : undefined} ta="left">
      {children}
    </Anchor>
  );
}
