import { ActionIcon, Tooltip, type ActionIconProps } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { IconCheck, IconCopy } from "@/app/icons";

import { useCopy } from "./clipboard";

type Props = ActionIconProps & { text: string; label: string; "data-testid"?: string };

export function CopyAction({ text, label, ...rest }: Props) {
  const { t } = useTranslation();
  const { copied, copy } = useCopy();
  return (
    <Tooltip label={copied ? t("common.copied") : label}>
      <ActionIcon {...rest} aria-label={label} onClick={() => copy(text)}>
        {copied ? <IconCheck size={16} stroke={1.7} /> : <IconCopy size={16} stroke={1.6} />}
      </ActionIcon>
    </Tooltip>
  );
}
