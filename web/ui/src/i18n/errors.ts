import i18next from "i18next";

import { ApiError } from "@/api/errors";

/** A sentence for the reader: ours where the code is known, the server's otherwise. */
export function describeError(error: unknown): string {
  if (error instanceof ApiError) return describeCode(error.code, error.message);
  return error instanceof Error ? error.message : String(error);
}

export function describeCode(code: string, message: string): string {
  const key = `errors.${code}`;
  if (!code || !i18next.exists(key)) return message || i18next.t("errors.error");
  return (i18next.t as (key: string) => string)(key);
}
