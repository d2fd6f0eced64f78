import { Anchor, Box, Group, Progress, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { KbDocument } from "@/api/types";
import { describeCode } from "@/i18n/errors";

import type { DocumentActionKind } from "./DocumentDialogs";
import { isInProgress, isQuietlyReady, needsPassword, progressOf, unreadPages } from "./document-list";
import classes from "./DocumentList.module.css";

type Props = { document: KbDocument; onAction: (kind: DocumentActionKind) => void; onRetry: () => void };

/** The line under a document's name: what is being done with it, or why it failed and what helps. */
export function DocumentStateLine({ document, onAction, onRetry }: Props) {
  const { t } = useTranslation();
  const unread = unreadPages(document);
  if (isQuietlyReady(document)) return null;
  return (
    <Box className={classes.detail} data-testid="document-state" data-state={document.state}>
      {isInProgress(document.state) && <InProgress document={document} />}
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
            {needsPassword(document) ? (
              <SmallAction onClick={() => onAction("password")}>{t("documents.givePassword")}</SmallAction>
            ) : (
              <SmallAction onClick={onRetry}>{t("documents.retry")}</SmallAction>
            )}
            <SmallAction onClick={() => onAction("details")}>{t("documents.why")}</SmallAction>
            <SmallAction onClick={() => onAction("delete")}>{t("common.delete")}</SmallAction>
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
  const progress = progressOf(document);
  return (
    <>
      <Text fz={11} c="dimmed" style={{ fontVariantNumeric: "tabular-nums" }}>
        {document.is_replacing ? `${t("documents.newVersion")} · ` : ""}
        {t(`documents.state.${document.state}`)}
        {progress && ` · ${t(`documents.progress.${progress.unit}`, { done: progress.done, total: progress.total })}`}
      </Text>
      {document.state !== "queued" && (
        <Progress
          size={3}
          mt={3}
          aria-label={t("documents.progress.label", { name: document.name })}
          value={progress ? (100 * progress.done) / progress.total : 100}
          animated={!progress}
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
