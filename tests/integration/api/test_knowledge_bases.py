from __future__ import annotations

import uuid

import httpx
import pytest

from tests.integration.api.conftest import upload


def test_a_knowledge_base_is_made_changed_and_deleted(editor: httpx.Client, reader: httpx.Client) -> None:
    made = editor.post(
        "/api/v1/knowledge-bases", json={"name": "  教务处 ", "description": "规章", "share_with": "everyone"}
    ).json()
    assert (made["name"], made["document_count"], made["ready_count"]) == ("教务处", 0, 0)
    path = f"/api/v1/knowledge-bases/{made['id']}"
    assert editor.patch(path, json={"description": "新"}).json() == {**made, "description": "新"}
    assert reader.get(path).json()["description"] == "新"
    assert made["id"] in [base["id"] for base in reader.get("/api/v1/knowledge-bases").json()["knowledge_bases"]]
    assert editor.delete(path).status_code == 204
    assert reader.get(path).status_code == 404
    assert editor.delete(path).status_code == 404
    assert made["id"] not in reader.get("/api/v1/knowledge-bases").text


def test_a_reader_reads_and_changes_nothing(reader: httpx.Client, base: str) -> None:
    path = f"/api/v1/knowledge-bases/{base}"
    assert reader.get(path).status_code == 200
    refused = [
        reader.post("/api/v1/knowledge-bases", json={"name": "mine"}),
        reader.patch(path, json={"name": "mine"}),
        reader.delete(path),
        upload(reader, base, ("a.txt", b"x")),
    ]
    assert [answer.status_code for answer in refused] == [403] * 4


def test_a_deleted_and_an_unknown_one_look_the_same(editor: httpx.Client, base: str) -> None:
    editor.delete(f"/api/v1/knowledge-bases/{base}")
    for suffix in ("", "/documents", "/events"):
        gone, unknown = (editor.get(f"/api/v1/knowledge-bases/{id_}{suffix}") for id_ in (base, uuid.uuid4()))
        assert (gone.status_code, gone.json()) == (unknown.status_code, unknown.json()) == (404, unknown.json())


def test_counts_tell_files_and_what_can_be_found(editor: httpx.Client, base: str) -> None:
    upload(editor, base, ("a.txt", b"one"), ("b.txt", b"two"))
    found = editor.get(f"/api/v1/knowledge-bases/{base}").json()
    assert (found["document_count"], found["ready_count"]) == (2, 0)


@pytest.mark.parametrize("bases", [[], ["no-id"], [str(uuid.uuid4())]])
def test_a_search_of_what_is_not_there_is_refused(reader: httpx.Client, bases: list[str]) -> None:
    answer = reader.post("/api/v1/searches", json={"query": "转专业", "knowledge_base_ids": bases})
    assert answer.status_code in (404, 422)
