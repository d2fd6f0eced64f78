import { Alert, Box, Button, Collapse, Group, ScrollArea, Switch, Text, TextInput, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";

import { IconAdjustments, IconSearch } from "@/app/icons";
import { api, unwrap } from "@/api/client";
import type { SearchResult } from "@/api/types";
import { AskedBases } from "@/features/conversations/AskedBases";
import { useSelection } from "@/features/knowledge-bases/selection";
import { describeError } from "@/i18n/errors";

import { FoundList } from "./FoundList";
import classes from "./HitTestingPage.module.css";
import { AS_SET, searchRequest, type TriedSettings } from "./settings";
import { SettingsPanel } from "./SettingsPanel";

type Found = { first: SearchResult; second: SearchResult | null };

/** What a query finds, which score and place each stage gave it, and how two settings differ. */
export default function HitTestingPage() {
  const { t } = useTranslation();
  const { asked } = useSelection();
  const [query, setQuery] = useState("");
  const [showsSettings, settings] = useDisclosure(false);
  const [isComparing, setComparing] = useState(false);
  const [first, setFirst] = useState<TriedSettings>(AS_SET);
  const [second, setSecond] = useState<TriedSettings>({ ...AS_SET, denseWeight: 1 });
  const search = useMutation({
    meta: { showsOwnError: true },
    mutationFn: async (): Promise<Found> => {
      const once = (tried: TriedSettings) => unwrap(api.POST("/api/v1/searches", { body: searchRequest(query, [...asked], tried) }));
      // One after the other: each one's timings are its own.
      const found = await once(first);
      return { first: found, second: isComparing ? await once(second) : null };
    },
  });
  const canSearch = query.trim() !== "" && asked.length > 0;
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (canSearch) search.mutate();
  };
  const compare = (on: boolean) => {
    setComparing(on);
    if (on) settings.open();
  };

  return (
    <ScrollArea h="100%" type="auto">
      <Box maw={isComparing ? 1400 : 960} mx="auto" px={{ base: "md", sm: "xl" }} py="lg">
        <Title order={1} fz="xl">
          {t("hitTesting.title")}
        </Title>
        <Text c="dimmed" fz="sm" mt={4} mb="md">
          {t("hitTesting.text")}
        </Text>
        <Group component="form" onSubmit={submit} align="flex-end" gap="xs">
          <TextInput
            flex={1}
            miw={220}
            data-testid="search-input"
            label={t("hitTesting.query")}
            maxLength={4000}
            value={query}
            onChange={(event) => setQuery(event.currentTarget.value)}
          />
          <Button type="submit" leftSection={<IconSearch size={16} />} loading={search.isPending} disabled={!canSearch}>
            {t("hitTesting.search")}
          </Button>
        </Group>
        <Group mt="xs" gap="sm">
          <AskedBases />
          <Button
            size="compact-sm"
            variant="default"
            radius="xl"
            leftSection={<IconAdjustments size={15} stroke={1.7} />}
            aria-expanded={showsSettings}
            data-testid="search-settings"
            onClick={settings.toggle}
          >
            {t("hitTesting.settings")}
          </Button>
          <Switch
            size="sm"
            label={t("hitTesting.compare")}
            data-testid="compare-settings"
            checked={isComparing}
            onChange={(event) => compare(event.currentTarget.checked)}
          />
        </Group>
        <Collapse expanded={showsSettings}>
          <div className={classes.sides} data-two={isComparing || undefined}>
            <SettingsPanel label={isComparing ? t("hitTesting.first") : t("hitTesting.settings")} tried={first} onChange={setFirst} />
            {isComparing && <SettingsPanel label={t("hitTesting.second")} tried={second} onChange={setSecond} />}
          </div>
        </Collapse>
        {search.error && (
          <Alert color="red" variant="light" mt="md">
            {describeError(search.error)}
          </Alert>
        )}
        {search.data && (
          <div className={classes.sides} data-two={search.data.second !== null || undefined}>
            <FoundList result={search.data.first} label={t("hitTesting.first")} other={search.data.second} isNarrow={search.data.second !== null} />
            {search.data.second && <FoundList result={search.data.second} label={t("hitTesting.second")} other={search.data.first} isNarrow />}
          </div>
        )}
      </Box>
    </ScrollArea>
  );
}
