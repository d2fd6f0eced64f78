import { HoverCard, UnstyledButton } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { webPassage } from "@/features/source/web-page";

import { useAnswer } from "./answer-context";
import classes from "./AnswerText.module.css";
import { targetOf, useOpenSource } from "./source-target";
import { SourcePreview } from "./SourcePreview";
import { citationAt } from "./support";

/** Keeps a marker on the line of the word that it follows. */
const WORD_JOINER = "\u2060";

type Props = { number: number; position: number };

/** A marker [n]. Hovering shows the passage, a click opens the document where it stands. */
export function CitationChip({ number, position }: Props) {
  const { t } = useTranslation();
  const { sources, citations } = useAnswer();
  const { open, isOpen: isOpenSource, from } = useOpenSource();
  const canHover = useMediaQuery("(hover: hover)", true, { getInitialValueInEffect: false });
  // Whoever has clicked looks at the document now: the card would lie over the answer.
  const [wasClicked, setClicked] = useState(false);
  const source = sources.find((one) => one.number === number);
  if (!source) return null;
  const citation = citationAt(citations, number, position);
  const mine = source.web ? webPassage(source, citation)?.evidence : targetOf(source, citation).range;
  const isOpen = isOpenSource(source) && from === (mine?.start ?? null);

  return (
    <span className={classes.joined}>
      {WORD_JOINER}
      <HoverCard width={360} shadow="lg" radius="md" openDelay={180} closeDelay={120} disabled={!canHover || wasClicked} withinPortal position="top">
        <HoverCard.Target>
          <UnstyledButton
            component="button"
            className={classes.chip}
            data-testid="citation-chip"
            data-number={number}
            data-support={citation?.support}
            data-open={isOpen || undefined}
            aria-label={t("answer.citation", { number, name: source.document_name })}
            onMouseLeave={() => setClicked(false)}
            onClick={() => {
              setClicked(true);
              open(source, citation);
            }}
          >
            {number}
          </UnstyledButton>
        </HoverCard.Target>
        <HoverCard.Dropdown p="sm">
          <SourcePreview source={source} citation={citation} />
        </HoverCard.Dropdown>
      </HoverCard>
    </span>
  );
}
