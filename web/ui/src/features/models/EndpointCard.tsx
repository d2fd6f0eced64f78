import { ActionIcon, Badge, Button, Collapse, Group, MultiSelect, NumberInput, Paper, SimpleGrid, Stack, Switch, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { ModelEndpoint, ModelEndpointChange } from "@/api/types";
import { IconAdjustments, IconTrash } from "@/app/icons";
import { withPaths } from "@/features/invitations/invitations";
import { useDepartments, useGroups } from "@/features/people/people";
import { useFormats } from "@/i18n/format";

import { keyOf } from "@/features/sharing/subjects";

import { useChangeModelEndpoint, useDisconnectModel } from "./models";

const HEALTH_COLORS = { up: "pine", down: "red", unknown: "gray" } as const;

/** A connected endpoint: how it is, and what can be changed about it. */
export function EndpointCard({ endpoint, currency }: { endpoint: ModelEndpoint; currency: string }) {
  const { t } = useTranslation();
  const format = useFormats();
  const change = useChangeModelEndpoint();
  const disconnect = useDisconnectModel();
  const [opened, details] = useDisclosure(false);
  const { health } = endpoint;
  const set = (wanted: ModelEndpointChange) => change.mutate({ id: endpoint.id, change: wanted });

  return (
    <Paper withBorder p="sm" radius="md">
      <Group justify="space-between" wrap="nowrap">
        <Stack gap={0} miw={0}>
          <Group gap={8} wrap="nowrap">
            <Text fz="sm" fw={600} truncate>
              {endpoint.name}
            </Text>
            {endpoint.is_enabled && (
              <Badge size="sm" variant="dot" tt="none" color={HEALTH_COLORS[health.state]} data-testid="endpoint-health">
                {t(`models.health.${health.state}`)}
              </Badge>
            )}
            {endpoint.is_answering && (
              <Badge size="sm" variant="light" tt="none">
                {t("models.answering")}
              </Badge>
            )}
          </Group>
          <Text fz="xs" c="dimmed" truncate>
            {endpoint.base_url}
            {endpoint.context_window > 0 && ` · ${t("models.window", { tokens: format.count(endpoint.context_window) })}`}
            {(health.running > 0 || health.waiting > 0) && ` · ${t("models.load", { running: health.running, waiting: health.waiting })}`}
          </Text>
          {health.error && (
            <Text fz="xs" c="red">
              {health.error}
            </Text>
          )}
        </Stack>
        <Group gap={2} wrap="nowrap">
          <ActionIcon aria-label={t("models.settings", { name: endpoint.name })} aria-expanded={opened} onClick={details.toggle}>
            <IconAdjustments size={16} stroke={1.6} />
          </ActionIcon>
          <ActionIcon color="red" aria-label={t("models.disconnect", { name: endpoint.name })} onClick={() => disconnect.mutate(endpoint.id)}>
            <IconTrash size={16} stroke={1.6} />
          </ActionIcon>
        </Group>
      </Group>
      <Collapse expanded={opened}>
        <Stack gap="xs" mt="sm">
          <Group justify="space-between">
            <Switch size="xs" label={t("models.enabled")} checked={endpoint.is_enabled} onChange={() => set({ is_enabled: !endpoint.is_enabled })} />
            <Button size="compact-xs" variant="default" disabled={endpoint.is_answering || !endpoint.is_enabled} onClick={() => set({ is_default: true })}>
              {t("models.makeDefault")}
            </Button>
          </Group>
          <SimpleGrid cols={{ base: 2, sm: 3 }} spacing="xs">
            <Amount label={t("models.priority")} value={endpoint.priority} onSet={(priority) => set({ priority })} />
            <Amount label={t("models.concurrency")} value={endpoint.concurrency} onSet={(concurrency) => set({ concurrency })} />
          </SimpleGrid>
          <EndpointSubjects endpoint={endpoint} onSet={(subjects) => set({ subjects })} />
          <Text fz="xs" c="dimmed">
            {t("models.prices", { currency })}
          </Text>
          <SimpleGrid cols={{ base: 2, sm: 3 }} spacing="xs">
            <Amount label={t("models.priceHit")} decimals={4} value={endpoint.price_cache_hit} onSet={(price_cache_hit) => set({ price_cache_hit })} />
            <Amount label={t("models.priceMiss")} decimals={4} value={endpoint.price_cache_miss} onSet={(price_cache_miss) => set({ price_cache_miss })} />
            <Amount label={t("models.priceOutput")} decimals={4} value={endpoint.price_output} onSet={(price_output) => set({ price_output })} />
          </SimpleGrid>
        </Stack>
      </Collapse>
    </Paper>
  );
}

/** The departments and groups that an endpoint answers; none: everybody. */
function EndpointSubjects({ endpoint, onSet }: { endpoint: ModelEndpoint; onSet: (subjects: ModelEndpointChange["subjects"]) => void }) {
  const { t } = useTranslation();
  const { data: departments = [] } = useDepartments();
  const { data: groups = [] } = useGroups();
  const gone = endpoint.subjects.filter((one) => ![...departments, ...groups].some((known) => known.id === one.id));
  const data = [
    { group: t("people.departments"), items: withPaths(departments).map(({ value, label }) => ({ value: `department:${value}`, label })) },
    { group: t("people.groups"), items: groups.map(({ id, name }) => ({ value: `group:${id}`, label: name })) },
    { group: t("sharing.deleted"), items: gone.map((one) => ({ value: keyOf(one), label: one.name || t("sharing.deleted") })) },
  ].filter(({ items }) => items.length > 0);
  return (
    <MultiSelect
      size="xs"
      label={t("models.subjects")}
      placeholder={endpoint.subjects.length > 0 ? undefined : t("sharing.everyone")}
      searchable
      value={endpoint.subjects.map(keyOf)}
      onChange={(keys) =>
        onSet(
          keys.map((key) => {
            const [kind, id] = key.split(":") as ["department" | "group", string];
            return { kind, id };
          }),
        )
      }
      data={data}
      data-testid="endpoint-subjects"
    />
  );
}

/** A number that is saved when one leaves it. */
function Amount({ label, value, decimals = 0, onSet }: { label: string; value: number; decimals?: number; onSet: (value: number) => void }) {
  const [shown, setShown] = useState<number | string>(value);
  const save = () => {
    const wanted = Number(shown);
    if (shown !== "" && Number.isFinite(wanted) && wanted !== value) onSet(wanted);
    else setShown(value);
  };
  return <NumberInput size="xs" label={label} min={0} decimalScale={decimals} value={shown} onChange={setShown} onBlur={save} hideControls />;
}
