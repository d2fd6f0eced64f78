import { Alert, Badge, Button, Group, Loader, Select, Stack, Text, TextInput, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { AuditEvent } from "@/api/types";
import { IconDownload } from "@/app/icons";
import { describeError } from "@/i18n/errors";
import { useFormats } from "@/i18n/format";

import { useAuditEvents } from "./audit";
import { EVERYTHING, exportAddress, outcomeOf, type AuditFilter } from "./audit-filter";
import classes from "./AuditPage.module.css";

const SEARCH_AFTER_MS = 300;
const COLORS = { done: "pine", refused: "orange", failed: "red" } as const;

/** Who did what to which object, when, from where; for administrators. */
export default function AuditPage() {
  const { t } = useTranslation();
  const [filter, setFilter] = useState(EVERYTHING);
  const [wanted] = useDebouncedValue(filter, SEARCH_AFTER_MS);
  const { data, error, isPending, hasNextPage, fetchNextPage, isFetchingNextPage } = useAuditEvents(wanted);
  const events = data?.pages.flatMap((page) => page.events) ?? [];
  return (
    <Stack className={classes.page} gap="md" data-testid="audit-page">
      <Group justify="space-between" align="flex-start" gap="sm">
        <div className={classes.about}>
          <Title order={1} fz={22}>
            {t("audit.title")}
          </Title>
          <Text c="dimmed" fz="sm" mt={4}>
            {t("audit.text")}
          </Text>
        </div>
        <Group gap="xs">
          {(["csv", "jsonl"] as const).map((format) => (
            <Button
              key={format}
              component="a"
              href={exportAddress(wanted, format)}
              download
              variant="default"
              size="compact-sm"
              leftSection={<IconDownload size={15} />}
              data-testid={`audit-${format}`}
            >
              {format.toUpperCase()}
            </Button>
          ))}
        </Group>
      </Group>
      <Filters filter={filter} actions={data?.pages[0]?.actions ?? []} onChange={(change) => setFilter({ ...filter, ...change })} />
      {error && (
        <Alert color="red" variant="light" role="alert">
          {describeError(error)}
        </Alert>
      )}
      {isPending && !error && <Loader size="sm" type="dots" color="gray" />}
      {data && events.length === 0 && <Text c="dimmed">{t("audit.nothing")}</Text>}
      <Stack gap={0} className={classes.events} role="list">
        {events.map((event) => (
          <Event key={event.number} event={event} />
        ))}
      </Stack>
      {hasNextPage && (
        <Button variant="default" style={{ alignSelf: "flex-start" }} loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t("audit.more")}
        </Button>
      )}
    </Stack>
  );
}

function Filters({ filter, actions, onChange }: { filter: AuditFilter; actions: readonly string[]; onChange: (change: Partial<AuditFilter>) => void }) {
  const { t } = useTranslation();
  const label = useActionLabel();
  return (
    <div className={classes.filters}>
      <TextInput
        size="xs"
        label={t("audit.user")}
        placeholder={t("audit.partOfAddress")}
        value={filter.user}
        onChange={(event) => onChange({ user: event.currentTarget.value })}
        data-testid="audit-user"
      />
      <Select
        size="xs"
        label={t("audit.action")}
        placeholder={t("audit.all")}
        value={filter.action || null}
        onChange={(value) => onChange({ action: value ?? "" })}
        data={actions.map((value) => ({ value, label: label(value) }))}
        searchable
        clearable
        comboboxProps={{ width: 280, position: "bottom-start" }}
      />
      <Select
        size="xs"
        label={t("audit.outcome")}
        placeholder={t("audit.all")}
        value={filter.outcome || null}
        onChange={(value) => onChange({ outcome: (value ?? "") })}
        data={(["done", "refused", "failed"] as const).map((value) => ({ value, label: t(`audit.outcomes.${value}`) }))}
        clearable
      />
      <TextInput size="xs" label={t("audit.object")} placeholder="ID" value={filter.object} onChange={(event) => onChange({ object: event.currentTarget.value.trim() })} />
      <TextInput size="xs" type="date" label={t("audit.since")} value={filter.since} onChange={(event) => onChange({ since: event.currentTarget.value })} />
      <TextInput size="xs" type="date" label={t("audit.until")} value={filter.until} onChange={(event) => onChange({ until: event.currentTarget.value })} />
    </div>
  );
}

function Event({ event }: { event: AuditEvent }) {
  const { t } = useTranslation();
  const format = useFormats();
  const label = useActionLabel();
  const [isOpen, setOpen] = useState(false);
  const outcome = outcomeOf(event.status);
  const details = { ...event.objects, ...event.details };
  return (
    <div className={classes.event} role="listitem" data-testid="audit-event">
      <button type="button" className={classes.line} onClick={() => setOpen(!isOpen)} aria-expanded={isOpen}>
        <time dateTime={event.at} className={classes.time}>
          {format.dateTime(event.at)}
        </time>
        <span className={classes.what}>
          <Badge size="xs" variant="light" color={COLORS[outcome]} tt="none" radius="sm">
            {t(`audit.outcomes.${outcome}`)}
          </Badge>
          <span className={classes.action}>{label(event.action)}</span>
        </span>
        <span className={classes.who}>
          {event.user || t("audit.nobody")}
          {event.credential && event.credential !== "session" && ` · ${t(`audit.credentials.${event.credential as "api_key" | "widget"}`)}`}
        </span>
        <span className={classes.address}>{event.address}</span>
      </button>
      {isOpen && (
        <dl className={classes.details}>
          {[
            ...Object.entries(details).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)] as const),
            ["status", String(event.status)] as const,
            ["user_agent", event.user_agent] as const,
            ["number", String(event.number)] as const,
            ["sha256", event.hash] as const,
          ].map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}

/** An action in words; one that has none yet in the API's. */
function useActionLabel(): (action: string) => string {
  const { t } = useTranslation();
  return (action) => t(`audit.actions.${action}` as "audit.actions.sign_in", { defaultValue: action.replaceAll("_", " ") });
}
