import { ActionIcon, Button, Group, Modal, Select, Stack, Table, Text, TextInput } from "@mantine/core";
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";

import { IconTrash } from "@/app/icons";
import { ShownOnce } from "@/app/ShownOnce";
import type { Role } from "@/api/types";
import { useUser } from "@/features/session/session";
import { useFormats } from "@/i18n/format";

import { invitationLink, useInvitations, useInvite, useInvitingDepartments, useWithdrawInvitation } from "./invitations";

const DAYS = ["1", "7", "30"] as const;
const ROLES: Role[] = ["reader", "editor", "manager", "administrator"];

export function InvitationsDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const format = useFormats();
  const user = useUser();
  const { data: invitations } = useInvitations(opened);
  const { data: departments = [] } = useInvitingDepartments(opened);
  const invite = useInvite();
  const withdraw = useWithdrawInvitation();
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("reader");
  const [department, setDepartment] = useState<string | null>(user.role === "administrator" ? null : (user.department_id ?? null));
  const [days, setDays] = useState<string>("7");
  const names = new Map(departments.map((one) => [one.value, one.label]));

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    invite.mutate({ email, role, department_id: department, days: Number(days) }, { onSuccess: () => setEmail("") });
  };
  const close = () => {
    invite.reset();
    onClose();
  };

  return (
    <Modal opened={opened} onClose={close} title={t("invitations.title")} size="lg">
      <Stack gap="md">
        <Text fz="sm" c="dimmed">
          {t("invitations.text")}
        </Text>
        <Stack component="form" onSubmit={submit} gap="xs">
          <Group grow preventGrowOverflow={false} align="flex-start" gap="xs">
            <Select
              miw={150}
              label={t("invitations.role")}
              allowDeselect={false}
              value={role}
              onChange={(value) => setRole(value ?? "reader")}
              data={ROLES.filter((one) => one !== "administrator" || user.role === "administrator").map((value) => ({ value, label: t(`account.role.${value}`) }))}
            />
            <Select
              miw={200}
              label={t("invitations.department")}
              placeholder={t("invitations.noDepartment")}
              searchable
              clearable={user.role === "administrator"}
              value={department}
              onChange={setDepartment}
              data={departments}
            />
          </Group>
          <Group grow preventGrowOverflow={false} align="flex-end" gap="xs">
            <TextInput miw={200} label={t("invitations.email")} placeholder={t("invitations.anybody")} type="email" maxLength={320} value={email} onChange={(event) => setEmail(event.currentTarget.value)} />
            <Select miw={110} label={t("apiKeys.validity")} allowDeselect={false} value={days} onChange={(value) => setDays(value ?? "7")} data={DAYS.map((value) => ({ value, label: t("apiKeys.days", { count: Number(value) }) }))} />
            <Button type="submit" loading={invite.isPending} data-testid="make-invitation">
              {t("invitations.create")}
            </Button>
          </Group>
        </Stack>
        {invite.data && <ShownOnce title={t("invitations.shownOnce")} text={invitationLink(invite.data.token)} testId="invitation-link" />}
        {invitations && invitations.length > 0 && (
          <Table.ScrollContainer minWidth={520}>
            <Table fz="sm" verticalSpacing={6}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("invitations.for")}</Table.Th>
                  <Table.Th>{t("invitations.role")}</Table.Th>
                  <Table.Th>{t("invitations.department")}</Table.Th>
                  <Table.Th>{t("invitations.by")}</Table.Th>
                  <Table.Th>{t("apiKeys.expires")}</Table.Th>
                  <Table.Th />
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {invitations.map((one) => (
                  <Table.Tr key={one.id}>
                    <Table.Td>{one.email || t("invitations.anybody")}</Table.Td>
                    <Table.Td>{t(`account.role.${one.role}`)}</Table.Td>
                    <Table.Td>{one.department_id ? names.get(one.department_id) : t("invitations.noDepartment")}</Table.Td>
                    <Table.Td>{one.invited_by}</Table.Td>
                    <Table.Td>{format.date(one.expires_at)}</Table.Td>
                    <Table.Td>
                      <ActionIcon color="red" aria-label={t("invitations.withdraw", { name: one.email || t("invitations.anybody") })} onClick={() => withdraw.mutate(one.id)}>
                        <IconTrash size={16} stroke={1.6} />
                      </ActionIcon>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Stack>
    </Modal>
  );
}
