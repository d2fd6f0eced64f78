import { Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

export function Brand({ size = 24 }: { size?: number }) {
  const { t } = useTranslation();
  return (
    <Group gap={8} wrap="nowrap">
      <img src="/icon.svg" width={size} height={size} alt="" />
      <Text fw={640} fz={size > 30 ? "xl" : "md"} lh={1.2} truncate>
        {t("common.product")}
      </Text>
    </Group>
  );
}
