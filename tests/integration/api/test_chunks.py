"""Passages seen, mended and switched off through the API, and what searches and answers make of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from ingest.reindexing import reindex_document
from ingest.services import IngestServices
from kb_platform.database.tables import Job, JobKind, JobState
from kb_platform.jobs import Lease, take_lease
from tests.integration.api.conftest import RULES, ReadAll, Running, upload

GPA = "第一条 申请转专业的学生，平均绩点不得低于3.2。"
QUESTION = "转专业的平均绩点要求是多少？"


@pytest.fixture
def document(editor: httpx.Client, base: str, read_all: ReadAll) -> str:
    document_id = str(upload(editor, base, ("办法.md", RULES)).json()["documents"][0]["id"])
    read_all(base)
    return document_id


@pytest.fixture
def reindex(server: Running) -> Callable[[str], None]:
    """Do a document's waiting reindexing, as a worker does."""
    made = server.services
    services = IngestServices(made.database, made.files, made.embedding, made.index, made.settings)

    def work(document_id: str) -> None:
        waiting = select(Job.id).where(
            Job.kind == JobKind.REINDEX_DOCUMENT, Job.target_id == document_id, Job.state == JobState.QUEUED
        )
        with made.database.reading() as session:
            job_id = session.scalars(waiting).one()
        job = take_lease(made.database, job_id, "test", 60)
        assert job is not None
        with Lease(made.database, job, "test", 60) as lease:
            reindex_document(document_id, lease, services)

    return work


def chunks(client: httpx.Client, document_id: str, **query: Any) -> dict[str, Any]:
    answer = client.get(f"/api/v1/documents/{document_id}/chunks", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def chunk_with(client: httpx.Client, document_id: str, words: str) -> dict[str, Any]:
    return next(chunk for chunk in chunks(client, document_id)["chunks"] if words in chunk["text"])


def found(client: httpx.Client, base: str, query: str) -> list[str]:
    answer = client.post("/api/v1/searches", json={"query": query, "knowledge_base_ids": [base]})
    return [hit["text"] for hit in answer.json()["hits"]]


def test_passages_are_exactly_what_stands_at_their_offsets(reader: httpx.Client, document: str) -> None:
    text = reader.get(f"/api/v1/documents/{document}/content").json()["text"]
    listed = chunks(reader, document)
    assert listed["is_current"]
    assert listed["total"] == listed["chunk_count"] == len(listed["chunks"]) > 0
    for chunk in listed["chunks"]:
        assert chunk["text"] == text[chunk["start"] : chunk["end"]]
        assert chunk["place"]["type"] == "paragraph"
        assert 0 < chunk["token_count"] <= listed["max_tokens"]
        assert (chunk["edited_text"], chunk["is_enabled"], chunk["edited_by"]) == (None, True, "")


def test_passages_come_in_pages_and_are_found_by_their_words(
    editor: httpx.Client, base: str, read_all: ReadAll
) -> None:
    articles = "\n\n".join(f"第{number}条 " + f"本条规定事项{number}的办理程序。" * 40 for number in range(1, 9))
    document = upload(editor, base, ("长.txt", articles.encode())).json()["documents"][0]["id"]
    read_all(base)
    every = chunks(editor, document)
    pages = [chunks(editor, document, offset=offset, limit=3)["chunks"] for offset in range(0, every["total"], 3)]
    assert [chunk for page in pages for chunk in page] == every["chunks"]
    assert len(pages) > 1
    with_words = chunks(editor, document, query="事项7")
    assert 0 < with_words["total"] < every["total"]
    assert all("事项7" in chunk["text"] for chunk in with_words["chunks"])
    assert chunks(editor, document, query="100%_")["total"] == 0


def test_a_mended_passage_answers_in_its_new_words_and_says_who_mended_it(
    editor: httpx.Client, base: str, document: str, reindex: Callable[[str], None]
) -> None:
    chunk = chunk_with(editor, document, GPA)
    new = chunk["text"].replace("3.2", "3.5")
    changed = editor.patch(f"/api/v1/documents/{document}/chunks/{chunk['id']}", json={"text": new}).json()
    assert (changed["text"], changed["edited_text"]) == (chunk["text"], new)
    assert changed["edited_by"] == "editor@example.edu"
    reindex(document)
    conversation = editor.post("/api/v1/conversations", json={"knowledge_base_ids": [base]}).json()["id"]
    turn = editor.post(
        f"/api/v1/conversations/{conversation}/turns", json={"question": QUESTION, "stream": False}
    ).json()
    assert "3.5" in turn["answer"]
    assert "3.2" not in turn["answer"]
    citation = turn["citations"][0]
    source = next(source for source in turn["sources"] if source["number"] == citation["number"])
    assert source["edit"]["by"] == "editor@example.edu"
    assert "3.5" in citation["edited_words"]
    assert citation["edited_words"] in source["text"]
    assert (citation["evidence_start"], citation["evidence_end"]) == (chunk["start"], chunk["end"])


def test_an_edit_stays_when_the_file_is_read_anew_and_waits_while_no_passage_says_what_was_edited(
    editor: httpx.Client, base: str, document: str, read_all: ReadAll
) -> None:
    chunk = chunk_with(editor, document, GPA)
    new = chunk["text"].replace("3.2", "3.5")
    editor.patch(f"/api/v1/documents/{document}/chunks/{chunk['id']}", json={"text": new}).raise_for_status()
    editor.post(f"/api/v1/documents/{document}/reread").raise_for_status()
    read_all(base)
    again = chunk_with(editor, document, GPA)
    assert again["id"] != chunk["id"], "another version"
    assert again["edited_text"] == new
    assert any("3.5" in text for text in found(editor, base, QUESTION))

    upload(editor, base, ("办法.md", RULES.replace(b"3.2", b"3.4"))).raise_for_status()
    read_all(base)
    listed = chunks(editor, document)
    assert listed["edited_count"] == 0
    assert [(edit["original_text"], edit["text"]) for edit in listed["unused_edits"]] == [(chunk["text"], new)]

    upload(editor, base, ("办法.md", RULES)).raise_for_status()
    read_all(base)
    assert chunk_with(editor, document, GPA)["edited_text"] == new
    assert chunks(editor, document)["unused_edits"] == []


def test_a_passage_switched_off_is_not_found_and_on_again_it_is(
    editor: httpx.Client, base: str, document: str, reindex: Callable[[str], None]
) -> None:
    chunk = chunk_with(editor, document, GPA)
    path = f"/api/v1/documents/{document}/chunks/{chunk['id']}"
    assert chunk["text"] in found(editor, base, QUESTION)
    assert editor.patch(path, json={"is_enabled": False}).json()["is_enabled"] is False
    assert chunk["text"] not in found(editor, base, QUESTION), "at once, before the index follows"
    reindex(document)
    assert chunks(editor, document, which="off")["total"] == 1
    assert editor.delete(f"{path}/edit").json()["is_enabled"] is True
    reindex(document)
    assert chunk["text"] in found(editor, base, QUESTION)


def test_a_text_that_cannot_be_searched_is_refused_with_its_size(editor: httpx.Client, document: str) -> None:
    chunk = chunk_with(editor, document, GPA)
    path = f"/api/v1/documents/{document}/chunks/{chunk['id']}"
    empty = editor.patch(path, json={"text": "  "})
    assert (empty.status_code, empty.json()["error"]["code"]) == (422, "empty_passage")
    long = "第二条 学生转专业。" * 200
    refused = editor.patch(path, json={"text": long})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "passage_too_long")
    size = editor.post(f"{path}/size", json={"text": long}).json()
    assert size["token_count"] > size["max_tokens"]
    assert editor.post(f"{path}/size", json={"text": chunk["text"]}).json()["token_count"] <= size["max_tokens"]


def test_readers_see_passages_and_change_nothing(reader: httpx.Client, editor: httpx.Client, document: str) -> None:
    chunk = chunks(reader, document)["chunks"][0]
    path = f"/api/v1/documents/{document}/chunks/{chunk['id']}"
    assert reader.patch(path, json={"is_enabled": False}).status_code == 403
    assert reader.delete(f"{path}/edit").status_code == 403
    assert reader.delete(f"/api/v1/documents/{document}/chunk-edits/{uuid.uuid4()}").status_code == 403
    assert editor.patch(f"/api/v1/documents/{uuid.uuid4()}/chunks/{chunk['id']}", json={}).status_code == 404
    assert editor.patch(f"/api/v1/documents/{document}/chunks/{uuid.uuid4()}", json={}).status_code == 404
    assert chunks(editor, document, which="off")["total"] == 0


def test_the_passages_of_a_deleted_document_are_gone(editor: httpx.Client, document: str) -> None:
    chunk = chunks(editor, document)["chunks"][0]
    editor.delete(f"/api/v1/documents/{document}").raise_for_status()
    assert editor.get(f"/api/v1/documents/{document}/chunks").status_code == 404
    path = f"/api/v1/documents/{document}/chunks/{chunk['id']}"
    assert editor.patch(path, json={"is_enabled": False}).status_code == 404
