import { useCallback, useEffect, useState, type RefObject } from "react";

const NEAR_END_PX = 80;

/**
 * Keeps the end of a growing scroller in view while the reader is there; one who scrolled up is left alone.
 * A new turn always comes into view.
 */
export function useFollowEnd(scroller: RefObject<HTMLElement | null>, turns: number) {
  const [isAtEnd, setAtEnd] = useState(true);
  const toEnd = useCallback(() => {
    const element = scroller.current;
    element?.scrollTo({ top: element.scrollHeight });
  }, [scroller]);

  useEffect(toEnd, [toEnd, turns]);
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    let follows = true;
    let height = element.scrollHeight;
    const onScroll = () => {
      follows = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END_PX;
      setAtEnd(follows);
    };
    const onGrowth = () => {
      // Only growth is followed: folding something must not move what is being read.
      if (follows && element.scrollHeight > height) element.scrollTo({ top: element.scrollHeight });
      height = element.scrollHeight;
    };
    const watch = new MutationObserver(onGrowth);
    watch.observe(element, { childList: true, subtree: true, characterData: true });
    element.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      watch.disconnect();
      element.removeEventListener("scroll", onScroll);
    };
  }, [scroller]);
  return { isAtEnd, toEnd };
}
