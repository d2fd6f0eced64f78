import { ActionIcon, Alert, Button, Group, Loader, Menu, Modal, Select, Stack, Text, TextInput } from "@mantine/core";
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";

import type { UserGroup } from "@/api/types";
import { ConfirmDialog } from "@/app/ConfirmDialog";
import { IconDots, IconPencil, IconPlus, IconTrash, IconUsersGroup } from "@/app/icons";
import { withPaths } from "@/features/invitations/invitations";
import { useUser } from "@/features/session/session";
import { describeError } from "@/i18n/errors";

import { MembersInput } from "./MembersInput";
import { useDeleteGroup, useDepartments, useGroups, useSaveGroup } from "./people";
import classes from "./PeoplePage.module.css";
import type { Choice } from "./roles";

export function GroupsTab() {
  const { t } = useTranslation();
  const { data } = useGroups();
  const remove = useDeleteGroup();
  const [open, setOpen] = useState<{ group: UserGroup | null } | null>(null);
  const [deleted, setDeleted] = useState<UserGroup | null>(null);
  return (
    <Stack gap="md">
      <Group justify="space-between" align="flex-start">
        <Text fz="sm" c="dimmed" flex="1 1 260px">
          {t("people.groupsText")}
        </Text>
        <Button leftSection={<IconPlus size={16} />} onClick={() => setOpen({ group: null })} data-testid="add-group">
          {t("people.addGroup")}
        </Button>
      </Group>
      {!data && <Loader size="sm" type="dots" />}
      {data?.length === 0 && <Text c="dimmed">{t("people.noGroups")}</Text>}
      <ul className={classes.list}>
        {data?.map((group) => (
          <li key={group.id} data-testid="group-row">
            <IconUsersGroup size={16} stroke={1.6} aria-hidden style={{ flex: "none" }} />
            <div className={classes.name}>
              <Text fz="sm" fw={500} truncate>
                {group.name}
              </Text>
              <Text fz="xs" c="dimmed" truncate>
                {t("people.peopleCount", { count: group.members.length })}
                {group.members.length > 0 && ` · ${group.members.map((one) => one.display_name || one.email).join(t("common.listSeparator"))}`}
              </Text>
            </div>
            <Menu position="bottom-end">
              <Menu.Target>
                <ActionIcon aria-label={t("common.actionsFor", { name: group.name })}>
                  <IconDots size={16} />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item leftSection={<IconPencil size={15} />} onClick={() => setOpen({ group })}>
                  {t("people.changeGroup")}
                </Menu.Item>
                <Menu.Item color="red" leftSection={<IconTrash size={15} />} onClick={() => setDeleted(group)}>
                  {t("common.delete")}
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          </li>
        ))}
      </ul>
      <Modal opened={open !== null} onClose={() => setOpen(null)} title={open?.group ? t("people.changeGroup") : t("people.addGroup")}>
        {open && <GroupForm key={open.group?.id} group={open.group} onClose={() => setOpen(null)} />}
      </Modal>
      <ConfirmDialog
        opened={deleted !== null}
        title={t("people.deleteGroup")}
        text={t("people.deleteGroupText", { name: deleted?.name ?? "" })}
        action={t("common.delete")}
        isBusy={remove.isPending}
        onConfirm={() => deleted && remove.mutate(deleted.id, { onSettled: () => setDeleted(null) })}
        onClose={() => setDeleted(null)}
      />
    </Stack>
  );
}

function GroupForm({ group, onClose }: { group: UserGroup | null; onClose: () => void }) {
  const { t } = useTranslation();
  const user = useUser();
  const save = useSaveGroup();
  const { data: departments = [] } = useDepartments();
  const [name, setName] = useState(group?.name ?? "");
  const [department, setDepartment] = useState<string | null>(user.role === "administrator" ? null : (user.department_id ?? null));
  const [members, setMembers] = useState<Choice[]>(group?.members.map((one) => ({ value: one.id, label: one.display_name || one.email })) ?? []);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    save.mutate({ group, name, department_id: department, member_ids: members.map((one) => one.value) }, { onSuccess: onClose });
  };
  return (
    <Stack component="form" onSubmit={submit}>
      {save.error && (
        <Alert color="red" variant="light" role="alert">
          {describeError(save.error)}
        </Alert>
      )}
      <TextInput label={t("people.groupName")} data-autofocus required withAsterisk={false} maxLength={200} value={name} onChange={(event) => setName(event.currentTarget.value)} data-testid="group-name" />
      {!group && (
        <Select
          label={t("people.keptBy")}
          description={t("people.keptByText")}
          placeholder={t("people.noDepartment")}
          searchable
          clearable={user.role === "administrator"}
          value={department}
          onChange={setDepartment}
          data={withPaths(departments)}
        />
      )}
      <MembersInput members={members} onChange={setMembers} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {t("common.cancel")}
        </Button>
        <Button type="submit" loading={save.isPending} data-testid="group-save">
          {t("common.save")}
        </Button>
      </Group>
    </Stack>
  );
}
