import { Button, Group, Modal, Select, Stack, Textarea, TextInput } from "@mantine/core";
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";

import type { KnowledgeBase, ShareWith } from "@/api/types";
import { useUser } from "@/features/session/session";

import { useChangeKnowledgeBase, useCreateKnowledgeBase } from "./knowledge-bases";
import { useSelection } from "./selection";

type Props = { opened: boolean; base: KnowledgeBase | null; onClose: () => void };

/** Makes a knowledge base, or changes the name and description of `base`. */
export function KnowledgeBaseDialog({ opened, base, onClose }: Props) {
  const { t } = useTranslation();
  const [name, setName] = useState(base?.name ?? "");
  const [description, setDescription] = useState(base?.description ?? "");
  const { department_id: department } = useUser();
  const [shareWith, setShareWith] = useState<ShareWith>(department ? "department" : "me");
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
      { name, description, share_with: shareWith },
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
        {!base && (
          <Select
            label={t("bases.shareWith")}
            description={t("bases.shareWithText")}
            allowDeselect={false}
            value={shareWith}
            onChange={(value) => value && setShareWith(value)}
            data={(["me", "department", "everyone"] as const)
              .filter((value) => value !== "department" || department)
              .map((value) => ({ value, label: t(`bases.shareWithChoice.${value}`) }))}
            data-testid="kb-share-with"
          />
        )}
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
