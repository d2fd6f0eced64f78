import { ActionIcon, Box, Checkbox, Collapse, Group, Menu, Text, Tooltip, UnstyledButton } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { IconChevronRight, IconDots, IconMessageReport, IconPencil, IconShare, IconTrash } from "@/app/icons";
import type { KnowledgeBase } from "@/api/types";
import { DocumentList } from "@/features/documents/DocumentList";
import { useFormats } from "@/i18n/format";

import classes from "./KnowledgeBaseItem.module.css";
import { useSelection } from "./selection";

type Props = { base: KnowledgeBase; onShare: () => void; onRename: () => void; onEmbed: () => void; onDelete: () => void };

export function KnowledgeBaseItem({ base, onShare, onRename, onEmbed, onDelete }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const { asked, toggleAsked, openId, setOpenId } = useSelection();
  const isOpen = openId === base.id;
  const counts =
    base.ready_count === base.document_count
      ? format.count(base.document_count)
      : `${format.count(base.ready_count)}/${format.count(base.document_count)}`;

  return (
    <Box data-testid="kb-item" data-open={isOpen || undefined}>
      <Group wrap="nowrap" gap={0} className={classes.row} mod={{ open: isOpen }}>
        <Tooltip label={t("bases.ask")} position="right">
          <Checkbox
            size="xs"
            className={classes.tick}
            aria-label={t("bases.askNamed", { name: base.name })}
            checked={asked.includes(base.id)}
            onChange={() => toggleAsked(base.id)}
          />
        </Tooltip>
        <UnstyledButton className={classes.name} aria-expanded={isOpen} onClick={() => setOpenId(isOpen ? null : base.id)} title={base.description || base.name}>
          <Text fz="sm" fw={isOpen ? 600 : 500} truncate flex={1}>
            {base.name}
          </Text>
          <Text fz="xs" c="dimmed" aria-label={t("bases.counts", { ready: base.ready_count, total: base.document_count })}>
            {counts}
          </Text>
          <IconChevronRight size={14} className={classes.chevron} aria-hidden />
        </UnstyledButton>
        {base.level === "manager" && (
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon size="sm" className={classes.more} aria-label={t("common.actionsFor", { name: base.name })}>
              <IconDots size={16} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconShare size={15} />} onClick={onShare} data-testid="kb-share">
              {t("sharing.share")}
            </Menu.Item>
            <Menu.Item leftSection={<IconPencil size={15} />} onClick={onRename}>
              {t("common.rename")}
            </Menu.Item>
            <Menu.Item leftSection={<IconMessageReport size={15} />} onClick={onEmbed} data-testid="kb-widgets">
              {t("widgets.open")}
            </Menu.Item>
            <Menu.Item color="red" leftSection={<IconTrash size={15} />} onClick={onDelete}>
              {t("common.delete")}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
        )}
      </Group>
      <Collapse expanded={isOpen} transitionDuration={120}>
        {isOpen && <DocumentList knowledgeBaseId={base.id} />}
      </Collapse>
    </Box>
  );
}
