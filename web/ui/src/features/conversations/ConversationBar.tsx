import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { ConversationWithTurns } from "@/api/types";

import classes from "./ConversationPage.module.css";

export function ConversationBar({ conversation }: { conversation: ConversationWithTurns | undefined }) {
  const { t } = useTranslation();
  const title = conversation ? conversation.title || t("conversations.untitled") : "";
  return (
    <header className={classes.bar}>
      <Text component="h1" fz="sm" fw={600} truncate title={title}>
        {title}
      </Text>
    </header>
  );
}
