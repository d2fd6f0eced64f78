import { MultiSelect } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { usePeople } from "./people";
import type { Choice } from "./roles";

/** Who is in a group; people are found by a part of their name. */
export function MembersInput({ members, onChange }: { members: readonly Choice[]; onChange: (members: Choice[]) => void }) {
  const { t } = useTranslation();
  const [search, setSearch] = useState("");
  const [query] = useDebouncedValue(search.trim(), 200);
  const { data } = usePeople(query, null, 0);
  const found = (data?.users ?? []).map((one) => ({ value: one.id, label: one.display_name ? `${one.display_name} (${one.email})` : one.email }));
  const offered = new Map([...found, ...members].map((one) => [one.value, one]));
  return (
    <MultiSelect
      label={t("people.members")}
      placeholder={t("people.search")}
      searchable
      searchValue={search}
      onSearchChange={setSearch}
      value={members.map((one) => one.value)}
      onChange={(ids) => onChange(ids.flatMap((id) => offered.get(id) ?? []))}
      data={[...offered.values()]}
      filter={({ options }) => options}
      nothingFoundMessage={t("people.nobody")}
      maxDropdownHeight={220}
      data-testid="group-members"
    />
  );
}
