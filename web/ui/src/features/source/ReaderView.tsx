import { Button, Center } from "@mantine/core";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { BlockView } from "./BlockView";
import { blockOfRange, slideOf, type PreparedBlock, type PreparedContent, type TextRange } from "./content";
import classes from "./SourcePanel.module.css";

const BEFORE = 30;
const AFTER = 70;
const MORE = 80;

type Props = { content: PreparedContent; range: TextRange | null };

/**
 * A flowing document for reading, with the cited characters marked. Of a long document only the blocks around the
 * citation are drawn; more come as the reader scrolls.
 */
export function ReaderView({ content, range }: Props) {
  const { t } = useTranslation();
  const { blocks } = content;
  const around = (of: TextRange | null) => {
    const center = (of && blockOfRange(blocks, of)) ?? 0;
    return { from: Math.max(0, center - BEFORE), to: Math.min(blocks.length, center + AFTER) };
  };
  const [shown, setShown] = useState(() => around(range));
  const rangeKey = range && `${range.start}:${range.end}`;
  const [shownFor, setShownFor] = useState(rangeKey);
  if (shownFor !== rangeKey) {
    setShownFor(rangeKey);
    setShown(around(range));
  }

  const scroller = useRef<HTMLDivElement>(null);
  const heightBefore = useRef<number | null>(null);
  useEffect(() => {
    scroller.current?.querySelector("[data-testid=highlight]")?.scrollIntoView({ block: "center" });
  }, [rangeKey]);
  useLayoutEffect(() => {
    // Blocks that came above must not push down what is being read.
    const element = scroller.current;
    if (element && heightBefore.current !== null) element.scrollTop += element.scrollHeight - heightBefore.current;
    heightBefore.current = null;
  }, [shown.from]);

  const earlier = () => {
    heightBefore.current = scroller.current?.scrollHeight ?? null;
    setShown((now) => ({ ...now, from: Math.max(0, now.from - MORE) }));
  };
  const later = () => setShown((now) => ({ ...now, to: Math.min(blocks.length, now.to + MORE) }));
  const onScroll = () => {
    const element = scroller.current;
    if (element && shown.to < blocks.length && element.scrollHeight - element.scrollTop - element.clientHeight < 600) later();
  };

  return (
    // A scrolling region must be reachable by keyboard.
    <div ref={scroller} className={classes.scroller} onScroll={onScroll} role="region" aria-label={t("source.text")} tabIndex={0}>
      <article className={classes.reader}>
        {shown.from > 0 && (
          <Center mb="md">
            <Button variant="subtle" color="gray" c="dimmed" size="compact-sm" onClick={earlier}>
              {t("source.earlier", { count: shown.from })}
            </Button>
          </Center>
        )}
        {blocks.slice(shown.from, shown.to).map((block, at) => (
          <BlockWithSlide key={block.index} block={block} before={blocks[shown.from + at - 1]} text={content.text} range={range} />
        ))}
        {shown.to < blocks.length && (
          <Center mt="md">
            <Button variant="subtle" color="gray" c="dimmed" size="compact-sm" onClick={later}>
              {t("source.later", { count: blocks.length - shown.to })}
            </Button>
          </Center>
        )}
      </article>
    </div>
  );
}

type BlockProps = { block: PreparedBlock; before: PreparedBlock | undefined; text: string; range: TextRange | null };

function BlockWithSlide({ block, before, text, range }: BlockProps) {
  const { t } = useTranslation();
  const slide = slideOf(block);
  const isNewSlide = slide !== null && (!before || slideOf(before) !== slide);
  return (
    <>
      {isNewSlide && <div className={classes.slide}>{t("source.slide", { number: slide })}</div>}
      <BlockView block={block} text={text} range={range} />
    </>
  );
}
