import { Typography } from "@mantine/core";
import { memo, useMemo } from "react";
import Markdown, { type Components } from "react-markdown";
import rehypeSanitize from "rehype-sanitize";
import remarkGfm from "remark-gfm";

import type { Citation, Flag, Source } from "@/api/types";

import { AnswerContext } from "./answer-context";
import classes from "./AnswerText.module.css";
import { CitationChip } from "./CitationChip";
import { DoubtfulText } from "./DoubtfulText";
import { FlaggedText, type FlaggedKind } from "./FlaggedText";
import { ANSWER_SCHEMA, remarkAnswer } from "./remark-answer";
import { sentenceSupport } from "./support";

type Props = { text: string; sources: readonly Source[]; citations: readonly Citation[]; flags: readonly Flag[]; isGrowing: boolean };

/** The answer: Markdown without raw HTML, links or images; markers are chips, doubtful sentences are underlined. */
export const AnswerText = memo(function AnswerText({ text, sources, citations, flags, isGrowing }: Props) {
  const context = useMemo(() => ({ sources, citations }), [sources, citations]);
  const remarkPlugins = useMemo(() => {
    const markup = { sourceNumbers: new Set(sources.map((source) => source.number)), sentences: sentenceSupport(citations, flags), flags };
    return [[remarkGfm, { singleTilde: false }] as const, [remarkAnswer, markup] as const];
  }, [sources, citations, flags]);
  return (
    <AnswerContext value={context}>
      <Typography className={classes.answer} data-testid="answer" data-growing={isGrowing || undefined}>
        <Markdown remarkPlugins={remarkPlugins as never} rehypePlugins={REHYPE_PLUGINS} components={COMPONENTS}>
          {text}
        </Markdown>
      </Typography>
    </AnswerContext>
  );
});

const FLAG_KINDS: ReadonlySet<unknown> = new Set<FlaggedKind>(["link", "email", "phone", "document_number"]);

function isFlagKind(value: unknown): value is FlaggedKind {
  return FLAG_KINDS.has(value);
}

const REHYPE_PLUGINS = [[rehypeSanitize, ANSWER_SCHEMA]] as never;

const COMPONENTS: Components = {
  span: ({ node, children }) => {
    const { dataCitation, dataPosition, dataSupport, dataReason, dataStruck, dataFlag, dataWithheld } = node?.properties ?? {};
    if (typeof dataCitation === "string") {
      return <CitationChip number={Number(dataCitation)} position={Number(dataPosition ?? 0)} />;
    }
    if (dataSupport === "unsupported" || dataSupport === "partly" || dataSupport === "uncited") {
      return (
        <DoubtfulText
          support={dataSupport}
          reason={typeof dataReason === "string" ? dataReason : ""}
          isStruck={dataStruck === "true"}
        >
          {children}
        </DoubtfulText>
      );
    }
    if (isFlagKind(dataFlag)) {
      return (
        <FlaggedText kind={dataFlag} isWithheld={dataWithheld === "true"}>
          {children}
        </FlaggedText>
      );
    }
    return <span>{children}</span>;
  },
  table: ({ children }) => (
    <div className={classes.table}>
      <table>{children}</table>
    </div>
  ),
};
