import { Stack, Text } from "@mantine/core";
import { fromEvent } from "file-selector";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { IconFolderDown } from "@/app/icons";
import { useKnowledgeBases } from "@/features/knowledge-bases/knowledge-bases";
import { useSelection } from "@/features/knowledge-bases/selection";

import classes from "./DocumentList.module.css";
import { useUploads } from "./uploads";

/** Files and folders may be dropped anywhere on the page; they go into the open knowledge base. */
export function DropZone({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const { openId, setOpenId } = useSelection();
  const { data: bases } = useKnowledgeBases();
  const { start } = useUploads();
  const [isOver, setOver] = useState(false);
  const depth = useRef(0);
  const target = bases?.find((base) => base.id === openId) ?? (bases?.length === 1 ? bases[0] : undefined);
  const targetId = target?.id;

  useEffect(() => {
    const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const onEnter = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      depth.current += 1;
      setOver(true);
    };
    const onLeave = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      depth.current = Math.max(0, depth.current - 1);
      if (depth.current === 0) setOver(false);
    };
    const onDragOver = (event: DragEvent) => {
      if (carriesFiles(event)) event.preventDefault();
    };
    const onDrop = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      depth.current = 0;
      setOver(false);
      if (!targetId) return;
      setOpenId(targetId);
      void fromEvent(event).then((items) => {
        const files = items.filter((item) => item instanceof File);
        return start(targetId, files.map((file) => ({ file, name: pathOf(file) })));
      });
    };
    const on = { dragenter: onEnter, dragleave: onLeave, dragover: onDragOver, drop: onDrop } as const;
    for (const [name, listener] of Object.entries(on)) window.addEventListener(name as keyof typeof on, listener);
    return () => {
      for (const [name, listener] of Object.entries(on)) window.removeEventListener(name as keyof typeof on, listener);
    };
  }, [start, targetId, setOpenId]);

  return (
    <>
      {children}
      {isOver && (
        <div className={classes.overlay}>
          <Stack align="center" gap={6} p="lg" ta="center">
            <IconFolderDown size={40} stroke={1.3} aria-hidden />
            <Text fw={600}>{target ? t("uploads.dropInto", { name: target.name }) : t("uploads.openFirst")}</Text>
          </Stack>
        </div>
      )}
    </>
  );
}

function pathOf(file: File): string {
  const path = (file as File & { path?: string }).path ?? file.name;
  return path.replace(/^\.?\//, "");
}
