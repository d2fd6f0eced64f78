import { ActionIcon, Button, Code, Group, Paper, Stack, Text, Textarea } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { CopyAction } from "@/app/CopyAction";
import { IconTrash } from "@/app/icons";

import { sitesOf, useChangeWidgetSites, useRevokeWidget, widgetTag } from "./widgets";

type Props = { baseId: string; widget: { id: string; name: string; allowed_origins: string[]; needs_token: boolean } };

export function WidgetCard({ baseId, widget }: Props) {
  const { t } = useTranslation();
  const change = useChangeWidgetSites(baseId);
  const revoke = useRevokeWidget(baseId);
  const kept = widget.allowed_origins.join("\n");
  const [sites, setSites] = useState(kept);

  return (
    <Paper withBorder radius="md" p="sm" data-testid="widget-card">
      <Stack gap="xs">
        <Group justify="space-between" wrap="nowrap">
          <Text fz="sm" fw={600} truncate>
            {widget.name}
          </Text>
          <Group gap={6} wrap="nowrap">
            <Text fz="xs" c="dimmed">
              {t(widget.needs_token ? "widgets.signed" : "widgets.anybody")}
            </Text>
            <ActionIcon color="red" aria-label={t("widgets.revoke", { name: widget.name })} onClick={() => revoke.mutate(widget.id)}>
              <IconTrash size={16} stroke={1.6} />
            </ActionIcon>
          </Group>
        </Group>
        <Text fz="xs" c="dimmed">
          {t("widgets.tag")}
        </Text>
        <Group wrap="nowrap" gap="xs">
          <Code block flex={1} fz="xs" style={{ wordBreak: "break-all", whiteSpace: "pre-wrap" }} data-testid="widget-tag">
            {widgetTag(widget)}
          </Code>
          <CopyAction text={widgetTag(widget)} label={t("common.copy")} size="lg" />
        </Group>
        <Group align="flex-end" gap="xs" wrap="nowrap">
          <Textarea flex={1} label={t("widgets.change")} size="xs" autosize minRows={1} maxRows={6} value={sites} onChange={(event) => setSites(event.currentTarget.value)} />
          <Button size="xs" variant="default" disabled={sites === kept} loading={change.isPending} onClick={() => change.mutate({ id: widget.id, sites: sitesOf(sites) })}>
            {t("common.save")}
          </Button>
        </Group>
      </Stack>
    </Paper>
  );
}
