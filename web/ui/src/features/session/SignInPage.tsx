import { Alert, Button, Code, Divider, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useState, type SyntheticEvent } from "react";
import { Trans, useTranslation } from "react-i18next";
import { useLocation, useNavigate } from "react-router";

import { ApiError } from "@/api/errors";
import { describeCode, describeError } from "@/i18n/errors";

import { EntrancePage } from "./EntrancePage";
import { problemOf } from "./problems";
import { useSignIn, useSignInMethods } from "./session";

export function SignInPage() {
  const { t } = useTranslation();
  const location = useLocation();
  const { data: methods } = useSignInMethods();
  const from = (location.state as { from?: string } | null)?.from ?? "/";
  const problem = problemOf(location.search);
  const hasPasswords = methods?.password ?? true;

  return (
    <EntrancePage title={t("signIn.title")}>
      {problem && (
        <Alert color="red" variant="light" role="alert">
          {describeCode(problem, "")}
        </Alert>
      )}
      {methods?.single_sign_on && (
        <Button component="a" href={`/api/v1/single-sign-on/start?next=${encodeURIComponent(from)}`} variant={hasPasswords ? "default" : "filled"} fullWidth data-testid="single-sign-on">
          {methods.single_sign_on_label || t("signIn.singleSignOn")}
        </Button>
      )}
      {methods?.single_sign_on && hasPasswords && <Divider label={t("signIn.or")} />}
      {hasPasswords && <PasswordForm from={from} hasDirectory={methods?.directory} />}
      {hasPasswords && !methods?.single_sign_on && !methods?.directory && (
        <Text c="dimmed" fz="xs" ta="center" lh={1.7}>
          <Trans i18nKey="signIn.firstTime" components={{ code: <Code fz="xs" /> }} />
        </Text>
      )}
    </EntrancePage>
  );
}

function isWrong(error: unknown): boolean {
  return error instanceof ApiError && error.code === "not_authenticated";
}

function PasswordForm({ from, hasDirectory }: { from: string; hasDirectory: boolean | undefined }) {
  const { t } = useTranslation();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const signIn = useSignIn();
  const navigate = useNavigate();

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    signIn.mutate({ email, password }, { onSuccess: () => void navigate(from, { replace: true }) });
  };

  return (
    <Stack component="form" onSubmit={submit} gap="md">
      {signIn.error && (
        <Alert color="red" variant="light" role="alert">
          {isWrong(signIn.error) ? t(hasDirectory ? "signIn.nameRefused" : "signIn.refused") : describeError(signIn.error)}
        </Alert>
      )}
      <TextInput
        data-testid="login-email"
        label={t(hasDirectory ? "signIn.name" : "signIn.email")}
        type={hasDirectory === false ? "email" : "text"}
        autoComplete="username"
        autoFocus
        required
        withAsterisk={false}
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
      />
      <PasswordInput
        data-testid="login-password"
        label={t("signIn.password")}
        autoComplete="current-password"
        required
        withAsterisk={false}
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      <Button data-testid="login-submit" type="submit" loading={signIn.isPending} fullWidth mt={4}>
        {t("signIn.submit")}
      </Button>
    </Stack>
  );
}
