import { Box, Button, Group, NumberInput, Slider, Stack, Switch, TagsInput, Text, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { AS_SET, type TriedSettings } from "./settings";
import classes from "./HitTestingPage.module.css";

type Props = { label: string; tried: TriedSettings; onChange: (tried: TriedSettings) => void };

/** The settings of one side. */
export function SettingsPanel({ label, tried, onChange }: Props) {
  const { t } = useTranslation();
  const set = <Name extends keyof TriedSettings>(name: Name, value: TriedSettings[Name]) => onChange({ ...tried, [name]: value });
  return (
    <Box component="fieldset" className={classes.settings}>
      <Group justify="space-between" mb={8}>
        <Text component="legend" fz="sm" fw={600} p={0}>
          {label}
        </Text>
        <Button size="compact-xs" variant="subtle" color="gray" onClick={() => onChange(AS_SET)}>
          {t("hitTesting.asSet")}
        </Button>
      </Group>
      <Stack gap={10}>
        <Weight label={t("hitTesting.denseWeight")} most={1} value={tried.denseWeight} onChange={(value) => set("denseWeight", value)} />
        <Weight label={t("hitTesting.feedbackWeight")} most={2} value={tried.feedbackWeight} onChange={(value) => set("feedbackWeight", value)} />
        <Weight label={t("hitTesting.wordsWeight")} most={2} value={tried.wordsWeight} onChange={(value) => set("wordsWeight", value)} />
        <Group gap="sm" align="flex-end">
          <NumberInput
            w={92}
            size="xs"
            label={t("hitTesting.limit")}
            min={1}
            max={100}
            value={tried.limit}
            onChange={(value) => set("limit", Number(value) || AS_SET.limit)}
          />
          <NumberInput
            w={110}
            size="xs"
            label={t("hitTesting.candidates")}
            placeholder={t("hitTesting.usual")}
            min={1}
            max={500}
            value={tried.candidates ?? ""}
            onChange={(value) => set("candidates", Number(value) || null)}
          />
          <Switch
            size="xs"
            mb={6}
            label={t("hitTesting.reranking")}
            checked={tried.reranking}
            onChange={(event) => set("reranking", event.currentTarget.checked)}
          />
        </Group>
        <Group gap="sm" align="flex-end" grow>
          <TextInput size="xs" label={t("hitTesting.folder")} value={tried.folder} maxLength={512} onChange={(event) => set("folder", event.currentTarget.value)} />
          <TagsInput size="xs" label={t("hitTesting.tags")} value={tried.tags} maxTags={20} onChange={(tags) => set("tags", tags)} />
        </Group>
      </Stack>
    </Box>
  );
}

type WeightProps = { label: string; most: number; value: number | null; onChange: (value: number | null) => void };

function Weight({ label, most, value, onChange }: WeightProps) {
  const { t } = useTranslation();
  return (
    <Box>
      <Group justify="space-between" gap={6}>
        <Text fz="xs">{label}</Text>
        <Text fz="xs" c="dimmed" style={{ fontVariantNumeric: "tabular-nums" }}>
          {value === null ? t("hitTesting.usual") : value.toFixed(2)}
        </Text>
      </Group>
      <Slider
        size="sm"
        min={0}
        max={most}
        step={0.05}
        label={null}
        value={value ?? most / 2}
        onChange={onChange}
        thumbLabel={label}
        // As set: nothing is chosen, so no part of the track is filled.
        styles={value === null ? { bar: { visibility: "hidden" }, thumb: { borderColor: "var(--mantine-color-dimmed)" } } : undefined}
      />
    </Box>
  );
}
