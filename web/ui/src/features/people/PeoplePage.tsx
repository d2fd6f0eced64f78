import { Stack, Tabs, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Navigate } from "react-router";

import { IconBuilding, IconUser, IconUsersGroup } from "@/app/icons";
import { useUser } from "@/features/session/session";

import { DepartmentsTab } from "./DepartmentsTab";
import { GroupsTab } from "./GroupsTab";
import classes from "./PeoplePage.module.css";
import { PeopleTab } from "./PeopleTab";

/** People, departments and groups: all of them for administrators, their own for managers of departments. */
export default function PeoplePage() {
  const { t } = useTranslation();
  const { role } = useUser();
  if (role !== "administrator" && role !== "manager") return <Navigate to="/" replace />;
  return (
    <Stack className={classes.page} gap="md" data-testid="people-page">
      <div>
        <Title order={1} fz={22}>
          {t("people.title")}
        </Title>
        {role === "manager" && (
          <Text fz="sm" c="dimmed" mt={4}>
            {t("people.ofManager")}
          </Text>
        )}
      </div>
      <Tabs defaultValue="people" keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="people" leftSection={<IconUser size={15} stroke={1.7} />}>
            {t("people.people")}
          </Tabs.Tab>
          <Tabs.Tab value="departments" leftSection={<IconBuilding size={15} stroke={1.7} />} data-testid="departments-tab">
            {t("people.departments")}
          </Tabs.Tab>
          <Tabs.Tab value="groups" leftSection={<IconUsersGroup size={15} stroke={1.7} />} data-testid="groups-tab">
            {t("people.groups")}
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="people">
          <PeopleTab />
        </Tabs.Panel>
        <Tabs.Panel value="departments">
          <DepartmentsTab />
        </Tabs.Panel>
        <Tabs.Panel value="groups">
          <GroupsTab />
        </Tabs.Panel>
      </Tabs>
    </Stack>
  );
}
