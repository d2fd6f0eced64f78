import { Alert, Button, Group, Modal, PasswordInput, Stack } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";

import { describeError } from "@/i18n/errors";

import { useChangePassword } from "./api-keys";

export function PasswordDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const change = useChangePassword();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [again, setAgain] = useState("");
  const differ = again !== "" && again !== next;

  const close = () => {
    change.reset();
    for (const clear of [setCurrent, setNext, setAgain]) clear("");
    onClose();
  };
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (differ) return;
    change.mutate(
      { current_password: current, new_password: next },
      {
        onSuccess: () => {
          notifications.show({ message: t("password.changed"), withBorder: true });
          close();
        },
      },
    );
  };

  return (
    <Modal opened={opened} onClose={close} title={t("password.title")}>
      <Stack component="form" onSubmit={submit}>
        {change.error && (
          <Alert color="red" variant="light" role="alert">
            {describeError(change.error)}
          </Alert>
        )}
        <PasswordInput label={t("password.current")} autoComplete="current-password" required withAsterisk={false} value={current} onChange={(event) => setCurrent(event.currentTarget.value)} />
        <PasswordInput label={t("password.next")} autoComplete="new-password" required withAsterisk={false} value={next} onChange={(event) => setNext(event.currentTarget.value)} />
        <PasswordInput
          label={t("password.again")}
          autoComplete="new-password"
          required
          withAsterisk={false}
          error={differ ? t("password.differ") : undefined}
          value={again}
          onChange={(event) => setAgain(event.currentTarget.value)}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t("common.cancel")}
          </Button>
          <Button type="submit" loading={change.isPending} disabled={differ}>
            {t("password.submit")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
