import { Box, Button, Group, Menu, Skeleton, Stack, Text, TextInput } from "@mantine/core";
import { useMemo, useRef, useState, type ChangeEvent } from "react";
import { useTranslation } from "react-i18next";

import { IconFile, IconFolder, IconSearch, IconUpload } from "@/app/icons";
import type { KbDocument } from "@/api/types";
import { useSystem } from "@/features/session/session";

import classes from "./DocumentList.module.css";
import { DocumentRow } from "./DocumentRow";
import { DocumentDialogs, type DocumentAction } from "./DocumentDialogs";
import { useDocuments } from "./feed";
import { useUploads } from "./uploads";

const SHOWN_AT_FIRST = 60;
const SEARCH_FROM = 12;

export function DocumentList({ knowledgeBaseId }: { knowledgeBaseId: string }) {
  const { t } = useTranslation();
  const { data: documents } = useDocuments(knowledgeBaseId);
  const [wanted, setWanted] = useState("");
  const [most, setMost] = useState(SHOWN_AT_FIRST);
  const [action, setAction] = useState<DocumentAction | null>(null);

  const found = useMemo(() => matching(documents ?? [], wanted), [documents, wanted]);
  return (
    <Box className={classes.list}>
      <UploadButton knowledgeBaseId={knowledgeBaseId} />
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

function UploadButton({ knowledgeBaseId }: { knowledgeBaseId: string }) {
  const { t } = useTranslation();
  const { data: system } = useSystem();
  const uploads = useUploads();
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const onChange = (event: ChangeEvent<HTMLInputElement>) => {
    const chosen = [...(event.currentTarget.files ?? [])].map((file) => ({ file, name: file.webkitRelativePath || file.name }));
    event.currentTarget.value = "";
    void uploads.start(knowledgeBaseId, chosen);
  };
  return (
    <Group gap={0} mb={4}>
      <input
        ref={files}
        type="file"
        multiple
        hidden
        data-testid="upload-input"
        aria-label={t("documents.uploadFiles")}
        accept={system?.formats.join(",")}
        onChange={onChange}
      />
      <input ref={folder} type="file" hidden webkitdirectory="" aria-label={t("documents.uploadFolder")} onChange={onChange} />
      <Menu position="bottom-start">
        <Menu.Target>
          <Button variant="default" size="xs" fullWidth leftSection={<IconUpload size={14} stroke={1.7} />}>
            {t("documents.upload")}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconFile size={15} />} onClick={() => files.current?.click()}>
            {t("documents.uploadFiles")}
          </Menu.Item>
          <Menu.Item leftSection={<IconFolder size={15} />} onClick={() => folder.current?.click()}>
            {t("documents.uploadFolder")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </Group>
  );
}
