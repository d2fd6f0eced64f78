import { Avatar, Group, Menu, SegmentedControl, Text, UnstyledButton, useMantineColorScheme } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

import { IconChartBar, IconKey, IconLock, IconLogout, IconPlugConnected, IconSelector, IconShieldCheck, IconUserPlus, IconUsers, IconWorld } from "@/app/icons";
import { chooseLanguage, LANGUAGES, type Language } from "@/i18n";
import { InvitationsDialog } from "@/features/invitations/InvitationsDialog";
import { ConnectModelDialog } from "@/features/models/ConnectModelDialog";
import { useSignOut, useUser } from "@/features/session/session";
import { WebSearchDialog } from "@/features/web-search/WebSearchDialog";

import classes from "./AccountMenu.module.css";
import { ApiKeysDialog } from "./ApiKeysDialog";
import { PasswordDialog } from "./PasswordDialog";

export function AccountMenu() {
  const { t, i18n } = useTranslation();
  const user = useUser();
  const signOut = useSignOut();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [keysOpened, keys] = useDisclosure(false);
  const [passwordOpened, password] = useDisclosure(false);
  const [modelOpened, model] = useDisclosure(false);
  const [invitationsOpened, invitations] = useDisclosure(false);
  const [webOpened, web] = useDisclosure(false);
  const name = user.display_name || user.email;

  return (
    <>
      <Menu width={280} position="top-start" closeOnItemClick>
        <Menu.Target>
          <UnstyledButton className={classes.button} data-testid="account-menu" aria-label={t("account.menu", { name })}>
            <Group gap={8} wrap="nowrap">
              <Avatar size={26} radius="xl" color="pine" name={name} />
              <Text fz="sm" truncate flex={1}>
                {name}
              </Text>
              <IconSelector size={15} color="var(--mantine-color-dimmed)" aria-hidden />
            </Group>
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>
            <Text fz="xs" truncate>
              {user.email}
            </Text>
            <Text fz="xs">{t(`account.role.${user.role}`)}</Text>
          </Menu.Label>
          <Menu.Divider />
          <Menu.Label component="div">
            <Text fz="xs" mb={4} id="choose-language">
              {t("account.language")}
            </Text>
            <SegmentedControl
              fullWidth
              size="xs"
              aria-labelledby="choose-language"
              value={i18n.resolvedLanguage}
              onChange={(value) => chooseLanguage(value as Language)}
              data={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
            />
            <Text fz="xs" mt={8} mb={4} id="choose-theme">
              {t("account.theme")}
            </Text>
            <SegmentedControl
              fullWidth
              size="xs"
              aria-labelledby="choose-theme"
              value={colorScheme}
              onChange={(value) => setColorScheme(value)}
              data={(["light", "dark", "auto"] as const).map((value) => ({ value, label: t(`account.themes.${value}`) }))}
            />
          </Menu.Label>
          <Menu.Divider />
          {user.role === "administrator" && (
            <Menu.Item leftSection={<IconPlugConnected size={16} stroke={1.6} />} onClick={model.open}>
              {t("models.title")}
            </Menu.Item>
          )}
          {user.role === "administrator" && (
            <Menu.Item leftSection={<IconWorld size={16} stroke={1.6} />} onClick={web.open} data-testid="web-search-settings">
              {t("web.title")}
            </Menu.Item>
          )}
          {(user.role === "administrator" || user.role === "manager") && (
            <Menu.Item component={Link} to="/people" leftSection={<IconUsers size={16} stroke={1.6} />} data-testid="people-link">
              {t("people.title")}
            </Menu.Item>
          )}
          {(user.role === "administrator" || user.role === "manager") && (
            <Menu.Item leftSection={<IconUserPlus size={16} stroke={1.6} />} onClick={invitations.open} data-testid="invitations">
              {t("invitations.title")}
            </Menu.Item>
          )}
          {user.role === "administrator" && (
            <Menu.Item component={Link} to="/audit" leftSection={<IconShieldCheck size={16} stroke={1.6} />} data-testid="audit-link">
              {t("audit.title")}
            </Menu.Item>
          )}
          <Menu.Item component={Link} to="/usage" leftSection={<IconChartBar size={16} stroke={1.6} />} data-testid="usage-link">
            {t("usagePage.title")}
          </Menu.Item>
          <Menu.Item leftSection={<IconKey size={16} stroke={1.6} />} onClick={keys.open}>
            {t("apiKeys.title")}
          </Menu.Item>
          <Menu.Item leftSection={<IconLock size={16} stroke={1.6} />} onClick={password.open}>
            {t("password.title")}
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item leftSection={<IconLogout size={16} stroke={1.6} />} onClick={() => signOut.mutate()}>
            {t("account.signOut")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <ApiKeysDialog opened={keysOpened} onClose={keys.close} />
      <PasswordDialog opened={passwordOpened} onClose={password.close} />
      <InvitationsDialog opened={invitationsOpened} onClose={invitations.close} />
      <WebSearchDialog opened={webOpened} onClose={web.close} />
      <ConnectModelDialog opened={modelOpened} onClose={model.close} />
    </>
  );
}
