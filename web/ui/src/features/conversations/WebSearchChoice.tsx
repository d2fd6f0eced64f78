import { Box, Button, Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { SystemInfo } from "@/api/types";
import { IconWorld } from "@/app/icons";

type Props = { access: SystemInfo["web_search"]; isOn: boolean; onChange: (on: boolean) => void };

/** Whether the next question asks the web as well; says why where it may not. */
export function WebSearchChoice({ access, isOn, onChange }: Props) {
  const { t } = useTranslation();
  const isAvailable = access === "available";
  const label = isAvailable ? t(isOn ? "web.on" : "web.off") : t(access === "not_allowed" ? "web.notAllowed" : "web.notConfigured");
  return (
    <Tooltip label={label} multiline maw={280}>
      {/* A disabled button tells no tooltip that the pointer is over it. */}
      <Box tabIndex={isAvailable ? undefined : 0} aria-label={isAvailable ? undefined : label}>
        <Button
          size="compact-sm"
          radius="xl"
          variant={isOn && isAvailable ? "light" : "default"}
          aria-pressed={isOn && isAvailable}
          disabled={!isAvailable}
          data-testid="web-search"
          leftSection={<IconWorld size={15} stroke={1.7} />}
          onClick={() => onChange(!isOn)}
        >
          {t("web.search")}
        </Button>
      </Box>
    </Tooltip>
  );
}
