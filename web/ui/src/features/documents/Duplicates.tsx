import { Button, Group, ScrollArea, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { useUploads } from "./uploads";

/** Files whose content is there under another name: nothing is doubled unless somebody wants it. */
export function Duplicates() {
  const { t } = useTranslation();
  const { duplicates, keepBoth, skip } = useUploads();
  if (duplicates.length === 0) return null;
  return (
    <div data-testid="duplicates">
      <Text fz="xs" fw={600} mb={2}>
        {t("uploads.duplicates", { count: duplicates.length })}
      </Text>
      <ScrollArea.Autosize mah={180} type="auto">
        <ul style={{ margin: 0, padding: 0, listStyle: "none" }}>
          {duplicates.map((duplicate, index) => (
            <li key={index} data-testid="duplicate">
              <Text fz={12} fw={500} lh={1.4} style={{ overflowWrap: "anywhere" }}>
                {duplicate.upload.name}
              </Text>
              <Text fz={11.5} c="dimmed" lh={1.4} style={{ overflowWrap: "anywhere" }}>
                {t("uploads.sameAs", { path: duplicate.path })}
              </Text>
              <Group gap={4} mb={4}>
                <Button size="compact-xs" variant="default" onClick={() => skip([duplicate])}>
                  {t("uploads.skip")}
                </Button>
                <Button size="compact-xs" variant="subtle" onClick={() => void keepBoth([duplicate])}>
                  {t("uploads.keepBoth")}
                </Button>
              </Group>
            </li>
          ))}
        </ul>
      </ScrollArea.Autosize>
      {duplicates.length > 1 && (
        <Group gap={4} mt={4}>
          <Button size="compact-xs" variant="default" onClick={() => skip(duplicates)}>
            {t("uploads.skipAll")}
          </Button>
          <Button size="compact-xs" variant="subtle" onClick={() => void keepBoth(duplicates)}>
            {t("uploads.keepAll")}
          </Button>
        </Group>
      )}
    </div>
  );
}
