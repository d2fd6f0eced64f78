import { Box, Group, Stack, Text, Title, UnstyledButton } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { IconArrowUpRight } from "@/app/icons";
import { useKnowledgeBases } from "@/features/knowledge-bases/knowledge-bases";
import { useSelection } from "@/features/knowledge-bases/selection";
import { useSystem } from "@/features/session/session";

import classes from "./ConversationPage.module.css";

/** Before the first question: what to do first, or what can be asked. */
export function EmptyConversation({ onAsk }: { onAsk: (question: string) => void }) {
  const { t } = useTranslation();
  const { data: bases } = useKnowledgeBases();
  const { asked } = useSelection();
  const { data: system } = useSystem();
  if (!bases) return null;
  const hasReady = bases.some((base) => base.ready_count > 0);
  const hasDocuments = bases.some((base) => base.document_count > 0);

  if (!hasReady) {
    return (
      <div className={classes.empty}>
        <Stack gap={6}>
          <Title order={1} fz={26}>
            {t("empty.welcome")}
          </Title>
          <Text c="dimmed">{t("empty.welcomeText")}</Text>
        </Stack>
        <Stack gap="sm" component="ol" p={0} m={0} style={{ listStyle: "none" }}>
          <Step number={1} title={t("empty.step1")} isDone={bases.length > 0}>
            {t("empty.step1Text")}
          </Step>
          <Step number={2} title={t("empty.step2")} isDone={hasDocuments}>
            {hasDocuments ? t("empty.step2Reading") : t("empty.step2Text", { formats: namesOf(system?.formats ?? []).join(t("common.listSeparator")) })}
          </Step>
          <Step number={3} title={t("empty.step3")} isDone={false}>
            {t("empty.step3Text")}
          </Step>
        </Stack>
      </div>
    );
  }
  const names = bases.filter((base) => asked.includes(base.id)).map((base) => base.name);
  return (
    <div className={classes.empty}>
      <Stack gap={6}>
        <Title order={1} fz={26}>
          {t("empty.ask")}
        </Title>
        <Text c="dimmed">{names.length > 0 ? t("empty.askOf", { names: names.join(t("common.listSeparator")) }) : t(system?.answerer === "model" ? "empty.askModel" : "empty.askNone")}</Text>
      </Stack>
      <Stack gap={8}>
        {(["empty.example1", "empty.example2", "empty.example3"] as const).map((key) => (
          <UnstyledButton key={key} className={classes.step} onClick={() => onAsk(t(key))}>
            <Group justify="space-between" w="100%" wrap="nowrap">
              <Text fz="sm">{t(key)}</Text>
              <IconArrowUpRight size={15} color="var(--mantine-color-dimmed)" aria-hidden />
            </Group>
          </UnstyledButton>
        ))}
      </Stack>
    </div>
  );
}

/** The formats that people know by name; the server reads more suffixes than one wants to see. */
const NAMES: readonly (readonly [string, string])[] = [
  [".pdf", "PDF"],
  [".docx", "Word"],
  [".pptx", "PowerPoint"],
  [".xlsx", "Excel"],
  [".csv", "CSV"],
  [".html", "HTML"],
  [".md", "Markdown"],
  [".txt", "TXT"],
  [".png", "PNG"],
  [".jpg", "JPEG"],
];

function namesOf(suffixes: readonly string[]): string[] {
  return NAMES.filter(([suffix]) => suffixes.includes(suffix)).map(([, name]) => name);
}

function Step({ number, title, isDone, children }: { number: number; title: string; isDone: boolean; children: ReactNode }) {
  return (
    <li className={classes.step} data-done={isDone || undefined}>
      <span className={classes.number}>{isDone ? "✓" : number}</span>
      <Box>
        <Text fw={600} fz="sm" lh="24px">
          {title}
        </Text>
        <Text fz="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
          {children}
        </Text>
      </Box>
    </li>
  );
}
