import { Alert, Button, Group, List, Select, Stack, TagsInput, Text, TextInput } from "@mantine/core";
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";

import type { BulkResult, KbDocument } from "@/api/types";
import { useKnowledgeBases } from "@/features/knowledge-bases/knowledge-bases";
import { describeCode } from "@/i18n/errors";

import { choicesOf } from "./document-filter";
import { useBulk } from "./documents";

type Props = { knowledgeBaseId: string; documents: readonly KbDocument[]; onDone: (result: BulkResult) => void };

/** To another knowledge base, into another folder, or both. */
export function MoveForm({ knowledgeBaseId, documents, onDone }: Props) {
  const { t } = useTranslation();
  const { data: bases } = useKnowledgeBases();
  const [target, setTarget] = useState(knowledgeBaseId);
  const [folder, setFolder] = useState(documents.every((document) => document.folder === documents[0]?.folder) ? (documents[0]?.folder ?? "") : null);
  const bulk = useBulk(knowledgeBaseId);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const folders = folder === null ? {} : { folder: folder.trim() };
    bulk.mutate(
      { action: "move", document_ids: documents.map(({ id }) => id), knowledge_base_id: target, ...folders },
      { onSuccess: onDone },
    );
  };
  return (
    <Stack component="form" onSubmit={submit} gap="sm">
      <Text fz="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
        {documents.length === 1 ? documents[0]!.name : t("documents.selected", { count: documents.length })}
      </Text>
      <Select
        label={t("documents.knowledgeBase")}
        data={(bases ?? []).map((base) => ({ value: base.id, label: base.name }))}
        value={target}
        allowDeselect={false}
        searchable
        onChange={(value) => value && setTarget(value)}
      />
      <TextInput
        maxLength={350}
        label={t("documents.folder")}
        placeholder={folder === null ? t("documents.folderKept") : t("documents.folderPlaceholder")}
        value={folder ?? ""}
        onChange={(event) => setFolder(event.currentTarget.value)}
      />
      <Group justify="flex-end">
        <Button type="submit" data-testid="move-submit" loading={bulk.isPending} disabled={target === knowledgeBaseId && folder === null}>
          {t("documents.move")}
        </Button>
      </Group>
    </Stack>
  );
}

export function TagForm({ knowledgeBaseId, documents, onDone }: Props) {
  const { t, i18n } = useTranslation();
  const [added, setAdded] = useState<string[]>([]);
  const [removed, setRemoved] = useState<string[]>([]);
  const bulk = useBulk(knowledgeBaseId);
  const { tags } = choicesOf(documents, i18n.language);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    bulk.mutate({ action: "tag", document_ids: documents.map(({ id }) => id), add_tags: added, remove_tags: removed }, { onSuccess: onDone });
  };
  return (
    <Stack component="form" onSubmit={submit} gap="sm">
      <TagsInput data-autofocus label={t("documents.addTags")} placeholder={t("documents.tagsPlaceholder")} maxTags={20} maxLength={40} value={added} onChange={setAdded} acceptValueOnBlur />
      {tags.length > 0 && <TagsInput label={t("documents.removeTags")} data={tags} value={removed} onChange={(chosen) => setRemoved(chosen.filter((tag) => tags.includes(tag)))} />}
      <Group justify="flex-end">
        <Button type="submit" loading={bulk.isPending} disabled={added.length + removed.length === 0}>
          {t("common.save")}
        </Button>
      </Group>
    </Stack>
  );
}

/** Those of a bulk action to which it could not be done, each with the reason. */
export function BulkFailures({ result, documents, onClose }: { result: BulkResult; documents: ReadonlyMap<string, KbDocument>; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Alert color="red" variant="light" withCloseButton closeButtonLabel={t("common.close")} onClose={onClose} title={t("documents.notDone", { count: result.failed.length })} data-testid="bulk-failures">
      <List size="xs">
        {result.failed.slice(0, 20).map((failure) => (
          <List.Item key={failure.id}>
            {documents.get(failure.id)?.name}: {describeCode(failure.code, failure.message)}
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}
