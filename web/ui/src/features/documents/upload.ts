import { CSRF_HEADERS, reportSignedOut } from "@/api/client";
import { apiError } from "@/api/errors";
import type { UploadResult } from "@/api/types";

import type { UploadFile } from "./choose-files";

/** Send one batch; folders in the files' names are kept. XMLHttpRequest, since fetch does not tell how much has been sent. */
export function sendBatch(
  knowledgeBaseId: string,
  batch: readonly UploadFile[],
  onSent: (bytes: number) => void,
  duplicates: "offer" | "keep" = "offer",
): Promise<UploadResult> {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append("keep_folders", "true");
    form.append("duplicates", duplicates);
    for (const { file, name } of batch) form.append("files", file, name);
    const request = new XMLHttpRequest();
    request.open("POST", `/api/v1/knowledge-bases/${encodeURIComponent(knowledgeBaseId)}/documents`);
    for (const [header, value] of Object.entries(CSRF_HEADERS)) request.setRequestHeader(header, value);
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => onSent(event.loaded));
    request.addEventListener("load", () => {
      if (request.status === 401) reportSignedOut();
      if (request.status < 300) resolve(request.response as UploadResult);
      else reject(apiError(request.status, request.response));
    });
    request.addEventListener("error", () => reject(apiError(0, null)));
    request.send(form);
  });
}
