import { Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { Subject } from "@/api/types";
import { IconBuilding, IconUser, IconUsers, IconWorld } from "@/app/icons";

const ICONS = { everyone: IconWorld, department: IconBuilding, group: IconUsers, user: IconUser } as const;

export function SubjectIcon({ kind }: { kind: Subject["kind"] }) {
  const Icon = ICONS[kind];
  return <Icon size={16} stroke={1.6} aria-hidden style={{ flex: "none" }} />;
}

export function SubjectName({ subject }: { subject: Subject }) {
  const { t } = useTranslation();
  const name = subject.name || (subject.kind === "everyone" ? t("sharing.everyone") : t("sharing.deleted"));
  return (
    <Group gap={8} wrap="nowrap" miw={0} flex={1}>
      <SubjectIcon kind={subject.kind} />
      <Text fz="sm" truncate title={name}>
        {name}
      </Text>
    </Group>
  );
}
