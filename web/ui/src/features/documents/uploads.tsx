import { useQueryClient } from "@tanstack/react-query";
import { createContext, useCallback, useContext, useMemo, useState, type ReactNode } from "react";

import { ApiError } from "@/api/errors";
import type { KbDocument, RejectedFile, UploadResult } from "@/api/types";
import { KNOWLEDGE_BASES } from "@/features/knowledge-bases/knowledge-bases";
import { useSystem } from "@/features/session/session";

import { chooseFiles, fileNamed, inBatches, type UploadFile } from "./choose-files";
import { applyDocumentEvent } from "./document-list";
import { documentsKey } from "./feed";
import { sendBatch } from "./upload";

export type UploadRun = { files: number; filesSent: number; bytes: number; bytesSent: number; isOver: boolean };

/** A file that was not taken since its content is there already; `path`: where. */
export type Duplicate = { knowledgeBaseId: string; upload: UploadFile; documentId: string; path: string };

type Uploads = {
  run: UploadRun | null;
  rejected: readonly RejectedFile[];
  duplicates: readonly Duplicate[];
  keepBoth: (duplicates: readonly Duplicate[]) => Promise<void>;
  skip: (duplicates: readonly Duplicate[]) => void;
  start: (knowledgeBaseId: string, files: readonly UploadFile[]) => Promise<void>;
  dismiss: () => void;
};

const UploadsContext = createContext<Uploads | null>(null);

/** Uploads go on while the reader looks at something else. */
export function UploadsProvider({ children }: { children: ReactNode }) {
  const [run, setRun] = useState<UploadRun | null>(null);
  const [rejected, setRejected] = useState<readonly RejectedFile[]>([]);
  const [duplicates, setDuplicates] = useState<readonly Duplicate[]>([]);
  const { data: system } = useSystem();
  const queries = useQueryClient();

  const send = useCallback(
    async (knowledgeBaseId: string, accepted: readonly UploadFile[], whatOfDuplicates: "offer" | "keep") => {
      const bytes = accepted.reduce((sum, { file }) => sum + file.size, 0);
      const grow = (change: (run: UploadRun) => UploadRun) =>
        setRun((before) => change(before && !before.isOver ? before : NOTHING_SENT));
      grow((now) => ({ ...now, files: now.files + accepted.length, bytes: now.bytes + bytes }));
      for (const batch of inBatches(accepted)) {
        const batchBytes = batch.reduce((sum, { file }) => sum + file.size, 0);
        let counted = 0;
        const count = (sent: number) => {
          const more = Math.min(sent, batchBytes) - counted;
          counted += more;
          grow((now) => ({ ...now, bytesSent: now.bytesSent + more }));
        };
        try {
          const result = await sendBatch(knowledgeBaseId, batch, count, whatOfDuplicates);
          setRejected((before) => [...before, ...result.rejected]);
          setDuplicates((before) => [...before, ...duplicatesOf(knowledgeBaseId, batch, result)]);
          queries.setQueryData<KbDocument[]>(documentsKey(knowledgeBaseId), (known) =>
            result.documents.reduce<KbDocument[]>(
              (list, document) =>
                // The live feed may have told more of it already.
                list.some((other) => other.id === document.id && other.version_id === document.version_id)
                  ? list
                  : applyDocumentEvent(list, { type: "document", document }),
              known ?? [],
            ),
          );
        } catch (error) {
          const { code, message } = error instanceof ApiError ? error : new ApiError(0, "error", String(error));
          setRejected((before) => [...before, ...batch.map(({ name }) => ({ name, code, message }))]);
        }
        count(batchBytes);
        grow((now) => ({ ...now, filesSent: now.filesSent + batch.length }));
      }
      setRun((now) => (now && now.filesSent >= now.files ? { ...now, isOver: true } : now));
      void queries.invalidateQueries({ queryKey: KNOWLEDGE_BASES });
    },
    [queries],
  );
  const start = useCallback(
    async (knowledgeBaseId: string, files: readonly UploadFile[]) => {
      const choice = chooseFiles(files, system?.formats ?? [], system?.max_upload_bytes ?? 0);
      setRejected((before) => [...before, ...choice.rejected]);
      if (choice.accepted.length > 0) await send(knowledgeBaseId, choice.accepted, "offer");
    },
    [send, system],
  );
  const skip = useCallback((some: readonly Duplicate[]) => setDuplicates((before) => before.filter((one) => !some.includes(one))), []);
  const keepBoth = useCallback(
    async (some: readonly Duplicate[]) => {
      skip(some);
      for (const id of new Set(some.map((one) => one.knowledgeBaseId))) {
        await send(id, some.filter((one) => one.knowledgeBaseId === id).map((one) => one.upload), "keep");
      }
    },
    [send, skip],
  );
  const dismiss = useCallback(() => setRejected([]), []);
  const value = useMemo(
    () => ({ run, rejected, duplicates, start, keepBoth, skip, dismiss }),
    [run, rejected, duplicates, start, keepBoth, skip, dismiss],
  );
  return <UploadsContext value={value}>{children}</UploadsContext>;
}

function duplicatesOf(knowledgeBaseId: string, batch: readonly UploadFile[], result: UploadResult): Duplicate[] {
  return result.duplicates.flatMap(({ name, folder, document_id, document_path }) => {
    const upload = fileNamed(batch, folder, name);
    return upload ? [{ knowledgeBaseId, upload, documentId: document_id, path: document_path }] : [];
  });
}

const NOTHING_SENT: UploadRun = { files: 0, filesSent: 0, bytes: 0, bytesSent: 0, isOver: false };

export function useUploads(): Uploads {
  const uploads = useContext(UploadsContext);
  if (!uploads) throw new Error("useUploads outside of UploadsProvider");
  return uploads;
}
