import { ActionIcon, Alert, Button, Group, Loader, Menu, Modal, NumberInput, Select, Stack, Text, TextInput } from "@mantine/core";
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";

import type { Department } from "@/api/types";
import { ConfirmDialog } from "@/app/ConfirmDialog";
import { IconBuilding, IconDots, IconPencil, IconPlus, IconTrash } from "@/app/icons";
import { withPaths } from "@/features/invitations/invitations";
import { useUser } from "@/features/session/session";
import { describeError } from "@/i18n/errors";
import { useFormats } from "@/i18n/format";

import { useAddDepartment, useChangeDepartment, useDeleteDepartment, useDepartments } from "./people";
import classes from "./PeoplePage.module.css";
import { tree, withBelow } from "./tree";

/** `department`: is changed; `parent`: a new one comes below it. */
type Open = { department: Department | null; parent: string | null };

export function DepartmentsTab() {
  const { t } = useTranslation();
  const isAdministrator = useUser().role === "administrator";
  const { data } = useDepartments();
  const remove = useDeleteDepartment();
  const [open, setOpen] = useState<Open | null>(null);
  const [deleted, setDeleted] = useState<Department | null>(null);
  return (
    <Stack gap="md">
      <Group justify="space-between" align="flex-start">
        <Text fz="sm" c="dimmed" flex="1 1 260px">
          {t("people.departmentsText")}
        </Text>
        {isAdministrator && (
          <Button leftSection={<IconPlus size={16} />} onClick={() => setOpen({ department: null, parent: null })} data-testid="add-department">
            {t("people.addDepartment")}
          </Button>
        )}
      </Group>
      {!data && <Loader size="sm" type="dots" />}
      {data?.length === 0 && <Text c="dimmed">{t("people.noDepartments")}</Text>}
      <ul className={classes.list}>
        {tree(data ?? []).map(({ department, depth }) => (
          <li key={department.id} data-testid="department-row" style={{ paddingLeft: 14 + Math.min(depth, 6) * 22 }}>
            <IconBuilding size={16} stroke={1.6} aria-hidden style={{ flex: "none" }} />
            <div className={classes.name}>
              <Text fz="sm" fw={500} truncate>
                {department.name}
              </Text>
              <Text fz="xs" c="dimmed" truncate>
                {t("people.peopleCount", { count: department.user_count })} · {t("people.basesCount", { count: department.knowledge_base_count })}
              </Text>
              <QuotaLine department={department} />
            </div>
            <Menu position="bottom-end">
              <Menu.Target>
                <ActionIcon aria-label={t("common.actionsFor", { name: department.name })}>
                  <IconDots size={16} />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item leftSection={<IconPlus size={15} />} onClick={() => setOpen({ department: null, parent: department.id })}>
                  {t("people.addBelow")}
                </Menu.Item>
                <Menu.Item leftSection={<IconPencil size={15} />} onClick={() => setOpen({ department, parent: department.parent_id })}>
                  {t("people.changeDepartment")}
                </Menu.Item>
                <Menu.Item color="red" leftSection={<IconTrash size={15} />} onClick={() => setDeleted(department)}>
                  {t("common.delete")}
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          </li>
        ))}
      </ul>
      <Modal opened={open !== null} onClose={() => setOpen(null)} title={open?.department ? t("people.changeDepartment") : t("people.addDepartment")}>
        {open && <DepartmentForm key={open.department?.id ?? open.parent} open={open} departments={data ?? []} isAdministrator={isAdministrator} onClose={() => setOpen(null)} />}
      </Modal>
      <ConfirmDialog
        opened={deleted !== null}
        title={t("people.deleteDepartment")}
        text={t("people.deleteDepartmentText", { name: deleted?.name ?? "" })}
        action={t("common.delete")}
        isBusy={remove.isPending}
        onConfirm={() => deleted && remove.mutate(deleted.id, { onSettled: () => setDeleted(null) })}
        onClose={() => setDeleted(null)}
      />
    </Stack>
  );
}

/** What a department with quotas has of them. */
function QuotaLine({ department }: { department: Department }) {
  const { t } = useTranslation();
  const format = useFormats();
  const parts = [
    department.storage_mib !== null && t("people.quotas.storageUsed", { used: format.bytes(department.bytes_held), most: format.bytes(department.storage_mib * 1024 * 1024) }),
    department.documents !== null && t("people.quotas.documentsUsed", { used: format.count(department.documents_held), most: format.count(department.documents) }),
    department.tokens_per_day !== null && t("people.quotas.tokensUsed", { used: format.count(department.tokens_today), most: format.count(department.tokens_per_day) }),
  ].filter((part) => part !== false);
  if (parts.length === 0) return null;
  return (
    <Text fz="xs" c="dimmed" data-testid="quota-line">
      {parts.join(" · ")}
    </Text>
  );
}

type Quotas = Pick<Department, "storage_mib" | "documents" | "tokens_per_day">;

function QuotaInputs({ value, onChange }: { value: Quotas; onChange: (value: Quotas) => void }) {
  const { t } = useTranslation();
  return (
    <>
      <Text fz="sm" c="dimmed">
        {t("people.quotas.text")}
      </Text>
      <Group grow align="flex-end">
        {(["storage_mib", "documents", "tokens_per_day"] as const).map((name) => (
          <NumberInput
            key={name}
            label={t(`people.quotas.${name}`)}
            placeholder={t("people.quotas.none")}
            min={0}
            allowDecimal={false}
            thousandSeparator=","
            value={value[name] ?? ""}
            onChange={(count) => onChange({ ...value, [name]: typeof count === "number" ? count : null })}
            data-testid={`quota-${name}`}
          />
        ))}
      </Group>
    </>
  );
}

type FormProps = { open: Open; departments: readonly Department[]; isAdministrator: boolean; onClose: () => void };

function DepartmentForm({ open: { department, parent: initial }, departments, isAdministrator, onClose }: FormProps) {
  const { t } = useTranslation();
  const add = useAddDepartment();
  const change = useChangeDepartment();
  const [name, setName] = useState(department?.name ?? "");
  const [parent, setParent] = useState<string | null>(initial);
  const [quotas, setQuotas] = useState<Quotas>({
    storage_mib: department?.storage_mib ?? null,
    documents: department?.documents ?? null,
    tokens_per_day: department?.tokens_per_day ?? null,
  });
  const isKnown = (id: string | null) => departments.some((one) => one.id === id);
  const closed = department ? withBelow(departments, department.id) : new Set<string>();
  const error = add.error ?? change.error;
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!department) add.mutate({ name, parent_id: parent }, { onSuccess: onClose });
    else {
      const moved = parent === department.parent_id ? {} : { parent_id: parent };
      change.mutate({ id: department.id, change: { name, ...moved, ...(isAdministrator && quotas) } }, { onSuccess: onClose });
    }
  };
  return (
    <Stack component="form" onSubmit={submit}>
      {error && (
        <Alert color="red" variant="light" role="alert">
          {describeError(error)}
        </Alert>
      )}
      <TextInput label={t("people.departmentName")} data-autofocus required withAsterisk={false} maxLength={200} value={name} onChange={(event) => setName(event.currentTarget.value)} data-testid="department-name" />
      {(isAdministrator || isKnown(parent)) && (
        <Select
          label={t("people.parent")}
          placeholder={t("people.top")}
          searchable
          clearable={isAdministrator}
          value={parent}
          onChange={setParent}
          data={withPaths(departments.filter((one) => !closed.has(one.id)))}
        />
      )}
      {department && isAdministrator && <QuotaInputs value={quotas} onChange={setQuotas} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {t("common.cancel")}
        </Button>
        <Button type="submit" loading={add.isPending || change.isPending} data-testid="department-save">
          {t("common.save")}
        </Button>
      </Group>
    </Stack>
  );
}
