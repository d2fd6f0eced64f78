import { ActionIcon, Badge, Group, Menu, Select, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { Person, Role } from "@/api/types";
import { IconDots, IconPlayerPause, IconPlayerPlay } from "@/app/icons";
import { useUser } from "@/features/session/session";

import { useChangePerson } from "./people";
import classes from "./PeoplePage.module.css";
import { rolesToGive, type Choice } from "./roles";

/** One person, with their role and department to be changed in place. Oneself is changed by somebody else. */
export function PersonRow({ person, departments }: { person: Person; departments: readonly Choice[] }) {
  const { t } = useTranslation();
  const user = useUser();
  const change = useChangePerson();
  const name = person.display_name || person.email;
  const isFixed = person.id === user.id || (person.role === "administrator" && user.role !== "administrator");
  const set = (wanted: Parameters<typeof change.mutate>[0]["change"]) => change.mutate({ id: person.id, change: wanted });
  return (
    <li className={classes.person} data-testid="person-row" data-email={person.email} data-active={person.is_active}>
      <div className={classes.name}>
        <Group gap={8} wrap="nowrap">
          <Text fz="sm" fw={500} truncate c={person.is_active ? undefined : "dimmed"}>
            {name}
          </Text>
          {!person.is_active && (
            <Badge size="sm" color="gray" variant="light" tt="none" style={{ flex: "none" }}>
              {t("people.suspended")}
            </Badge>
          )}
          {person.id === user.id && (
            <Badge size="sm" variant="light" tt="none" style={{ flex: "none" }}>
              {t("people.you")}
            </Badge>
          )}
        </Group>
        {person.display_name && (
          <Text fz="xs" c="dimmed" truncate>
            {person.email}
          </Text>
        )}
      </div>
      <div className={classes.choices}>
        <Select
          size="xs"
          className={classes.role}
          aria-label={t("people.roleOf", { name })}
          allowDeselect={false}
          disabled={isFixed || change.isPending}
          value={person.role}
          onChange={(role) => role && set({ role })}
          data={rolesToGive(user.role, person.role).map((value: Role) => ({ value, label: t(`account.role.${value}`) }))}
        />
        <Select
          size="xs"
          className={classes.department}
          aria-label={t("people.departmentOf", { name })}
          placeholder={t("people.noDepartment")}
          searchable
          clearable={user.role === "administrator" && !isFixed}
          disabled={isFixed || change.isPending}
          value={person.department_id}
          onChange={(department_id) => set({ department_id })}
          data={departments}
        />
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon aria-label={t("common.actionsFor", { name })} disabled={isFixed}>
              <IconDots size={16} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {person.is_active ? (
              <Menu.Item color="red" leftSection={<IconPlayerPause size={15} />} onClick={() => set({ is_active: false })}>
                {t("people.suspend")}
              </Menu.Item>
            ) : (
              <Menu.Item leftSection={<IconPlayerPlay size={15} />} onClick={() => set({ is_active: true })}>
                {t("people.reinstate")}
              </Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      </div>
    </li>
  );
}
