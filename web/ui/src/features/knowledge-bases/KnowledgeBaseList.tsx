import { ActionIcon, Box, Button, Skeleton, Stack, Text, Tooltip } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { IconPlus } from "@/app/icons";
import type { KnowledgeBase } from "@/api/types";
import { useCanEdit } from "@/features/session/session";
import { ShareDialog } from "@/features/sharing/ShareDialog";
import { WidgetsDialog } from "@/features/widgets/WidgetsDialog";
import { SectionHeader } from "@/features/shell/SectionHeader";

import { DeleteKnowledgeBaseDialog } from "./DeleteKnowledgeBaseDialog";
import { useKnowledgeBases } from "./knowledge-bases";
import { KnowledgeBaseDialog } from "./KnowledgeBaseDialog";
import { KnowledgeBaseItem } from "./KnowledgeBaseItem";

export function KnowledgeBaseList() {
  const { t } = useTranslation();
  const { data: bases, isPending } = useKnowledgeBases();
  const canEdit = useCanEdit();
  const [creating, create] = useDisclosure(false);
  const [renamed, setRenamed] = useState<KnowledgeBase | null>(null);
  const [shared, setShared] = useState<KnowledgeBase | null>(null);
  const [embedded, setEmbedded] = useState<KnowledgeBase | null>(null);
  const [deleted, setDeleted] = useState<KnowledgeBase | null>(null);

  return (
    <Box pb="xs">
      <SectionHeader title={t("bases.title")}>
        {canEdit && (
          <Tooltip label={t("bases.create")}>
            <ActionIcon data-testid="kb-create" aria-label={t("bases.create")} onClick={create.open}>
              <IconPlus size={17} stroke={1.8} />
            </ActionIcon>
          </Tooltip>
        )}
      </SectionHeader>
      {isPending && (
        <Stack gap={8} px="sm" pt={4}>
          <Skeleton h={22} />
          <Skeleton h={22} w="70%" />
        </Stack>
      )}
      {bases?.length === 0 && (
        <Stack px="sm" py={6} gap={8} align="flex-start">
          <Text fz="sm" c="dimmed">
            {canEdit ? t("bases.none") : t("bases.noneForReader")}
          </Text>
          {canEdit && (
            <Button size="xs" leftSection={<IconPlus size={14} />} onClick={create.open}>
              {t("bases.create")}
            </Button>
          )}
        </Stack>
      )}
      {bases?.map((base) => (
        <KnowledgeBaseItem key={base.id} base={base} onShare={() => setShared(base)} onRename={() => setRenamed(base)} onEmbed={() => setEmbedded(base)} onDelete={() => setDeleted(base)} />
      ))}
      <KnowledgeBaseDialog opened={creating} base={null} onClose={create.close} />
      <KnowledgeBaseDialog key={renamed?.id} opened={renamed !== null} base={renamed} onClose={() => setRenamed(null)} />
      <ShareDialog base={shared} onClose={() => setShared(null)} />
      {embedded && <WidgetsDialog base={embedded} opened onClose={() => setEmbedded(null)} />}
      <DeleteKnowledgeBaseDialog base={deleted} onClose={() => setDeleted(null)} />
    </Box>
  );
}
