/** Where the uploaded file itself is downloaded; `versionId` null: the version in use. */
export function originalUrl(documentId: string, versionId: string | null): string {
  return documentUrl(documentId, "original", versionId);
}

/** The picture of a page, at least `width` pixels wide. */
export function pageUrl(documentId: string, versionId: string | null, page: number, width: number): string {
  return documentUrl(documentId, `pages/${page}`, versionId, { width: String(width) });
}

function documentUrl(documentId: string, part: string, versionId: string | null, more: Record<string, string> = {}): string {
  const query = new URLSearchParams({ ...(versionId ? { version_id: versionId } : {}), ...more }).toString();
  return `/api/v1/documents/${encodeURIComponent(documentId)}/${part}${query ? `?${query}` : ""}`;
}
