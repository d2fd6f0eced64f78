import { ActionIcon, Button, Group, Text, Textarea, Tooltip } from "@mantine/core";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";

import { IconArrowDown, IconArrowUp, IconBrain, IconPlayerStopFilled } from "@/app/icons";
import { useSelection } from "@/features/knowledge-bases/selection";
import { ModelChoice } from "@/features/models/ModelChoice";
import { useSystem } from "@/features/session/session";

import { AskedBases } from "./AskedBases";
import classes from "./ConversationPage.module.css";
import { WebSearchChoice } from "./WebSearchChoice";

type Props = {
  draft: string;
  onDraft: (text: string) => void;
  isBusy: boolean;
  /** Whether it is known what the question would be asked of. A question sent before waits for it. */
  isReady: boolean;
  thinking: boolean;
  onThinking: (on: boolean) => void;
  webSearch: boolean;
  onWebSearch: (on: boolean) => void;
  /** The chosen model's name; empty: the default. */
  model: string;
  onModel: (name: string) => void;
  onSend: (question: string) => void;
  onStop: () => void;
  /** Brings the end of the conversation into view; null when it is. */
  toEnd: (() => void) | null;
};

const MOST_CHARACTERS = 4000;

export function Composer({ draft, onDraft, isBusy, isReady, thinking, onThinking, webSearch, onWebSearch, model, onModel, onSend, onStop, toEnd }: Props) {
  const { t } = useTranslation();
  const { asked } = useSelection();
  const { data: system } = useSystem();
  const input = useRef<HTMLTextAreaElement>(null);
  const hasModel = system?.answerer === "model";
  // Without documents and the web only a model can answer.
  const asksWeb = webSearch && system?.web_search === "available";
  const canAsk = !isReady || asked.length > 0 || hasModel || asksWeb;
  const canSend = draft.trim() !== "" && !isBusy && canAsk;
  // The question was sent before it could be; the reference sees to it that it then goes once.
  const [isWaiting, setIsWaiting] = useState(false);
  const waits = useRef(false);

  useEffect(() => {
    // A phone would cover half of the page with its keyboard.
    if (window.matchMedia("(pointer: fine)").matches) input.current?.focus();
  }, []);

  const wait = (on: boolean) => {
    waits.current = on;
    setIsWaiting(on);
  };
  const send = () => {
    if (!canSend) return;
    if (isReady) onSend(draft.trim());
    else wait(true);
  };
  useEffect(() => {
    if (!waits.current || !isReady) return;
    waits.current = false;
    if (canSend) onSend(draft.trim());
  }, [isReady, canSend, draft, onSend]);
  const onKeyDown = (event: KeyboardEvent) => {
    // While an input method composes Chinese, Enter chooses a word.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    send();
  };

  return (
    <div className={classes.foot}>
      {toEnd && (
        <ActionIcon className={classes.toEnd} variant="default" radius="xl" size="lg" aria-label={t("composer.toEnd")} onClick={toEnd}>
          <IconArrowDown size={17} />
        </ActionIcon>
      )}
      <div className={classes.composer}>
        <Textarea
          ref={input}
          data-testid="question-input"
          variant="unstyled"
          className={classes.input}
          aria-label={t("composer.label")}
          placeholder={canAsk ? t("composer.placeholder") : t("composer.chooseFirst")}
          autosize
          minRows={1}
          maxRows={9}
          maxLength={MOST_CHARACTERS}
          value={draft}
          onChange={(event) => {
            wait(false);
            onDraft(event.currentTarget.value);
          }}
          onKeyDown={onKeyDown}
        />
        <Group justify="space-between" align="flex-end" wrap="nowrap" gap="xs" mt={2}>
          <Group gap={6} miw={0}>
            <AskedBases asksWeb={asksWeb} isReady={isReady} />
            {hasModel && (
              <Tooltip label={thinking ? t("composer.thinkingOn") : t("composer.thinkingOff")}>
                <Button
                  size="compact-sm"
                  radius="xl"
                  variant={thinking ? "light" : "default"}
                  aria-pressed={thinking}
                  data-testid="thinking"
                  leftSection={<IconBrain size={15} stroke={1.7} />}
                  onClick={() => onThinking(!thinking)}
                >
                  {t("composer.thinking")}
                </Button>
              </Tooltip>
            )}
            {system && <WebSearchChoice access={system.web_search} isOn={webSearch} onChange={onWebSearch} />}
            {system && system.models.length > 1 && <ModelChoice names={system.models} chosen={model} onChoose={onModel} />}
          </Group>
          {isBusy ? (
            <ActionIcon data-testid="stop" variant="filled" radius="xl" size={34} color="dark.4" aria-label={t("composer.stop")} onClick={onStop}>
              <IconPlayerStopFilled size={15} />
            </ActionIcon>
          ) : (
            <ActionIcon data-testid="send" variant="filled" color="pine" radius="xl" size={34} loading={isWaiting && !isReady} disabled={!canSend} aria-label={t("composer.send")} onClick={send}>
              <IconArrowUp size={18} stroke={2.2} />
            </ActionIcon>
          )}
        </Group>
      </div>
      <Text fz={11} c="dimmed" ta="center" mt={6} visibleFrom="sm">
        {asksWeb ? t("web.hint") : asked.length === 0 && hasModel ? t("composer.hintAlone") : t("composer.hint")}
      </Text>
    </div>
  );
}
