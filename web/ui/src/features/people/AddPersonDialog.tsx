import { Alert, Button, Code, Group, Modal, Select, Stack, Text, TextInput } from "@mantine/core";
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";

import type { Role } from "@/api/types";
import { CopyAction } from "@/app/CopyAction";
import { useUser } from "@/features/session/session";
import { describeError } from "@/i18n/errors";

import { useAddPerson } from "./people";
import { rolesToGive, type Choice } from "./roles";

/** Adds somebody with a password that is made and shown once. */
export function AddPersonDialog({ opened, departments, onClose }: { opened: boolean; departments: readonly Choice[]; onClose: () => void }) {
  const { t } = useTranslation();
  const user = useUser();
  const add = useAddPerson();
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("reader");
  const [department, setDepartment] = useState<string | null>(user.role === "administrator" ? null : (user.department_id ?? null));

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    add.mutate(
      { email, display_name: name, role, department_id: department, password: "" },
      {
        onSuccess: () => {
          setEmail("");
          setName("");
        },
      },
    );
  };
  const close = () => {
    add.reset();
    onClose();
  };

  return (
    <Modal opened={opened} onClose={close} title={t("people.add")}>
      <Stack component="form" onSubmit={submit}>
        {add.error && (
          <Alert color="red" variant="light" role="alert">
            {describeError(add.error)}
          </Alert>
        )}
        {add.data && (
          <Alert color="pine" variant="light" title={t("people.added", { email: add.data.email })}>
            <Text fz="sm" mb={6}>
              {t("people.passwordOnce")}
            </Text>
            <Group wrap="nowrap" gap="xs">
              <Code block flex={1} data-testid="made-password">
                {add.data.password}
              </Code>
              <CopyAction text={add.data.password} label={t("common.copy")} size="lg" />
            </Group>
          </Alert>
        )}
        <TextInput label={t("people.email")} type="email" data-autofocus required withAsterisk={false} maxLength={320} value={email} onChange={(event) => setEmail(event.currentTarget.value)} />
        <TextInput label={t("people.name")} maxLength={200} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <Select
          label={t("people.role")}
          description={t(`people.roleText.${role}`)}
          allowDeselect={false}
          value={role}
          onChange={(value) => value && setRole(value)}
          data={rolesToGive(user.role).map((value) => ({ value, label: t(`account.role.${value}`) }))}
        />
        <Select
          label={t("people.department")}
          placeholder={t("people.noDepartment")}
          searchable
          clearable={user.role === "administrator"}
          value={department}
          onChange={setDepartment}
          data={departments}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t("common.close")}
          </Button>
          <Button type="submit" loading={add.isPending} data-testid="add-person-submit">
            {t("people.add")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
