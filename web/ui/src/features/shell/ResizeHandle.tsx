import type { KeyboardEvent, PointerEvent } from "react";
import { useTranslation } from "react-i18next";

import classes from "./Workspace.module.css";

const CONVERSATION_LEAST = 304 + 400;
const STEP = 32;

type Props = { width: number; least: number; onChange: (width: number) => void };

/** The edge between conversation and source: drag it, or move it with the arrow keys. */
export function ResizeHandle({ width, least, onChange }: Props) {
  const { t } = useTranslation();
  const most = () => Math.max(least, window.innerWidth - CONVERSATION_LEAST);
  const set = (wanted: number) => onChange(Math.round(Math.max(least, Math.min(most(), wanted))));
  const onPointerMove = (event: PointerEvent) => {
    if (event.buttons === 1 && event.currentTarget.hasPointerCapture(event.pointerId)) set(window.innerWidth - event.clientX);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowLeft") set(width + STEP);
    else if (event.key === "ArrowRight") set(width - STEP);
  };
  return (
    // A focusable separator is a widget that takes keys and pointers (WAI-ARIA, "window splitter").
    <div
      className={classes.handle}
      role="separator"
      aria-orientation="vertical"
      aria-label={t("source.resize")}
      aria-valuenow={width}
      aria-valuemin={least}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={onPointerMove}
    />
  );
}
