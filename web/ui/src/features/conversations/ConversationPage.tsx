import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { useNavigate, useParams } from "react-router";

import { notifyError } from "@/app/notify";
import { useKept } from "@/app/kept";
import { ask, stop, useLiveTurn } from "@/features/answer/live";
import { isOver, viewOfTurn, type TurnView } from "@/features/answer/turn";
import { TurnBlock } from "@/features/answer/TurnBlock";
import { useSelection } from "@/features/knowledge-bases/selection";
import { useChosenModel } from "@/features/models/models";
import { useSystem } from "@/features/session/session";

import { Composer } from "./Composer";
import classes from "./ConversationPage.module.css";
import { CONVERSATIONS, conversationKey, useConversation, useCreateConversation } from "./conversations";
import { ConversationBar } from "./ConversationBar";
import { ConversationMissing } from "./ConversationMissing";
import { EmptyConversation } from "./EmptyConversation";
import { useFollowEnd } from "./follow-end";

export function ConversationPage() {
  const { conversationId } = useParams();
  return <ConversationView key={conversationId ?? "new"} conversationId={conversationId} />;
}

function ConversationView({ conversationId }: { conversationId: string | undefined }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const live = useLiveTurn(conversationId);
  const isStreaming = live !== null && !isOver(live);
  const { data: conversation, error } = useConversation(conversationId, isStreaming);
  const create = useCreateConversation();
  const { isKnown, asked, setAsked } = useSelection();
  const [thinking, setThinking] = useKept("thinking", true);
  const [webSearch, setWebSearch] = useKept("web-search", false);
  const { data: system } = useSystem();
  const asksWeb = webSearch && system?.web_search === "available";
  const { model, chooseModel } = useChosenModel();
  const [draft, setDraft] = useState("");
  const scroller = useRef<HTMLDivElement>(null);

  // Opening a conversation ticks the knowledge bases that it asks; ticking others changes its next question.
  const adopted = useRef<string | null>(null);
  useEffect(() => {
    if (!conversation || adopted.current === conversation.id) return;
    adopted.current = conversation.id;
    setAsked(conversation.knowledge_base_ids);
  }, [conversation, setAsked]);

  const send = useCallback(
    async (question: string, to?: string) => {
      setDraft("");
      try {
        // A question that waited may be sent before its conversation's bases are ticked: the server knows them.
        const knowledge_base_ids = to === undefined || adopted.current === to ? [...asked] : null;
        const id = to ?? (await create.mutateAsync({ knowledgeBaseIds: asked, question })).id;
        const answered = ask(id, { question, thinking, web_search: asksWeb, model, knowledge_base_ids });
        if (!to) await navigate(`/c/${id}`);
        const forget = await answered;
        await queries.invalidateQueries({ queryKey: conversationKey(id) });
        forget();
        await queries.invalidateQueries({ queryKey: CONVERSATIONS });
      } catch {
        // The creation's own error was shown; the question is given back.
        setDraft(question);
      }
    },
    [asked, asksWeb, create, model, navigate, queries, thinking],
  );

  const turns = turnsToShow(conversation?.turns.map(viewOfTurn) ?? [], live);
  const last = turns.at(-1);
  const { isAtEnd, toEnd } = useFollowEnd(scroller, turns.length);
  const isReady = isKnown && system !== undefined && (conversationId === undefined || conversation !== undefined);
  const isBusy = (last !== undefined && !isOver(last)) || create.isPending;

  if (error && !conversation) return <ConversationMissing error={error} />;
  return (
    <>
      {conversationId && <ConversationBar conversation={conversation} />}
      <div ref={scroller} className={classes.scroller} data-testid="conversation">
        {!conversationId ? (
          <EmptyConversation onAsk={setDraft} />
        ) : (
          <div className={classes.column}>
            {turns.map((turn, index) => (
              <TurnBlock
                key={turn.number || `new-${index}`}
                turn={turn}
                isLast={index === turns.length - 1}
                onAskAgain={isBusy ? undefined : () => void send(turn.question, conversationId)}
              />
            ))}
          </div>
        )}
      </div>
      <Composer
        draft={draft}
        onDraft={setDraft}
        isBusy={isBusy}
        isReady={isReady}
        thinking={thinking}
        onThinking={setThinking}
        webSearch={webSearch}
        onWebSearch={setWebSearch}
        model={model}
        onModel={chooseModel}
        onSend={(question) => void send(question, conversationId)}
        onStop={() => conversationId && void stop(conversationId).catch(notifyError)}
        toEnd={isAtEnd || !conversationId ? null : toEnd}
      />
    </>
  );
}

/** The server's turns, with the one that is being received in the place of its record. */
function turnsToShow(kept: TurnView[], live: TurnView | null): TurnView[] {
  if (!live) return kept;
  const known = live.id && kept.some((turn) => turn.id === live.id);
  if (!known) return [...kept, live];
  return kept.map((turn) => (turn.id === live.id && !isOver(turn) ? live : turn));
}
