import { Box, Button, Group, Skeleton, Stack, Text, TextInput } from "@mantine/core";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

import { IconSearch, IconTable } from "@/app/icons";
import type { KbDocument } from "@/api/types";
import { useCanEdit } from "@/features/session/session";

import classes from "./DocumentList.module.css";
import { DocumentRow } from "./DocumentRow";
import { DocumentDialogs, type DocumentAction } from "./DocumentDialogs";
import { useDocuments } from "./feed";
import { UploadButton } from "./UploadButton";

const SHOWN_AT_FIRST = 60;
const SEARCH_FROM = 12;

export function DocumentList({ knowledgeBaseId }: { knowledgeBaseId: string }) {
  const { t } = useTranslation();
  const { data: documents } = useDocuments(knowledgeBaseId);
  const canEdit = useCanEdit();
  const [wanted, setWanted] = useState("");
  const [most, setMost] = useState(SHOWN_AT_FIRST);
  const [action, setAction] = useState<DocumentAction | null>(null);

  const found = useMemo(() => matching(documents ?? [], wanted), [documents, wanted]);
  return (
    <Box className={classes.list}>
      <Group gap={4} mb={4} wrap="nowrap">
        {canEdit && <UploadButton knowledgeBaseId={knowledgeBaseId} data-testid="upload-input" />}
        <Button component={Link} to={`/documents/${knowledgeBaseId}`} size="xs" variant="subtle" color="gray" data-testid="manage-documents" leftSection={<IconTable size={14} stroke={1.7} />}>
          {t("documents.manage")}
        </Button>
      </Group>
      {documents && documents.length >= SEARCH_FROM && (
        <TextInput
          size="xs"
          mb={4}
          aria-label={t("documents.filter")}
          placeholder={t("documents.filter")}
          leftSection={<IconSearch size={13} />}
          value={wanted}
          onChange={(event) => setWanted(event.currentTarget.value)}
        />
      )}
      {!documents && (
        <Stack gap={6}>
          <Skeleton h={18} />
          <Skeleton h={18} w="80%" />
        </Stack>
      )}
      {documents?.length === 0 && (
        <Text fz="xs" c="dimmed" py={4} lh={1.6}>
          {t("documents.none")}
        </Text>
      )}
      <ul className={classes.rows} aria-label={t("documents.title")}>
        {found.slice(0, most).map((document) => (
          <DocumentRow key={document.id} document={document} onAction={(kind) => setAction({ kind, document })} />
        ))}
      </ul>
      {found.length > most && (
        <Button variant="subtle" color="gray" c="dimmed" size="compact-xs" fullWidth onClick={() => setMost(most + 200)}>
          {t("documents.more", { count: found.length - most })}
        </Button>
      )}
      <DocumentDialogs action={action} onClose={() => setAction(null)} />
    </Box>
  );
}

function matching(documents: readonly KbDocument[], wanted: string): readonly KbDocument[] {
  const lower = wanted.trim().toLowerCase();
  if (!lower) return documents;
  return documents.filter(({ name, title }) => name.toLowerCase().includes(lower) || title.toLowerCase().includes(lower));
}
