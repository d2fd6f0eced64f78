import type { RejectedFile } from "@/api/types";

/** A file to be uploaded; `name` is its path inside of the folder that was chosen or dropped. */
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
  return choice;
}

/** The file of a batch that the server calls by this folder and name (it may have cleaned both). */
export function fileNamed(files: readonly UploadFile[], folder: string, name: string): UploadFile | undefined {
  const path = folder ? `${folder}/${name}` : name;
  return files.find((upload) => upload.name === path) ?? files.find((upload) => baseName(upload.name) === name);
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
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
