import { Group, Select, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { Subject } from "@/api/types";

import { useSubjects } from "./sharing";
import { SubjectIcon } from "./SubjectName";
import { choices, keyOf } from "./subjects";

type Props = { label: string; taken: readonly Subject[]; withEveryone?: boolean; onPick: (subject: Subject) => void };

/** Finds departments, groups and people by a part of their name. */
export function SubjectPicker({ label, taken, withEveryone = false, onPick }: Props) {
  const { t } = useTranslation();
  const [search, setSearch] = useState("");
  const [query] = useDebouncedValue(search.trim(), 200);
  const { data, isFetching } = useSubjects(query);
  const offered = choices(query ? (data ?? []) : [], taken, withEveryone);
  const byKey = new Map(offered.map((subject) => [keyOf(subject), subject]));
  const nameOf = (subject: Subject) => subject.name || t("sharing.everyone");
  return (
    <Select
      label={label}
      placeholder={t("sharing.search")}
      searchable
      value={null}
      searchValue={search}
      onSearchChange={setSearch}
      onChange={(key) => {
        const picked = key ? byKey.get(key) : undefined;
        if (!picked) return;
        onPick(picked);
        setSearch("");
      }}
      data={offered.map((subject) => ({ value: keyOf(subject), label: nameOf(subject) }))}
      filter={({ options, search: wanted }) =>
        // What the server found stays; only everyone, which it does not know, has to match here.
        options.filter((option) => "value" in option && (option.value !== "everyone:" || option.label.toLowerCase().includes(wanted.trim().toLowerCase())))
      }
      renderOption={({ option }) => {
        const subject = byKey.get(option.value);
        return (
          <Group gap={8} wrap="nowrap" miw={0} flex={1}>
            {subject && <SubjectIcon kind={subject.kind} />}
            <Text fz="sm" truncate flex={1} miw={0}>
              {option.label}
            </Text>
            {subject && subject.kind !== "everyone" && (
              <Text fz="xs" c="dimmed" style={{ flex: "none" }}>
                {t(`sharing.kind.${subject.kind}`)}
              </Text>
            )}
          </Group>
        );
      }}
      nothingFoundMessage={query ? (isFetching ? t("sharing.searching") : t("sharing.nobody")) : t("sharing.hint")}
      data-testid="subject-picker"
    />
  );
}
