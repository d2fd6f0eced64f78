import { ActionIcon, Alert, Button, Code, Group, Modal, Select, Stack, Table, Text, TextInput } from "@mantine/core";
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";

import { IconTrash } from "@/app/icons";
import { CopyAction } from "@/app/CopyAction";
import { useFormats } from "@/i18n/format";

import { useApiKeys, useCreateApiKey, useRevokeApiKey } from "./api-keys";

const DAYS = ["30", "90", "365", "never"] as const;

export function ApiKeysDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const format = useFormats();
  const { data: keys } = useApiKeys(opened);
  const create = useCreateApiKey();
  const revoke = useRevokeApiKey();
  const [name, setName] = useState("");
  const [days, setDays] = useState<string>("90");

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const expires = days === "never" ? null : new Date(Date.now() + Number(days) * 86_400_000).toISOString();
    create.mutate({ name, expires_at: expires }, { onSuccess: () => setName("") });
  };
  const close = () => {
    create.reset();
    onClose();
  };

  return (
    <Modal opened={opened} onClose={close} title={t("apiKeys.title")} size="lg">
      <Stack gap="md">
        <Text fz="sm" c="dimmed">
          {t("apiKeys.text")}
        </Text>
        <Group component="form" onSubmit={submit} align="flex-end" gap="xs">
          <TextInput flex={1} miw={140} label={t("apiKeys.name")} required withAsterisk={false} maxLength={200} value={name} onChange={(event) => setName(event.currentTarget.value)} />
          <Select
            w={130}
            label={t("apiKeys.validity")}
            allowDeselect={false}
            value={days}
            onChange={(value) => setDays(value ?? "90")}
            data={DAYS.map((value) => ({ value, label: value === "never" ? t("apiKeys.never") : t("apiKeys.days", { count: Number(value) }) }))}
          />
          <Button type="submit" loading={create.isPending}>
            {t("apiKeys.create")}
          </Button>
        </Group>
        {create.data && (
          <Alert color="pine" variant="light" title={t("apiKeys.shownOnce")}>
            <Group wrap="nowrap" gap="xs">
              <Code block flex={1} style={{ wordBreak: "break-all", whiteSpace: "pre-wrap" }}>
                {create.data.key}
              </Code>
              <CopyAction text={create.data.key} label={t("common.copy")} size="lg" />
            </Group>
          </Alert>
        )}
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
                    <Table.Td>{key.name}</Table.Td>
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
