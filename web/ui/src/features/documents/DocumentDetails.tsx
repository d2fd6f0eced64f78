import { Alert, Group, List, ScrollArea, Stack, Table, Text, Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { KbDocument, PageCoverage } from "@/api/types";
import { useFormats } from "@/i18n/format";
import { describeCode } from "@/i18n/errors";

import classes from "./DocumentDetails.module.css";
import { useDocument } from "./documents";
import { describeReading } from "./reasons";

/** What is known of a document: what became of each of its pages, and what the reader should know of it. */
export function DocumentDetails({ document: listed }: { document: KbDocument }) {
  const { t } = useTranslation();
  const format = useFormats();
  const { data } = useDocument(listed.id);
  const document = data ?? listed;
  const facts: [string, string][] = [
    [t("documents.fact.title"), document.title],
    [t("documents.folder"), document.folder],
    [t("documents.tags"), document.tags.join(t("common.listSeparator"))],
    [t("documents.fact.format"), document.format.toUpperCase()],
    [t("documents.fact.size"), format.bytes(document.file_bytes)],
    [t("documents.fact.version"), String(document.version_number)],
    [t("documents.fact.passages"), document.chunks_total ? format.count(document.chunks_total) : ""],
    [t("documents.fact.uploaded"), format.dateTime(document.created_at)],
    [t("documents.fact.ready"), document.ready_at ? format.dateTime(document.ready_at) : ""],
  ];
  return (
    <Stack gap="md">
      <Text fw={600} style={{ overflowWrap: "anywhere" }}>
        {document.name}
      </Text>
      {document.state === "failed" && (
        <Alert color="red" variant="light" title={describeCode(document.error_code, document.error_message)}>
          {document.error_message}
        </Alert>
      )}
      <Table fz="sm" withRowBorders={false} verticalSpacing={3} layout="fixed">
        <Table.Tbody>
          {facts
            .filter(([, value]) => value)
            .map(([label, value]) => (
              <Table.Tr key={label}>
                <Table.Th c="dimmed" fw={400} w={130} pl={0}>
                  {label}
                </Table.Th>
                <Table.Td style={{ overflowWrap: "anywhere" }}>{value}</Table.Td>
              </Table.Tr>
            ))}
        </Table.Tbody>
      </Table>
      {document.warnings.length > 0 && (
        <Alert color="yellow" variant="light" title={t("documents.warnings")}>
          <List size="sm">
            {document.warnings.map((warning) => (
              <List.Item key={warning}>{describeReading(t, warning)}</List.Item>
            ))}
          </List>
        </Alert>
      )}
      {document.coverage && document.coverage.length > 0 && <Coverage pages={document.coverage} />}
    </Stack>
  );
}

const STATUSES = ["text", "ocr", "empty", "failed"] as const;

function Coverage({ pages }: { pages: readonly PageCoverage[] }) {
  const { t } = useTranslation();
  const format = useFormats();
  const troubled = pages.filter((page) => page.reason);
  return (
    <Stack gap={8}>
      <Text fz="sm" fw={600}>
        {t("documents.coverage.title")}
      </Text>
      <div className={classes.pages} aria-hidden>
        {pages.slice(0, 1000).map((page) => (
          <Tooltip
            key={page.number}
            label={`${page.label || page.number} · ${t(`documents.coverage.${page.status}`)} · ${t("documents.coverage.characters", { count: page.characters })}`}
          >
            <span className={classes.page} data-status={page.status} />
          </Tooltip>
        ))}
      </div>
      <Group gap="md">
        {STATUSES.map((status) => ({ status, count: pages.filter((page) => page.status === status).length }))
          .filter(({ count }) => count > 0)
          .map(({ status, count }) => (
            <Group key={status} gap={6}>
              <span className={classes.page} data-status={status} aria-hidden />
              <Text fz="xs">
                {t(`documents.coverage.${status}`)} {format.count(count)}
              </Text>
            </Group>
          ))}
      </Group>
      {troubled.length > 0 && (
        <ScrollArea.Autosize mah={220} type="auto">
          <List size="xs" data-testid="page-reasons">
            {troubled.map((page) => (
              <List.Item key={page.number}>
                <b>{page.label || t("passages.place.page", { number: page.number })}</b> · {t(`documents.coverage.${page.status}`)} · {describeReading(t, page.reason)}
              </List.Item>
            ))}
          </List>
        </ScrollArea.Autosize>
      )}
    </Stack>
  );
}
