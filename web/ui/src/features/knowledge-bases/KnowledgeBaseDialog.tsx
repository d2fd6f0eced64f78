import { Button, Group, Modal, Stack, Textarea, TextInput } from "@mantine/core";
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";

import type { KnowledgeBase } from "@/api/types";

import { useChangeKnowledgeBase, useCreateKnowledgeBase } from "./knowledge-bases";
import { useSelection } from "./selection";

type Props = { opened: boolean; base: KnowledgeBase | null; onClose: () => void };

/** Makes a knowledge base, or changes the name and description of `base`. */
export function KnowledgeBaseDialog({ opened, base, onClose }: Props) {
  const { t } = useTranslation();
  const [name, setName] = useState(base?.name ?? "");
  const [description, setDescription] = useState(base?.description ?? "");
  const create = useCreateKnowledgeBase();
  const change = useChangeKnowledgeBase();
  const { asked, setAsked, setOpenId } = useSelection();

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!name.trim()) return;
    if (base) {
      change.mutate({ id: base.id, name, description }, { onSuccess: onClose });
      return;
    }
    create.mutate(
      { name, description },
      {
        onSuccess: (made) => {
          setAsked([...asked, made.id]);
          setOpenId(made.id);
          setName("");
          setDescription("");
          onClose();
        },
      },
    );
  };

  return (
    <Modal opened={opened} onClose={onClose} title={base ? t("bases.rename") : t("bases.create")}>
      <Stack component="form" onSubmit={submit}>
        <TextInput
          data-testid="kb-name"
          data-autofocus
          label={t("bases.name")}
          placeholder={t("bases.namePlaceholder")}
          required
          withAsterisk={false}
          maxLength={200}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Textarea
          label={t("bases.description")}
          autosize
          minRows={2}
          maxRows={6}
          maxLength={4000}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button data-testid="kb-submit" type="submit" loading={create.isPending || change.isPending}>
            {base ? t("common.save") : t("common.create")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
