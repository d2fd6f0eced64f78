"""A search narrowed by what is known about documents."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kb_platform.database.tables import Document, DocumentVersion
from kb_platform.domain.access import AccessScope
from kb_platform.retrieval.filters import DocumentFilter, narrow
from tests.integration.retrieval.conftest import House, scope

TERM = datetime(2026, 9, 1, tzinfo=UTC)


@pytest.fixture
def base(house: House) -> str:
    """Three documents about fees: bulletins/2026/fees.pdf, bulletins/fees.docx and bulletins-old/fees.pdf."""
    base = house.knowledge_base()
    for folder, format_, tags, added, text in [
        ("bulletins/2026", "pdf", ["fees", "in force"], TERM, "Fees are 300 yuan."),
        ("bulletins", "docx", ["fees"], TERM - timedelta(days=365), "Fees are 200 yuan."),
        ("bulletins-old", "pdf", [], TERM - timedelta(days=730), "Fees are 100 yuan."),
    ]:
        id_ = house.document(base, [text])
        with house.database.writing() as session:
            document = session.get_one(Document, id_)
            document.folder, document.tags, document.created_at = folder, tags, added
            session.get_one(DocumentVersion, document.current_version_id).format = format_
    return base


def narrowed(house: House, base: str, wanted: DocumentFilter) -> AccessScope:
    with house.database.reading() as session:
        return narrow(session, scope(base), wanted)


@pytest.mark.parametrize(
    ("wanted", "fees"),
    [
        (DocumentFilter(), {100, 200, 300}),
        (DocumentFilter(folder="bulletins"), {200, 300}),
        (DocumentFilter(folder="/bulletins/2026/"), {300}),
        (DocumentFilter(folder="bulletins_old"), set()),
        (DocumentFilter(tags=frozenset({"fees"})), {200, 300}),
        (DocumentFilter(tags=frozenset({"fees", "in force"})), {300}),
        (DocumentFilter(formats=frozenset({"PDF"})), {100, 300}),
        (DocumentFilter(formats=frozenset()), set()),
        (DocumentFilter(added_from=TERM - timedelta(days=400)), {200, 300}),
        (DocumentFilter(added_until=TERM - timedelta(days=1)), {100, 200}),
        (DocumentFilter(folder="bulletins", formats=frozenset({"pdf"}), added_until=TERM), {300}),
        (DocumentFilter(document_ids=frozenset()), set()),
    ],
)
def test_only_documents_that_pass_the_filter_are_found(
    house: House, base: str, wanted: DocumentFilter, fees: set[int]
) -> None:
    assert set(house.found("fees", narrowed(house, base, wanted))) == {f"Fees are {fee} yuan." for fee in fees}


def test_a_filter_never_widens_what_the_caller_may_read(house: House, base: str) -> None:
    other = house.knowledge_base()
    theirs = house.document(other, ["Fees are secret."])
    assert house.found("fees", narrowed(house, base, DocumentFilter(document_ids=frozenset({theirs})))) == []
    mine = narrowed(house, base, DocumentFilter(folder="bulletins"))
    with house.database.reading() as session:
        again = narrow(session, mine, DocumentFilter(formats=frozenset({"pdf"})))
    assert house.found("fees", again) == ["Fees are 300 yuan."]
