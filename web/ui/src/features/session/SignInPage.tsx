import { Alert, Anchor, Button, Center, Code, Group, Paper, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useState, type SyntheticEvent } from "react";
import { Trans, useTranslation } from "react-i18next";
import { useLocation, useNavigate } from "react-router";

import { Brand } from "@/app/Brand";
import { describeError } from "@/i18n/errors";
import { chooseLanguage, LANGUAGES, type Language } from "@/i18n";

import { useSignIn } from "./session";

export function SignInPage() {
  const { t, i18n } = useTranslation();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const signIn = useSignIn();
  const navigate = useNavigate();
  const from = (useLocation().state as { from?: string } | null)?.from ?? "/";

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    signIn.mutate({ email, password }, { onSuccess: () => void navigate(from, { replace: true }) });
  };
  const other: Language = i18n.resolvedLanguage === "zh" ? "en" : "zh";

  return (
    <Center component="main" mih="100dvh" p="md" bg="var(--kb-side)" style={{ overflow: "auto" }}>
      <Stack w={380} maw="100%" gap="lg">
        <Group justify="center">
          <Brand size={34} />
        </Group>
        <Paper component="form" onSubmit={submit} withBorder radius="lg" p="xl" bg="var(--kb-raised)">
          <Stack gap="md">
            <Title order={1} fz="lg">
              {t("signIn.title")}
            </Title>
            {signIn.error && (
              <Alert color="red" variant="light" role="alert">
                {signIn.error && "status" in signIn.error && signIn.error.status === 401
                  ? t("signIn.refused")
                  : describeError(signIn.error)}
              </Alert>
            )}
            <TextInput
              data-testid="login-email"
              label={t("signIn.email")}
              type="email"
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
        </Paper>
        <Text c="dimmed" fz="xs" ta="center" lh={1.7}>
          <Trans i18nKey="signIn.firstTime" components={{ code: <Code fz="xs" /> }} />
        </Text>
        <Anchor component="button" type="button" c="dimmed" fz="xs" ta="center" onClick={() => chooseLanguage(other)} lang={other}>
          {LANGUAGES[other]}
        </Anchor>
      </Stack>
    </Center>
  );
}
