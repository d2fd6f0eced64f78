import { ActionIcon, Badge, Button, Group, HoverCard, Text, Tooltip } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";

import { IconInfoCircle, IconPlugConnected, IconQuote, IconRefresh, IconSparkles } from "@/app/icons";
import { CopyAction } from "@/app/CopyAction";
import { ConnectModelDialog } from "@/features/models/ConnectModelDialog";
import { useUser } from "@/features/session/session";

import { answerAsText } from "./copy";
import { FeedbackActions } from "./FeedbackActions";
import classes from "./TurnBlock.module.css";
import type { TurnView } from "./turn";
import { UsageTable } from "./UsageTable";

/** Who answered, and what can be done with the answer. */
export function AnswerFooter({ turn, onAskAgain }: { turn: TurnView; onAskAgain?: () => void }) {
  const { t } = useTranslation();
  const { conversationId } = useParams();
  return (
    <div className={classes.foot}>
      {turn.answer !== "" && (
        <CopyAction text={answerAsText(turn, t("answer.sourcesHeading"))} label={t("answer.copy")} data-testid="copy-answer" />
      )}
      {onAskAgain && (
        <Tooltip label={t("answer.askAgain")}>
          <ActionIcon onClick={onAskAgain} aria-label={t("answer.askAgain")}>
            <IconRefresh size={16} stroke={1.6} />
          </ActionIcon>
        </Tooltip>
      )}
      {conversationId && turn.id !== "" && turn.answer !== "" && <FeedbackActions turn={turn} conversationId={conversationId} />}
      {turn.usage && (
        <HoverCard shadow="md" width={270} openDelay={150} withinPortal>
          <HoverCard.Target>
            <ActionIcon aria-label={t("usage.title")}>
              <IconInfoCircle size={16} stroke={1.6} />
            </ActionIcon>
          </HoverCard.Target>
          <HoverCard.Dropdown p="sm">
            <UsageTable usage={turn.usage} query={turn.query} />
          </HoverCard.Dropdown>
        </HoverCard>
      )}
      <Answerer turn={turn} />
    </div>
  );
}

function Answerer({ turn }: { turn: TurnView }) {
  const { t } = useTranslation();
  const user = useUser();
  const [opened, dialog] = useDisclosure(false);
  if (turn.answerer === "") return null;
  if (turn.answerer === "model") {
    return (
      <Badge data-testid="answerer-badge" data-answerer="model" variant="default" radius="sm" tt="none" fw={500} leftSection={<IconSparkles size={12} />}>
        {turn.model || t("answerer.model")}
      </Badge>
    );
  }
  return (
    <Group gap={8}>
      <Tooltip label={t(turn.model ? "answerer.pointedText" : "answerer.extractiveText")}>
        <Badge data-testid="answerer-badge" data-answerer="extractive" variant="default" radius="sm" tt="none" fw={500} leftSection={<IconQuote size={12} />}>
          {turn.abstained ? t("answerer.withoutModel") : [t("answerer.extractive"), turn.model].filter(Boolean).join(" · ")}
        </Badge>
      </Tooltip>
      {!turn.model && user.role === "administrator" && (
        <>
          <Button size="compact-xs" variant="subtle" leftSection={<IconPlugConnected size={14} />} data-testid="connect-model" onClick={dialog.open}>
            {t("models.connect")}
          </Button>
          <ConnectModelDialog opened={opened} onClose={dialog.close} />
        </>
      )}
      {!turn.model && user.role !== "administrator" && (
        <Text fz="xs" c="dimmed" visibleFrom="sm">
          {t("answerer.askAdministrator")}
        </Text>
      )}
    </Group>
  );
}
