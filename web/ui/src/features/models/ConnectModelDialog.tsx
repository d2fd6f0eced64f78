import { Alert, Button, Group, Modal, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";

import { describeError } from "@/i18n/errors";

import { EndpointCard } from "./EndpointCard";
import { useConnectModel, useModelEndpoints } from "./models";

/** The one step that connects a model: address, key, and which of its models. */
export function ConnectModelDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const { data } = useModelEndpoints(opened);
  const connect = useConnectModel();
  const [baseUrl, setBaseUrl] = useState("");
  const [apiKey, setApiKey] = useState("");
  const [model, setModel] = useState("");
  const [name, setName] = useState("");

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    connect.mutate({ base_url: baseUrl, api_key: apiKey, model, name }, { onSuccess: () => setApiKey("") });
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
          <EndpointCard key={endpoint.id} endpoint={endpoint} currency={data.currency} />
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
          <TextInput label={t("models.name")} description={t("models.nameText")} value={name} onChange={(event) => setName(event.currentTarget.value)} />
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
