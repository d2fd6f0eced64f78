import { Button, Menu, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { IconCheck, IconChevronDown, IconCpu } from "@/app/icons";

/** Which model answers the next question; the first of the names is the default. */
export function ModelChoice({ names, chosen, onChoose }: { names: readonly string[]; chosen: string; onChoose: (name: string) => void }) {
  const { t } = useTranslation();
  // What was chosen may have been disconnected since.
  const current = names.includes(chosen) ? chosen : names[0];
  return (
    <Menu position="top-start" shadow="md">
      <Menu.Target>
        <Button
          size="compact-sm"
          radius="xl"
          variant="default"
          data-testid="model-choice"
          aria-label={t("composer.model", { model: current })}
          leftSection={<IconCpu size={15} stroke={1.7} />}
          rightSection={<IconChevronDown size={13} />}
        >
          <Text span inherit truncate maw="min(180px, 24vw)">
            {current}
          </Text>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {names.map((name) => (
          <Menu.Item key={name} leftSection={name === current ? <IconCheck size={14} /> : <span style={{ width: 14 }} />} onClick={() => onChoose(name === names[0] ? "" : name)}>
            {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
