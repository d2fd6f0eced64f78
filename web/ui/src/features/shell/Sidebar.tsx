import { ActionIcon, Box, Button, Divider, Group, NavLink, ScrollArea } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "react-router";

import { IconEdit, IconListSearch, IconMessageReport, IconX } from "@/app/icons";
import { Brand } from "@/app/Brand";
import { AccountMenu } from "@/features/account/AccountMenu";
import { ConversationList } from "@/features/conversations/ConversationList";
import { UploadTray } from "@/features/documents/UploadTray";
import { useUser } from "@/features/session/session";
import { KnowledgeBaseList } from "@/features/knowledge-bases/KnowledgeBaseList";

import classes from "./Sidebar.module.css";

/** `isBeside`: it stands beside the page; on a phone it covers it. */
export function Sidebar({ isBeside, onClose }: { isBeside: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  const user = useUser();
  return (
    <>
      <Group h={52} px="sm" justify="space-between" wrap="nowrap" className={classes.fixed}>
        <Brand />
        <ActionIcon hiddenFrom="md" size="lg" aria-label={t("common.close")} onClick={onClose}>
          <IconX size={18} />
        </ActionIcon>
      </Group>
      <Box px="xs" pb={6} className={classes.fixed}>
        <Button
          component={Link}
          to="/"
          variant="default"
          fullWidth
          justify="flex-start"
          leftSection={<IconEdit size={16} stroke={1.7} />}
          onClick={onClose}
        >
          {t("conversations.new")}
        </Button>
      </Box>
      <ScrollArea className={classes.bases} scrollbarSize={8} type="hover" component="section" aria-label={t("bases.title")}>
        <KnowledgeBaseList />
      </ScrollArea>
      {isBeside && <UploadTray />}
      <Divider color="var(--kb-line)" />
      <ScrollArea className={classes.conversations} scrollbarSize={8} type="hover" component="nav" aria-label={t("conversations.title")}>
        <ConversationList />
      </ScrollArea>
      <Divider color="var(--kb-line)" />
      <Box p={6} className={classes.fixed}>
        <NavLink
          component={Link}
          to="/hit-testing"
          active={pathname === "/hit-testing"}
          label={t("hitTesting.title")}
          leftSection={<IconListSearch size={17} stroke={1.6} />}
          className={classes.link}
        />
        {user.role !== "reader" && (
          <NavLink
            component={Link}
            to="/feedback"
            active={pathname === "/feedback"}
            label={t("feedback.title")}
            leftSection={<IconMessageReport size={17} stroke={1.6} />}
            className={classes.link}
          />
        )}
        <AccountMenu />
      </Box>
    </>
  );
}
