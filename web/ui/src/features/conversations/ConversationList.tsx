import { ActionIcon, Box, Group, Menu, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation, useNavigate } from "react-router";

import { IconDots, IconPencil, IconTrash } from "@/app/icons";
import type { Conversation } from "@/api/types";
import { ConfirmDialog } from "@/app/ConfirmDialog";
import { SectionHeader } from "@/features/shell/SectionHeader";

import classes from "./ConversationList.module.css";
import { useConversations, useDeleteConversation } from "./conversations";
import { RenameDialog } from "./RenameDialog";

export function ConversationList() {
  const { t } = useTranslation();
  const { data: conversations } = useConversations();
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const remove = useDeleteConversation();
  const [renamed, setRenamed] = useState<Conversation | null>(null);
  const [deleted, setDeleted] = useState<Conversation | null>(null);

  return (
    <Box pb={6}>
      <SectionHeader title={t("conversations.title")} />
      {conversations?.length === 0 && (
        <Text fz="sm" c="dimmed" px="sm" pb={6}>
          {t("conversations.none")}
        </Text>
      )}
      <ul className={classes.list}>
        {conversations?.map((conversation) => {
          const path = `/c/${conversation.id}`;
          const title = conversation.title || t("conversations.untitled");
          return (
            <li key={conversation.id} className={classes.item} data-current={pathname === path || undefined}>
              <Group wrap="nowrap" gap={2}>
                <Link to={path} className={classes.link} aria-current={pathname === path ? "page" : undefined} title={title}>
                  {title}
                </Link>
                <Menu position="bottom-end">
                  <Menu.Target>
                    <ActionIcon size="sm" className={classes.more} aria-label={t("common.actionsFor", { name: title })}>
                      <IconDots size={15} />
                    </ActionIcon>
                  </Menu.Target>
                  <Menu.Dropdown>
                    <Menu.Item leftSection={<IconPencil size={15} />} onClick={() => setRenamed(conversation)}>
                      {t("common.rename")}
                    </Menu.Item>
                    <Menu.Item color="red" leftSection={<IconTrash size={15} />} onClick={() => setDeleted(conversation)}>
                      {t("common.delete")}
                    </Menu.Item>
                  </Menu.Dropdown>
                </Menu>
              </Group>
            </li>
          );
        })}
      </ul>
      <RenameDialog key={renamed?.id} conversation={renamed} onClose={() => setRenamed(null)} />
      <ConfirmDialog
        opened={deleted !== null}
        title={t("conversations.deleteTitle")}
        text={t("conversations.deleteText", { name: deleted?.title ?? "" })}
        action={t("common.delete")}
        isBusy={remove.isPending}
        onConfirm={() => {
          if (!deleted) return;
          const wasShown = pathname === `/c/${deleted.id}`;
          remove.mutate(deleted.id, {
            onSuccess: () => {
              setDeleted(null);
              if (wasShown) void navigate("/");
            },
          });
        }}
        onClose={() => setDeleted(null)}
      />
    </Box>
  );
}
