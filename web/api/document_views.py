"""From rows to what is sent about a document."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from kb_platform.database.tables import DocumentVersion, VersionState, now
from kb_platform.document_states import DocumentState
from kb_platform.domain.document import PageCoverage, PageStatus
from web.api.schemas.documents import CoverageCounts, Document


def document_view(state: DocumentState, is_restricted: bool, with_coverage: bool = False) -> Document:
    """Return a document as it is sent."""
    latest, shown = state.latest, state.shown
    counts = Counter(page["status"] for page in shown.coverage)
    coverage = (
        [PageCoverage(**{**page, "status": PageStatus(page["status"])}) for page in shown.coverage]
        if with_coverage
        else None
    )
    return Document.model_validate(
        {
            "id": state.document.id,
            "knowledge_base_id": state.document.knowledge_base_id,
            "name": state.document.name,
            "folder": state.document.folder,
            "tags": state.document.tags,
            # A newest version that was replaced is one that is in use no more: only while it is being deleted.
            "state": VersionState.READY if latest.state == VersionState.SUPERSEDED else latest.state,
            "is_searchable": state.current is not None,
            "is_replacing": state.is_replacing,
            "is_restricted": is_restricted,
            "error_code": latest.error_code,
            "error_message": latest.error_message,
            "pages_done": latest.pages_done,
            "pages_total": latest.pages_total,
            "chunks_done": latest.chunks_done,
            "chunks_total": latest.chunks_total,
            "seconds_left": seconds_left(latest, now()),
            "format": shown.format,
            "title": shown.title,
            "file_bytes": shown.file_bytes,
            "version_id": shown.id,
            "version_number": shown.number,
            "coverage_counts": CoverageCounts(**counts),
            "coverage": coverage,
            "warnings": shown.warnings,
            "created_at": state.document.created_at,
            "ready_at": shown.ready_at,
        }
    )


def seconds_left(version: DocumentVersion, moment: datetime) -> float | None:
    """Return about how long the step that the version is in will take on, at the pace of the part that is done; None
    when nothing is done yet, or nothing is being done."""
    done, total = {
        VersionState.PARSING: (version.pages_done, version.pages_total),
        VersionState.EMBEDDING: (version.chunks_done, version.chunks_total),
    }.get(VersionState(version.state), (0, 0))
    if not done or version.stage_since is None:
        return None
    return round((moment - version.stage_since).total_seconds() / done * max(0, total - done), 1)
