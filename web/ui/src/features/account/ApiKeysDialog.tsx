import { ActionIcon, Alert, Button, Checkbox, Code, Group, Modal, MultiSelect, Select, Stack, Table, Text, TextInput } from "@mantine/core";
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";

import { IconTrash } from "@/app/icons";
import { ShownOnce } from "@/app/ShownOnce";
import type { ApiKey, Right } from "@/api/types";
import { useKnowledgeBases } from "@/features/knowledge-bases/knowledge-bases";
import { describeError } from "@/i18n/errors";
import { useFormats } from "@/i18n/format";

import { useApiKeys, useCreateApiKey, useRevokeApiKey } from "./api-keys";

const DAYS = ["30", "90", "365", "never"] as const;
const RIGHTS: readonly Right[] = ["read", "ask", "write"];

export function ApiKeysDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const format = useFormats();
  const { data: keys } = useApiKeys(opened);
  const create = useCreateApiKey();
  const revoke = useRevokeApiKey();
  const [name, setName] = useState("");
  const [days, setDays] = useState<string>("90");
  const [rights, setRights] = useState<string[]>([...RIGHTS]);
  const [bases, setBases] = useState<string[]>([]);
  const { data: known = [] } = useKnowledgeBases();
  const nameOfBase = new Map(known.map((base) => [base.id, base.name]));

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const expires = days === "never" ? null : new Date(Date.now() + Number(days) * 86_400_000).toISOString();
    create.mutate(
      { name, expires_at: expires, rights: RIGHTS.filter((right) => rights.includes(right)), knowledge_base_ids: bases.length > 0 ? bases : null },
      { onSuccess: () => setName("") },
    );
  };
  const close = () => {
    create.reset();
    onClose();
  };

  const scopeOf = (key: ApiKey) => {
    const may = key.rights.map((right) => t(`apiKeys.right.${right}`)).join(t("common.listSeparator"));
    const where = key.knowledge_base_ids?.map((id) => nameOfBase.get(id) ?? t("sharing.deleted")).join(t("common.listSeparator"));
    return `${may} · ${where ?? t("apiKeys.allBases")}`;
  };

  return (
    <Modal opened={opened} onClose={close} title={t("apiKeys.title")} size="lg">
      <Stack gap="md">
        <Text fz="sm" c="dimmed">
          {t("apiKeys.text")}
        </Text>
        {create.error && (
          <Alert color="red" variant="light" role="alert">
            {describeError(create.error)}
          </Alert>
        )}
        <Stack component="form" onSubmit={submit} gap="sm">
        <Group align="flex-end" gap="xs">
          <TextInput flex={1} miw={140} label={t("apiKeys.name")} required withAsterisk={false} maxLength={200} value={name} onChange={(event) => setName(event.currentTarget.value)} />
          <Select
            w={130}
            label={t("apiKeys.validity")}
            allowDeselect={false}
            value={days}
            onChange={(value) => setDays(value ?? "90")}
            data={DAYS.map((value) => ({ value, label: value === "never" ? t("apiKeys.never") : t("apiKeys.days", { count: Number(value) }) }))}
          />
        </Group>
          <Checkbox.Group label={t("apiKeys.rights")} value={rights} onChange={setRights}>
            <Group gap="md" mt={6}>
              {RIGHTS.map((right) => (
                <Checkbox key={right} size="sm" value={right} label={t(`apiKeys.right.${right}`)} />
              ))}
            </Group>
          </Checkbox.Group>
          <MultiSelect
            label={t("apiKeys.bases")}
            placeholder={bases.length > 0 ? undefined : t("apiKeys.allBases")}
            searchable
            clearable
            value={bases}
            onChange={setBases}
            data={known.map((base) => ({ value: base.id, label: base.name }))}
            data-testid="key-bases"
          />
          <Group justify="flex-end">
            <Button type="submit" loading={create.isPending} disabled={rights.length === 0} data-testid="key-create">
              {t("apiKeys.create")}
            </Button>
          </Group>
        </Stack>
        {create.data && <ShownOnce title={t("apiKeys.shownOnce")} text={create.data.key} />}
        {keys && keys.length > 0 && (
          <Table.ScrollContainer minWidth={460}>
            <Table fz="sm" verticalSpacing={6}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("apiKeys.name")}</Table.Th>
                  <Table.Th>{t("apiKeys.key")}</Table.Th>
                  <Table.Th>{t("apiKeys.lastUsed")}</Table.Th>
                  <Table.Th>{t("apiKeys.expires")}</Table.Th>
                  <Table.Th />
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {keys.map((key) => (
                  <Table.Tr key={key.id}>
                    <Table.Td>
                      {key.name}
                      <Text fz="xs" c="dimmed">
                        {scopeOf(key)}
                      </Text>
                    </Table.Td>
                    <Table.Td>
                      <Code>{key.prefix}…</Code>
                    </Table.Td>
                    <Table.Td>{key.last_used_at ? format.date(key.last_used_at) : t("apiKeys.unused")}</Table.Td>
                    <Table.Td>{key.expires_at ? format.date(key.expires_at) : t("apiKeys.never")}</Table.Td>
                    <Table.Td>
                      <ActionIcon color="red" aria-label={t("apiKeys.revoke", { name: key.name })} onClick={() => revoke.mutate(key.id)}>
                        <IconTrash size={16} stroke={1.6} />
                      </ActionIcon>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Stack>
    </Modal>
  );
}
