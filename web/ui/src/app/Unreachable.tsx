import { Button, Center, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { IconPlugConnectedX } from "@/app/icons";

export function Unreachable({ retry }: { retry: () => void }) {
  const { t } = useTranslation();
  return (
    <Center h="100dvh" p="lg">
      <Stack align="center" gap="sm" maw={420} ta="center">
        <IconPlugConnectedX size={36} stroke={1.4} color="var(--mantine-color-dimmed)" aria-hidden />
        <Title order={1} fz="lg">
          {t("unreachable.title")}
        </Title>
        <Text c="dimmed" fz="sm">
          {t("unreachable.text")}
        </Text>
        <Button variant="default" onClick={retry}>
          {t("common.retry")}
        </Button>
      </Stack>
    </Center>
  );
}
