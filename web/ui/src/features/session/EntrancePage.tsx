import { Anchor, Center, Group, Paper, Stack, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { Brand } from "@/app/Brand";
import { chooseLanguage, LANGUAGES, type Language } from "@/i18n";

/** The frame of the pages that are there before one is signed in. */
export function EntrancePage({ title, children }: { title: string; children: ReactNode }) {
  const { i18n } = useTranslation();
  const other: Language = i18n.resolvedLanguage === "zh" ? "en" : "zh";
  return (
    <Center component="main" mih="100dvh" p="md" bg="var(--kb-side)" style={{ overflow: "auto" }}>
      <Stack w={380} maw="100%" gap="lg">
        <Group justify="center">
          <Brand size={34} />
        </Group>
        <Paper withBorder radius="lg" p="xl" bg="var(--kb-raised)">
          <Stack gap="md">
            <Title order={1} fz="lg">
              {title}
            </Title>
            {children}
          </Stack>
        </Paper>
        <Anchor component="button" type="button" c="dimmed" fz="xs" ta="center" onClick={() => chooseLanguage(other)} lang={other}>
          {LANGUAGES[other]}
        </Anchor>
      </Stack>
    </Center>
  );
}
