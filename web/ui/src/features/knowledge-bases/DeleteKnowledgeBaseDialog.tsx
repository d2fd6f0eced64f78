import { useTranslation } from "react-i18next";

import type { KnowledgeBase } from "@/api/types";
import { ConfirmDialog } from "@/app/ConfirmDialog";

import { useDeleteKnowledgeBase } from "./knowledge-bases";

export function DeleteKnowledgeBaseDialog({ base, onClose }: { base: KnowledgeBase | null; onClose: () => void }) {
  const { t } = useTranslation();
  const remove = useDeleteKnowledgeBase();
  return (
    <ConfirmDialog
      opened={base !== null}
      title={t("bases.deleteTitle")}
      text={t("bases.deleteText", { name: base?.name ?? "", count: base?.document_count ?? 0 })}
      action={t("common.delete")}
      isBusy={remove.isPending}
      onConfirm={() => base && remove.mutate(base.id, { onSuccess: onClose })}
      onClose={onClose}
    />
  );
}
