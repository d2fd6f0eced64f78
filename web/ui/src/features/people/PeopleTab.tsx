import { Button, Group, Loader, Pagination, Select, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue, useDisclosure } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { IconPlus, IconSearch } from "@/app/icons";
import { withPaths } from "@/features/invitations/invitations";

import { AddPersonDialog } from "./AddPersonDialog";
import { PAGE, useDepartments, usePeople } from "./people";
import classes from "./PeoplePage.module.css";
import { PersonRow } from "./PersonRow";

export function PeopleTab() {
  const { t } = useTranslation();
  const [search, setSearch] = useState("");
  const [query] = useDebouncedValue(search.trim(), 250);
  const [department, setDepartment] = useState<string | null>(null);
  const [page, setPage] = useState(0);
  const [adding, add] = useDisclosure(false);
  const { data } = usePeople(query, department, page);
  const { data: departments = [] } = useDepartments();
  const choices = withPaths(departments);
  return (
    <Stack gap="md">
      <Group gap="xs" align="flex-end">
        <TextInput
          flex="1 1 200px"
          aria-label={t("people.search")}
          placeholder={t("people.search")}
          leftSection={<IconSearch size={15} stroke={1.7} />}
          value={search}
          onChange={(event) => {
            setSearch(event.currentTarget.value);
            setPage(0);
          }}
        />
        <Select
          flex="1 1 180px"
          aria-label={t("people.department")}
          placeholder={t("people.allDepartments")}
          clearable
          searchable
          data={choices}
          value={department}
          onChange={(value) => {
            setDepartment(value);
            setPage(0);
          }}
        />
        <Button leftSection={<IconPlus size={16} />} onClick={add.open} data-testid="add-person">
          {t("people.add")}
        </Button>
      </Group>
      {!data && <Loader size="sm" type="dots" />}
      {data?.users.length === 0 && <Text c="dimmed">{t("people.nobody")}</Text>}
      <ul className={classes.list}>{data?.users.map((person) => <PersonRow key={person.id} person={person} departments={choices} />)}</ul>
      {data && data.total > PAGE && <Pagination size="sm" total={Math.ceil(data.total / PAGE)} value={page + 1} onChange={(value) => setPage(value - 1)} />}
      <AddPersonDialog opened={adding} departments={choices} onClose={add.close} />
    </Stack>
  );
}
