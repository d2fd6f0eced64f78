import { Button, Checkbox, Popover, Stack, Switch, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { IconBooks, IconChevronDown } from "@/app/icons";
import { useKnowledgeBases } from "@/features/knowledge-bases/knowledge-bases";
import { useSelection } from "@/features/knowledge-bases/selection";
import { useSystem } from "@/features/session/session";

/** Which knowledge bases the next question goes to. */
export function AskedBases({ asksWeb = false, isReady = true }: { asksWeb?: boolean; isReady?: boolean }) {
  const { t } = useTranslation();
  const { data: bases } = useKnowledgeBases();
  const { asked, setAsked, toggleAsked } = useSelection();
  const { data: system } = useSystem();
  const hasModel = system?.answerer === "model";
  const canDoWithout = hasModel || asksWeb;
  const chosen = bases?.filter((base) => asked.includes(base.id)) ?? [];
  const label = !isReady
    ? "…"
    : chosen.length === 0 ? t(canDoWithout ? "composer.withoutBases" : "composer.noBase") : chosen.length === 1 ? chosen[0]!.name : t("composer.bases", { count: chosen.length });
  return (
    <Popover position="top-start" width={280} shadow="md">
      <Popover.Target>
        <Button
          size="compact-sm"
          radius="xl"
          variant="default"
          data-testid="asked-bases"
          c={isReady && chosen.length === 0 && !canDoWithout ? "var(--kb-doubt)" : undefined}
          leftSection={<IconBooks size={15} stroke={1.7} />}
          rightSection={<IconChevronDown size={13} />}
        >
          <Text span inherit truncate maw="min(240px, 34vw)">
            {label}
          </Text>
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap={8}>
          {canDoWithout && (
            <Switch
              size="xs"
              label={t("composer.useBases")}
              data-testid="use-bases"
              checked={chosen.length > 0}
              onChange={() => setAsked(chosen.length > 0 ? [] : (bases?.map((base) => base.id) ?? []))}
            />
          )}
          <Text fz="xs" c="dimmed">
            {t("composer.askThese")}
          </Text>
          {bases?.map((base) => (
            <Checkbox
              key={base.id}
              size="xs"
              label={base.name}
              description={t("bases.counts", { ready: base.ready_count, total: base.document_count })}
              checked={asked.includes(base.id)}
              onChange={() => toggleAsked(base.id)}
            />
          ))}
          {bases?.length === 0 && <Text fz="sm">{t("bases.none")}</Text>}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
