import type { KbDocument } from "@/api/types";

/** A document as the server tells of it, for tests. */
export function documentOf(id: string, change: Partial<KbDocument> = {}): KbDocument {
  return {
    id,
    knowledge_base_id: "base",
    name: `${id}.pdf`,
    folder: "",
    tags: [],
    seconds_left: null,
    state: "ready",
    is_searchable: true,
    is_replacing: false,
    is_restricted: false,
    error_code: "",
    error_message: "",
    pages_done: 0,
    pages_total: 0,
    chunks_done: 0,
    chunks_total: 0,
    format: "pdf",
    title: "",
    file_bytes: 1,
    version_id: `${id}-1`,
    version_number: 1,
    coverage_counts: { text: 1, ocr: 0, empty: 0, failed: 0 },
    coverage: null,
    warnings: [],
    created_at: "2026-01-01T00:00:00Z",
    ready_at: null,
    ...change,
  };
}
