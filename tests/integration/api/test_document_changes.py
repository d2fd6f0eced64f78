"""What an editor does with documents that are there: folders, duplicates, pausing, moving, many at once."""

from __future__ import annotations

import uuid
from typing import Any

import httpx

from tests.integration.api.conftest import RULES, ReadAll, Rules, upload


def send(client: httpx.Client, base: str, *files: tuple[str, bytes], **fields: str) -> dict[str, Any]:
    parts = [("files", (name, data)) for name, data in files]
    answer = client.post(f"/api/v1/knowledge-bases/{base}/documents", files=parts, data=fields)
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


def one(client: httpx.Client, base: str, name: str = "办法.md", data: bytes = RULES) -> str:
    return str(upload(client, base, (name, data)).json()["documents"][0]["id"])


def found(client: httpx.Client, base: str, query: str) -> list[str]:
    answer = client.post("/api/v1/searches", json={"query": query, "knowledge_base_ids": [base]})
    answer.raise_for_status()
    return [hit["document_id"] for hit in answer.json()["hits"]]


def state(client: httpx.Client, document_id: str) -> tuple[str, str]:
    document = client.get(f"/api/v1/documents/{document_id}").json()
    return document["state"], document["error_code"]


def test_an_uploaded_folder_keeps_its_folders(editor: httpx.Client, base: str) -> None:
    files = (("rules/2024/dormitory.md", b"# one"), ("rules/2025/dormitory.md", b"# two"))
    documents = send(editor, base, *files, keep_folders="true")["documents"]
    assert {(d["folder"], d["name"]) for d in documents} == {
        ("rules/2024", "dormitory.md"),
        ("rules/2025", "dormitory.md"),
    }


def test_a_folder_is_never_a_way_out(editor: httpx.Client, base: str) -> None:
    (document,) = send(editor, base, ("../../etc/./C:\\windows/a.md", b"# x"), keep_folders="true")["documents"]
    assert (document["folder"], document["name"]) == ("etc/windows", "a.md")


def test_the_same_content_under_another_name_is_offered_and_taken_only_when_wanted(
    editor: httpx.Client, base: str
) -> None:
    there = one(editor, base)
    answer = send(editor, base, ("copy.md", RULES))
    assert answer["documents"] == []
    assert answer["duplicates"] == [{"name": "copy.md", "folder": "", "document_id": there, "document_path": "办法.md"}]
    assert [d["name"] for d in send(editor, base, ("copy.md", RULES), duplicates="keep")["documents"]] == ["copy.md"]


def test_the_same_content_in_another_knowledge_base_is_no_duplicate(editor: httpx.Client, base: str) -> None:
    one(editor, base)
    other = editor.post("/api/v1/knowledge-bases", json={"name": "other"}).json()["id"]
    assert len(send(editor, other, ("copy.md", RULES))["documents"]) == 1


def test_a_paused_document_rests_until_it_is_resumed(editor: httpx.Client, base: str, read_all: ReadAll) -> None:
    document_id = one(editor, base)
    assert editor.post(f"/api/v1/documents/{document_id}/pause").json()["state"] == "paused"
    read_all(base)
    assert state(editor, document_id)[0] == "paused"
    assert editor.post(f"/api/v1/documents/{document_id}/resume").json()["state"] == "queued"
    read_all(base)
    assert state(editor, document_id)[0] == "ready"


def test_a_cancelled_reading_ends_and_can_be_tried_again(editor: httpx.Client, base: str, read_all: ReadAll) -> None:
    document_id = one(editor, base)
    assert editor.post(f"/api/v1/documents/{document_id}/cancel").status_code == 202
    read_all(base)
    assert state(editor, document_id) == ("failed", "cancelled")
    assert editor.post(f"/api/v1/documents/{document_id}/retry").status_code == 202
    read_all(base)
    assert state(editor, document_id)[0] == "ready"


def test_cancelling_a_replacement_leaves_the_version_in_use(editor: httpx.Client, base: str, read_all: ReadAll) -> None:
    document_id = one(editor, base)
    read_all(base)
    one(editor, base, data=RULES.replace(b"3.2", b"3.5"))
    editor.post(f"/api/v1/documents/{document_id}/cancel")
    read_all(base)
    assert found(editor, base, "平均绩点不得低于多少") == [document_id] * len(found(editor, base, "平均绩点"))
    assert editor.get(f"/api/v1/documents/{document_id}").json()["is_searchable"]


def test_what_is_not_being_read_cannot_be_paused(editor: httpx.Client, rules: Rules) -> None:
    for action in ("pause", "resume", "cancel"):
        answer = editor.post(f"/api/v1/documents/{rules.id}/{action}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")


def test_a_document_read_anew_becomes_its_next_version(editor: httpx.Client, base: str, read_all: ReadAll) -> None:
    document_id = one(editor, base)
    read_all(base)
    before = editor.get(f"/api/v1/documents/{document_id}").json()["version_number"]
    assert editor.post(f"/api/v1/documents/{document_id}/reread").status_code == 202
    read_all(base)
    after = editor.get(f"/api/v1/documents/{document_id}").json()
    assert (after["state"], after["version_number"]) == ("ready", before + 1)


def test_a_moved_document_is_found_where_it_went_and_nowhere_else(
    editor: httpx.Client, base: str, read_all: ReadAll
) -> None:
    document_id = one(editor, base)
    read_all(base)
    other = editor.post("/api/v1/knowledge-bases", json={"name": "other"}).json()["id"]
    moved = editor.patch(f"/api/v1/documents/{document_id}", json={"knowledge_base_id": other, "folder": "2024"})
    assert (moved.json()["knowledge_base_id"], moved.json()["folder"]) == (other, "2024")
    assert found(editor, base, "平均绩点") == []
    read_all(other)
    assert document_id in found(editor, other, "平均绩点")


def test_a_name_that_is_taken_in_that_folder_is_refused(editor: httpx.Client, base: str) -> None:
    one(editor, base, "a.md", b"# a")
    second = one(editor, base, "b.md", b"# b")
    answer = editor.patch(f"/api/v1/documents/{second}", json={"name": "a.md"})
    assert answer.status_code == 409
    assert editor.patch(f"/api/v1/documents/{second}", json={"name": "a.md", "folder": "x"}).status_code == 200


def test_many_documents_are_changed_at_once_and_each_failure_is_named(editor: httpx.Client, base: str) -> None:
    first, second = one(editor, base, "a.md", b"# a"), one(editor, base, "b.md", b"# b")
    unknown = str(uuid.uuid4())
    body = {"action": "tag", "document_ids": [first, second, unknown], "add_tags": ["规章", " 规章 ", "2024"]}
    answer = editor.post("/api/v1/documents/bulk", json=body).json()
    assert answer["done"] == [first, second]
    assert [(f["id"], f["code"]) for f in answer["failed"]] == [(unknown, "not_found")]
    assert editor.get(f"/api/v1/documents/{first}").json()["tags"] == ["规章", "2024"]
    body = {"action": "delete", "document_ids": [first, second]}
    assert editor.post("/api/v1/documents/bulk", json=body).json()["done"] == [first, second]
    assert editor.get(f"/api/v1/knowledge-bases/{base}/documents").json()["documents"] == []


def test_a_reader_changes_nothing(reader: httpx.Client, rules: Rules) -> None:
    for action in ("pause", "resume", "cancel", "reread"):
        assert reader.post(f"/api/v1/documents/{rules.id}/{action}").status_code == 403
    assert reader.patch(f"/api/v1/documents/{rules.id}", json={"name": "x.md"}).status_code == 403
    body = {"action": "delete", "document_ids": [rules.id]}
    answer = reader.post("/api/v1/documents/bulk", json=body).json()
    assert (answer["done"], answer["failed"][0]["code"]) == ([], "not_allowed")
