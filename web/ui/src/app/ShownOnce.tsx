import { Alert, Code, Group } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { CopyAction } from "./CopyAction";

/** A secret that the server tells only now, to be copied. */
export function ShownOnce({ title, text, testId }: { title: string; text: string; testId?: string }) {
  const { t } = useTranslation();
  return (
    <Alert color="pine" variant="light" title={title}>
      <Group wrap="nowrap" gap="xs">
        <Code block flex={1} style={{ wordBreak: "break-all", whiteSpace: "pre-wrap" }} data-testid={testId}>
          {text}
        </Code>
        <CopyAction text={text} label={t("common.copy")} size="lg" />
      </Group>
    </Alert>
  );
}
