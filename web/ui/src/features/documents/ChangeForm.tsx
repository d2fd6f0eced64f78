import { Button, Group, Stack, TagsInput, TextInput } from "@mantine/core";
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";

import type { KbDocument } from "@/api/types";

import { useChangeDocument } from "./documents";

/** Name, folder and tags of one document. */
export function ChangeForm({ document, onClose }: { document: KbDocument; onClose: () => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState(document.name);
  const [folder, setFolder] = useState(document.folder);
  const [tags, setTags] = useState(document.tags);
  const change = useChangeDocument();
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    change.mutate({ document, name: name.trim(), folder: folder.trim(), tags }, { onSuccess: onClose });
  };
  return (
    <Stack component="form" onSubmit={submit} gap="sm">
      <TextInput data-autofocus required withAsterisk={false} maxLength={255} label={t("documents.name")} value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <TextInput
        maxLength={350}
        label={t("documents.folder")}
        placeholder={t("documents.folderPlaceholder")}
        value={folder}
        onChange={(event) => setFolder(event.currentTarget.value)}
      />
      <TagsInput label={t("documents.tags")} placeholder={t("documents.tagsPlaceholder")} maxTags={20} maxLength={40} value={tags} onChange={setTags} acceptValueOnBlur />
      <Group justify="flex-end">
        <Button type="submit" loading={change.isPending} disabled={!name.trim()}>
          {t("common.save")}
        </Button>
      </Group>
    </Stack>
  );
}
