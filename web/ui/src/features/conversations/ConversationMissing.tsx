import { Button, Center, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

import { ApiError } from "@/api/errors";
import { describeError } from "@/i18n/errors";

export function ConversationMissing({ error }: { error: Error }) {
  const { t } = useTranslation();
  const isGone = error instanceof ApiError && (error.status === 404 || error.status === 422);
  return (
    <Center flex={1} p="lg">
      <Stack align="center" gap="sm">
        <Text c="dimmed">{isGone ? t("conversations.missing") : describeError(error)}</Text>
        <Button component={Link} to="/" variant="default">
          {t("conversations.new")}
        </Button>
      </Stack>
    </Center>
  );
}
