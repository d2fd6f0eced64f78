import { ActionIcon, Alert, Badge, Button, Group, Modal, Paper, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";

import { IconTrash } from "@/app/icons";
import { describeError } from "@/i18n/errors";
import { useFormats } from "@/i18n/format";

import { useConnectModel, useDisconnectModel, useModelEndpoints } from "./models";

/** The one step that connects a model: address, key, and which of its models. */
export function ConnectModelDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const format = useFormats();
  const { data } = useModelEndpoints(opened);
  const connect = useConnectModel();
  const disconnect = useDisconnectModel();
  const [baseUrl, setBaseUrl] = useState("");
  const [apiKey, setApiKey] = useState("");
  const [model, setModel] = useState("");

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    connect.mutate({ base_url: baseUrl, api_key: apiKey, model }, { onSuccess: () => setApiKey("") });
  };
  const close = () => {
    connect.reset();
    onClose();
  };

  return (
    <Modal opened={opened} onClose={close} title={t("models.connect")} size="lg">
      <Stack gap="md">
        <Text fz="sm" c="dimmed">
          {t("models.text")}
        </Text>
        {data?.configured_by_settings && (
          <Alert color="pine" variant="light">
            {t("models.bySettings")}
          </Alert>
        )}
        {data?.model_endpoints.map((endpoint) => (
          <Paper key={endpoint.id} withBorder p="sm" radius="md">
            <Group justify="space-between" wrap="nowrap">
              <Stack gap={0} miw={0}>
                <Group gap={8} wrap="nowrap">
                  <Text fz="sm" fw={600} truncate>
                    {endpoint.name}
                  </Text>
                  {endpoint.is_answering && (
                    <Badge size="sm" variant="light" tt="none">
                      {t("models.answering")}
                    </Badge>
                  )}
                </Group>
                <Text fz="xs" c="dimmed" truncate>
                  {endpoint.base_url}
                  {endpoint.context_window > 0 && ` · ${t("models.window", { tokens: format.count(endpoint.context_window) })}`}
                </Text>
              </Stack>
              <ActionIcon color="red" aria-label={t("models.disconnect", { name: endpoint.name })} onClick={() => disconnect.mutate(endpoint.id)}>
                <IconTrash size={16} stroke={1.6} />
              </ActionIcon>
            </Group>
          </Paper>
        ))}
        <Stack component="form" onSubmit={submit} gap="sm">
          {connect.error && (
            <Alert color="red" variant="light" role="alert">
              {describeError(connect.error)}
            </Alert>
          )}
          {connect.data && (
            <Alert color="pine" variant="light" role="status">
              {t("models.connected", { model: connect.data.model })}
            </Alert>
          )}
          <TextInput
            label={t("models.baseUrl")}
            description={t("models.baseUrlText")}
            placeholder="http://127.0.0.1:8000/v1"
            type="url"
            required
            withAsterisk={false}
            data-testid="model-url"
            value={baseUrl}
            onChange={(event) => setBaseUrl(event.currentTarget.value)}
          />
          <PasswordInput label={t("models.apiKey")} description={t("models.apiKeyText")} autoComplete="off" value={apiKey} onChange={(event) => setApiKey(event.currentTarget.value)} />
          <TextInput label={t("models.model")} description={t("models.modelText")} value={model} onChange={(event) => setModel(event.currentTarget.value)} />
          <Group justify="flex-end">
            <Button type="submit" loading={connect.isPending} data-testid="model-connect">
              {t("models.submit")}
            </Button>
          </Group>
        </Stack>
      </Stack>
    </Modal>
  );
}
