import type { RejectedFile } from "@/api/types";

export type UploadFile = { file: File; name: string };

/** Files that every folder has and nobody means to upload. */
const NOISE = /(^|\/)(\.[^/]+|~\$[^/]*|Thumbs\.db|desktop\.ini|__MACOSX\/.*)$/i;

export type Choice = { accepted: UploadFile[]; rejected: RejectedFile[] };

/** Sort out before sending what the server would refuse anyway. */
export function chooseFiles(files: readonly UploadFile[], formats: readonly string[], maxBytes: number): Choice {
  const choice: Choice = { accepted: [], rejected: [] };
  const suffixes = formats.map((format) => (format.startsWith(".") ? format : `.${format}`).toLowerCase());
  for (const upload of files) {
    if (NOISE.test(upload.name)) continue;
    const lower = upload.name.toLowerCase();
    const code =
      upload.file.size === 0
        ? "empty_file"
        : maxBytes > 0 && upload.file.size > maxBytes
          ? "too_large"
          : suffixes.length > 0 && !suffixes.some((suffix) => lower.endsWith(suffix))
            ? "unsupported_format"
            : null;
    if (code) choice.rejected.push({ name: upload.name, code, message: "" });
    else choice.accepted.push(upload);
  }
  choice.accepted = withDistinctNames(choice.accepted);
  return choice;
}

/**
 * A document's name is its file's, without folders. Files of one upload that share a name would become versions of
 * one document: those get their folder's name in brackets.
 */
export function withDistinctNames(files: readonly UploadFile[]): UploadFile[] {
  const uses = new Map<string, number>();
  for (const { name } of files) uses.set(baseName(name), (uses.get(baseName(name)) ?? 0) + 1);
  return files.map(({ file, name }) => {
    const base = baseName(name);
    const folders = name.slice(0, -base.length).split("/").filter(Boolean);
    if (uses.get(base) === 1 || folders.length === 0) return { file, name: base };
    const dot = base.lastIndexOf(".");
    const stem = dot > 0 ? base.slice(0, dot) : base;
    return { file, name: `${stem} (${folders.join("-")})${dot > 0 ? base.slice(dot) : ""}` };
  });
}

function baseName(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

const BATCH_FILES = 10;
const BATCH_BYTES = 24_000_000;

/** Groups of files that go in one request each: few enough for progress to move, enough not to wait on each. */
export function inBatches(files: readonly UploadFile[]): UploadFile[][] {
  const batches: UploadFile[][] = [];
  let bytes = 0;
  for (const upload of files) {
    const last = batches.at(-1);
    if (last && last.length < BATCH_FILES && bytes + upload.file.size <= BATCH_BYTES) {
      last.push(upload);
      bytes += upload.file.size;
    } else {
      batches.push([upload]);
      bytes = upload.file.size;
    }
  }
  return batches;
}
