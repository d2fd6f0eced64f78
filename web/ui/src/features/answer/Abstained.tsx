import { Box, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { IconFileOff } from "@/app/icons";

import { SourceCards } from "./SourceList";
import classes from "./TurnBlock.module.css";
import type { TurnView } from "./turn";

const CLOSEST_SHOWN = 3;

/**
 * The documents hold no answer: said plainly, with what was searched for and what came closest.
 * The server's sentence says the same in the question's language;  it is what is copied.
 */
export function Abstained({ turn }: { turn: TurnView }) {
  const { t } = useTranslation();
  const searched = turn.query || turn.question;
  return (
    <Box className={classes.abstained} data-testid="abstained">
      <Group gap={10} wrap="nowrap" align="flex-start">
        <IconFileOff size={20} stroke={1.5} style={{ flex: "none", marginTop: 3 }} color="var(--mantine-color-dimmed)" aria-hidden />
        <Box miw={0}>
          <Text fw={600}>{t(turn.sources.some((source) => source.web) ? "abstained.titleWeb" : "abstained.title")}</Text>
          <Text fz="sm" mt={2} lh={1.65}>
            {t("abstained.text")}
          </Text>
          <Text fz="sm" c="dimmed" lh={1.65} style={{ overflowWrap: "anywhere" }}>
            {t("abstained.searched", { query: searched })}
          </Text>
        </Box>
      </Group>
      {turn.sources.length > 0 && (
        <Box mt={12}>
          <Text fz="xs" c="dimmed" mb={6}>
            {t("abstained.closest")}
          </Text>
          <SourceCards sources={turn.sources.slice(0, CLOSEST_SHOWN)} citations={[]} cited={new Set()} />
        </Box>
      )}
    </Box>
  );
}
