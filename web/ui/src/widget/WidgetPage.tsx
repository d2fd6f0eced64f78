import { ActionIcon, Alert, Group, Text, Textarea, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";

import { api, unwrap } from "@/api/client";
import { IconArrowUp, IconPlayerStopFilled, IconX } from "@/app/icons";
import { SourcePreview } from "@/features/answer/SourcePreview";
import { isOver } from "@/features/answer/turn";
import { useSourceTarget } from "@/features/source/target";
import { describeError } from "@/i18n/errors";

import { useAsking } from "./asking";
import { WidgetTurn } from "./WidgetTurn";
import classes from "./WidgetPage.module.css";

const MOST_CHARACTERS = 4000;

export function WidgetPage({ id, token }: { id: string; token: string }) {
  const { t } = useTranslation();
  const { data: widget, error } = useQuery({
    queryKey: ["widget", id],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/widgets/{widget_id}", { params: { path: { widget_id: id } }, signal })),
  });
  const { turns, ask, stop } = useAsking(id, token);
  const [draft, setDraft] = useState("");
  const { target, close } = useSourceTarget();
  const end = useRef<HTMLDivElement>(null);
  const last = turns.at(-1);
  const isBusy = last !== undefined && !isOver(last);
  const opened = target && turns.flatMap((turn) => turn.sources.map((source) => ({ turn, source }))).findLast(({ source }) => source.number === target.number && source.document_id === target.documentId);

  useEffect(() => {
    // Newer browsers return a promise, which is no clean-up.
    void end.current?.scrollIntoView({ block: "end" });
  }, [turns]);

  const send = () => {
    const question = draft.trim();
    if (question === "" || isBusy || !widget) return;
    setDraft("");
    close();
    void ask(question);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    send();
  };

  return (
    <main className={classes.page}>
      <header className={classes.head}>
        <Title order={1} fz="md" lineClamp={1}>
          {widget?.name ?? " "}
        </Title>
      </header>
      <div className={classes.turns} role="log">
        {error && (
          <Alert color="red" variant="light" role="alert">
            {describeError(error)}
          </Alert>
        )}
        {turns.length === 0 && !error && (
          <Text fz="sm" c="dimmed" lh={1.7}>
            {t("widget.hello")}
          </Text>
        )}
        {turns.map((turn) => (
          <WidgetTurn key={turn.id} turn={turn} />
        ))}
        <div ref={end} />
      </div>
      {opened && (
        <aside className={classes.source} data-testid="widget-source">
          <Group justify="flex-end" mb={-22}>
            <ActionIcon size="sm" aria-label={t("source.close")} onClick={close}>
              <IconX size={15} />
            </ActionIcon>
          </Group>
          <SourcePreview
            source={opened.source}
            citation={opened.turn.citations.find((one) => one.number === opened.source.number && one.evidence_start === target.range?.start) ?? null}
          />
        </aside>
      )}
      <footer className={classes.foot}>
        <Textarea
          data-testid="widget-question"
          flex={1}
          autosize
          minRows={1}
          maxRows={5}
          maxLength={MOST_CHARACTERS}
          aria-label={t("composer.label")}
          placeholder={t("widget.placeholder")}
          value={draft}
          onChange={(event) => setDraft(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
        {isBusy ? (
          <ActionIcon variant="default" size="lg" radius="xl" aria-label={t("composer.stop")} onClick={stop}>
            <IconPlayerStopFilled size={15} />
          </ActionIcon>
        ) : (
          <ActionIcon variant="filled" color="pine" size="lg" radius="xl" aria-label={t("composer.send")} disabled={draft.trim() === "" || !widget} onClick={send} data-testid="widget-send">
            <IconArrowUp size={17} />
          </ActionIcon>
        )}
      </footer>
    </main>
  );
}
