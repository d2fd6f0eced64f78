import { Group, Text } from "@mantine/core";
import type { ReactNode } from "react";

/** The small title of a part of the sidebar, with what can be done there. */
export function SectionHeader({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <Group justify="space-between" wrap="nowrap" h={32} pl="sm" pr={6} mt={4}>
      <Text component="h2" fz="xs" fw={600} c="dimmed">
        {title}
      </Text>
      <Group gap={2}>{children}</Group>
    </Group>
  );
}
