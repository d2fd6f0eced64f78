import { Button, Group, Modal, Stack, Switch, Text, Textarea, TextInput } from "@mantine/core";
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";

import { ShownOnce } from "@/app/ShownOnce";
import type { KnowledgeBase } from "@/api/types";

import { WidgetCard } from "./WidgetCard";
import { sitesOf, useCreateWidget, useWidgets } from "./widgets";

type Props = { base: KnowledgeBase; opened: boolean; onClose: () => void };

/** The chats on other sites about a knowledge base: making them, their tags, their sites, their end. */
export function WidgetsDialog({ base, opened, onClose }: Props) {
  const { t } = useTranslation();
  const { data: widgets = [] } = useWidgets(base.id);
  const create = useCreateWidget(base.id);
  const [name, setName] = useState(base.name.slice(0, 100));
  const [sites, setSites] = useState("");
  const [needsToken, setNeedsToken] = useState(false);

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    create.mutate({ name, allowed_origins: sitesOf(sites), needs_token: needsToken }, { onSuccess: () => setSites("") });
  };

  return (
    <Modal opened={opened} onClose={onClose} title={t("widgets.title")} size="lg">
      <Stack gap="md">
        <Text fz="sm" c="dimmed">
          {t("widgets.text", { name: base.name })}
        </Text>
        <Stack component="form" onSubmit={submit} gap="sm">
          <TextInput label={t("widgets.name")} required withAsterisk={false} maxLength={100} value={name} onChange={(event) => setName(event.currentTarget.value)} data-testid="widget-name" />
          <Textarea
            label={t("widgets.sites")}
            description={t("widgets.sitesHint")}
            placeholder="https://www.example.edu"
            required
            withAsterisk={false}
            autosize
            minRows={2}
            maxRows={6}
            value={sites}
            onChange={(event) => setSites(event.currentTarget.value)}
            data-testid="widget-sites"
          />
          <Switch label={t("widgets.needsToken")} description={t("widgets.needsTokenHint")} checked={needsToken} onChange={(event) => setNeedsToken(event.currentTarget.checked)} />
          <Group justify="flex-end">
            <Button type="submit" loading={create.isPending} data-testid="make-widget">
              {t("widgets.create")}
            </Button>
          </Group>
        </Stack>
        {create.data?.secret && <ShownOnce title={t("widgets.secret")} text={create.data.secret} />}
        {widgets.map((widget) => (
          <WidgetCard key={widget.id} baseId={base.id} widget={widget} />
        ))}
      </Stack>
    </Modal>
  );
}
