import { Alert, Loader, Modal, MultiSelect, Stack, Switch, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { describeError } from "@/i18n/errors";

import { useChangeWebSearch, useDepartmentChoices, useWebSearch } from "./web-search";

const NAMES: Record<string, string> = { searxng: "SearXNG", bocha: "Bocha" };

/** Who may ask the web; for administrators. */
export function WebSearchDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const { data, error } = useWebSearch(opened);
  const departments = useDepartmentChoices(opened);
  const change = useChangeWebSearch();
  return (
    <Modal opened={opened} onClose={onClose} title={t("web.title")}>
      <Stack gap="md">
        <Text fz="sm" c="dimmed">
          {t("web.text")}
        </Text>
        {error && (
          <Alert color="red" variant="light" role="alert">
            {describeError(error)}
          </Alert>
        )}
        {!data && !error && <Loader size="sm" type="dots" />}
        {data && !data.provider && (
          <Alert color="gray" variant="light" data-testid="web-not-configured">
            {t("web.configure")}
          </Alert>
        )}
        {data && (
          <Switch
            label={t("web.everyone")}
            description={data.provider ? t("web.engine", { name: NAMES[data.provider] ?? data.provider }) : undefined}
            checked={data.everyone}
            disabled={change.isPending}
            data-testid="web-everyone"
            onChange={(event) => change.mutate({ everyone: event.currentTarget.checked, department_ids: data.department_ids })}
          />
        )}
        {data && !data.everyone && (departments.data?.length ?? 0) > 0 && (
          <MultiSelect
            label={t("web.departments")}
            description={t("web.departmentsBelow")}
            data={departments.data ?? []}
            value={data.department_ids}
            disabled={change.isPending}
            searchable
            clearable
            data-testid="web-departments"
            onChange={(department_ids) => change.mutate({ everyone: false, department_ids })}
          />
        )}
      </Stack>
    </Modal>
  );
}
