import { Alert, Button, Loader, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation, useNavigate } from "react-router";

import { ApiError } from "@/api/errors";
import { EntrancePage } from "@/features/session/EntrancePage";
import { useAcceptInvitation } from "@/features/session/session";
import { describeError } from "@/i18n/errors";
import { useFormats } from "@/i18n/format";

import { useInvitationLook } from "./invitations";

const LEAST_PASSWORD_CHARACTERS = 8;

export function InvitationPage() {
  const { t } = useTranslation();
  const format = useFormats();
  const navigate = useNavigate();
  const token = useLocation().hash.slice(1);
  const { data: look, error } = useInvitationLook(token);
  const accept = useAcceptInvitation();
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    accept.mutate({ token, email, display_name: name, password }, { onSuccess: () => void navigate("/", { replace: true }) });
  };

  return (
    <EntrancePage title={t("invitations.welcome")}>
      {error && (
        <>
          <Alert color="red" variant="light" role="alert">
            {describeLinkError(error, t("invitations.gone"))}
          </Alert>
          <Button component={Link} to="/" variant="default">
            {t("signIn.submit")}
          </Button>
        </>
      )}
      {!look && !error && <Loader size="sm" type="dots" color="gray" mx="auto" />}
      {look && (
        <Stack component="form" onSubmit={submit} gap="md">
          <Text fz="sm" c="dimmed">
            {t("invitations.offers", { role: t(`account.role.${look.role}`), date: format.date(look.expires_at) })}
            {look.department && ` ${t("invitations.into", { department: look.department })}`}
          </Text>
          {accept.error && (
            <Alert color="red" variant="light" role="alert">
              {describeLinkError(accept.error, t("invitations.gone"))}
            </Alert>
          )}
          <TextInput data-testid="invited-email" label={t("signIn.email")} type="email" autoComplete="username" required withAsterisk={false} readOnly={look.email !== ""} value={look.email || email} onChange={(event) => setEmail(event.currentTarget.value)} />
          <TextInput data-testid="invited-name" label={t("invitations.name")} autoComplete="name" maxLength={200} value={name} onChange={(event) => setName(event.currentTarget.value)} />
          <PasswordInput
            data-testid="invited-password"
            label={t("signIn.password")}
            description={t("invitations.atLeast", { count: LEAST_PASSWORD_CHARACTERS })}
            autoComplete="new-password"
            required
            withAsterisk={false}
            minLength={LEAST_PASSWORD_CHARACTERS}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <Button type="submit" loading={accept.isPending} fullWidth mt={4} data-testid="accept-invitation">
            {t("invitations.accept")}
          </Button>
        </Stack>
      )}
    </EntrancePage>
  );
}

function describeLinkError(error: Error, gone: string): string {
  return error instanceof ApiError && error.status === 404 ? gone : describeError(error);
}
