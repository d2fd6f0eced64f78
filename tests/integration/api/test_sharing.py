"""With whom a knowledge base is shared, and to whom a document is restricted: at once, everywhere, for keys too."""

from __future__ import annotations

import json
import threading
import time
import uuid
from typing import Any

import httpx
import pytest

from tests.integration.api.conftest import RULES, ReadAll, Running, upload

QUESTION = "转专业的平均绩点要求是多少？"
CANARY = "平均绩点不得低于3.2"


@pytest.fixture(scope="module")
def document(editor: httpx.Client, read_all: ReadAll) -> dict[str, Any]:
    """A read document of a knowledge base that is its maker's alone."""
    base = editor.post("/api/v1/knowledge-bases", json={"name": "保密", "share_with": "me"}).json()["id"]
    made = upload(editor, base, ("办法.md", RULES)).json()["documents"][0]
    read_all(base)
    return dict(made)


@pytest.fixture
def base(document: dict[str, Any], editor: httpx.Client) -> str:
    """Its knowledge base, shared with nobody else."""
    base = str(document["knowledge_base_id"])
    share(editor, base)
    restrict(editor, document["id"])
    return base


def identity(client: httpx.Client) -> str:
    return str(client.get("/api/v1/users/me").json()["id"])


def share(owner: httpx.Client, base: str, *others: tuple[httpx.Client, str]) -> httpx.Response:
    wanted = [(identity(owner), "manager"), *((identity(client), level) for client, level in others)]
    shares = [{"subject": {"kind": "user", "id": id_}, "level": level} for id_, level in wanted]
    answer = owner.put(f"/api/v1/knowledge-bases/{base}/shares", json={"shares": shares})
    answer.raise_for_status()
    return answer


def restrict(owner: httpx.Client, document_id: str, *readers: httpx.Client) -> None:
    subjects = [{"kind": "user", "id": identity(client)} for client in readers]
    owner.put(f"/api/v1/documents/{document_id}/restrictions", json={"subjects": subjects}).raise_for_status()


def ways_to_a_document(client: httpx.Client, document: dict[str, Any]) -> list[httpx.Response]:
    path = f"/api/v1/documents/{document['id']}"
    old = {"version_id": document["version_id"]}
    return [
        client.get(path),
        client.get(f"{path}/original"),
        client.get(f"{path}/content", params=old),
        client.get(f"{path}/highlights", params={"start": 0, "end": 5, **old}),
        client.get(f"{path}/chunks"),
        client.get(f"{path}/pages/1"),
    ]


def search(client: httpx.Client, base: str) -> httpx.Response:
    return client.post("/api/v1/searches", json={"query": QUESTION, "knowledge_base_ids": [base]})


def test_a_share_opens_a_knowledge_base_and_its_end_closes_it_at_the_next_request(
    editor: httpx.Client, reader: httpx.Client, base: str, document: dict[str, Any]
) -> None:
    path = f"/api/v1/knowledge-bases/{base}"
    assert [reader.get(path).status_code, search(reader, base).status_code] == [404, 404]
    assert {answer.status_code for answer in ways_to_a_document(reader, document)} == {404}
    share(editor, base, (reader, "reader"))
    assert reader.get(path).json()["level"] == "reader"
    assert CANARY in search(reader, base).text
    assert ways_to_a_document(reader, document)[0].status_code == 200
    share(editor, base)
    assert [reader.get(path).status_code, search(reader, base).status_code] == [404, 404]
    assert {answer.status_code for answer in ways_to_a_document(reader, document)} == {404}
    assert base not in reader.get("/api/v1/knowledge-bases").text
    assert base not in reader.get("/v1/models").text


def test_an_old_answer_is_withheld_when_the_right_is_gone_and_no_history_for_the_next(
    editor: httpx.Client, reader: httpx.Client, base: str
) -> None:
    share(editor, base, (reader, "reader"))
    conversation = reader.post("/api/v1/conversations", json={"knowledge_base_ids": [base]}).json()["id"]
    path = f"/api/v1/conversations/{conversation}"
    turn = reader.post(f"{path}/turns", json={"question": QUESTION, "stream": False}).json()
    assert "3.2" in turn["answer"]
    share(editor, base)
    (withheld,) = reader.get(path).json()["turns"]
    assert (withheld["is_withheld"], withheld["answer"], withheld["sources"]) == (True, "", [])
    assert "3.2" not in json.dumps(withheld, ensure_ascii=False)
    again = reader.post(f"{path}/turns", json={"question": QUESTION, "stream": False}).json()
    assert (again["abstained"], again["sources"]) == (True, [])
    share(editor, base, (reader, "reader"))
    assert "3.2" in reader.get(path).json()["turns"][0]["answer"], "what is given back is there again"


def test_a_restricted_document_is_nowhere_for_who_is_not_named(
    editor: httpx.Client, reader: httpx.Client, base: str, document: dict[str, Any]
) -> None:
    share(editor, base, (reader, "reader"))
    restrict(editor, document["id"], editor)
    assert {answer.status_code for answer in ways_to_a_document(reader, document)} == {404}
    assert search(reader, base).json()["hits"] == []
    assert reader.get(f"/api/v1/knowledge-bases/{base}/documents").json() == {"documents": []}
    asked = {"model": f"kb:{base}", "messages": [{"role": "user", "content": QUESTION}]}
    assert "3.2" not in reader.post("/v1/chat/completions", json=asked).text
    (listed,) = editor.get(f"/api/v1/knowledge-bases/{base}/documents").json()["documents"]
    assert listed["is_restricted"]
    restrict(editor, document["id"], reader)
    assert CANARY in search(reader, base).text


def test_an_editor_neither_replaces_nor_learns_of_a_document_that_is_hidden_from_them(
    editor: httpx.Client, admin: httpx.Client, server: Running, base: str, document: dict[str, Any]
) -> None:
    body = {"email": f"{uuid.uuid4()}@example.edu", "role": "editor", "password": "correct horse battery"}
    admin.post("/api/v1/users", json=body).raise_for_status()
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as other:
        token = other.post("/api/v1/sessions", json={k: body[k] for k in ("email", "password")}).json()["token"]
        other.cookies.clear()
        other.headers["Authorization"] = f"Bearer {token}"
        share(editor, base, (other, "editor"))
        restrict(editor, document["id"], editor)
        replaced = upload(other, base, ("办法.md", b"# mine"))
        assert (replaced.status_code, replaced.json()["error"]["code"]) == (422, "name_taken")
        same = upload(other, base, ("别名.md", RULES)).json()
        assert [one["name"] for one in same["documents"]] == ["别名.md"], "no duplicate is named"
        other.delete(f"/api/v1/documents/{same['documents'][0]['id']}").raise_for_status()
        assert other.get(f"/api/v1/documents/{document['id']}/restrictions").status_code == 404
        assert other.get(f"/api/v1/knowledge-bases/{base}/shares").status_code == 403


def test_whoever_shares_does_not_lock_themselves_out(editor: httpx.Client, reader: httpx.Client, base: str) -> None:
    shares = [{"subject": {"kind": "user", "id": identity(reader)}, "level": "manager"}]
    answer = editor.put(f"/api/v1/knowledge-bases/{base}/shares", json={"shares": shares})
    assert answer.status_code == 409
    assert editor.get(f"/api/v1/knowledge-bases/{base}/shares").status_code == 200


def test_a_share_names_each_subject_once_and_none_that_is_unknown(editor: httpx.Client, base: str) -> None:
    me = {"subject": {"kind": "user", "id": identity(editor)}, "level": "manager"}
    for wrong, code in (
        ([me, me], "subject_twice"),
        ([me, {"subject": {"kind": "group", "id": str(uuid.uuid4())}, "level": "reader"}], "subject_unknown"),
        ([me, {"subject": {"kind": "department", "id": None}, "level": "reader"}], "invalid_input"),
    ):
        answer = editor.put(f"/api/v1/knowledge-bases/{base}/shares", json={"shares": wrong})
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)


def test_a_watcher_learns_nothing_more_once_a_document_is_hidden_and_then_the_base(
    server: Running, editor: httpx.Client, reader: httpx.Client, base: str, document: dict[str, Any]
) -> None:
    share(editor, base, (reader, "reader"))
    headers = {"Authorization": reader.headers["Authorization"]}
    seen: list[tuple[str, str]] = []
    ended = threading.Event()

    def watch() -> None:
        url = f"{server.url}/api/v1/knowledge-bases/{base}/events"
        with httpx.stream("GET", url, headers=headers, timeout=30, trust_env=False) as stream:
            name = ""
            for line in stream.iter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    seen.append((name, line))
        ended.set()

    threading.Thread(target=watch, daemon=True).start()

    def until(condition: Any) -> None:
        deadline = time.monotonic() + 15
        while not condition():
            assert time.monotonic() < deadline, seen
            time.sleep(0.05)

    until(lambda: seen)
    assert document["id"] in seen[0][1]
    restrict(editor, document["id"], editor)
    until(lambda: seen[-1][0] == "deleted")
    assert document["id"] in seen[-1][1]
    restrict(editor, document["id"])
    until(lambda: seen[-1][0] == "document")
    share(editor, base)
    until(ended.is_set)


@pytest.mark.parametrize(
    ("rights", "admitted"), [(["read"], {"search"}), (["ask"], {"ask"}), (["write"], {"upload"}), ([], set())]
)
def test_a_key_does_what_its_rights_say_in_its_knowledge_bases(
    server: Running, editor: httpx.Client, base: str, rights: list[str], admitted: set[str]
) -> None:
    other = editor.post("/api/v1/knowledge-bases", json={"name": "另一个"}).json()["id"]
    made = editor.post("/api/v1/api-keys", json={"name": "k", "rights": rights, "knowledge_base_ids": [base]})
    if not rights:
        assert made.status_code == 422
        return
    assert (made.json()["rights"], made.json()["knowledge_base_ids"]) == (rights, [base])
    headers = {"Authorization": f"Bearer {made.json()['key']}"}
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False, headers=headers) as client:

        def statuses(base_id: str) -> dict[str, int]:
            asked = {"model": f"kb:{base_id}", "messages": [{"role": "user", "content": QUESTION}]}
            return {
                "search": search(client, base_id).status_code,
                "ask": client.post("/v1/chat/completions", json=asked).status_code,
                "upload": upload(client, base_id, (f"{uuid.uuid4()}.txt", b"x")).status_code,
            }

        done = {name for name, status in statuses(base).items() if status < 300}
        assert done == admitted
        assert {status for name, status in statuses(base).items() if name not in admitted} == {403}
        assert {status for name, status in statuses(other).items() if name in admitted} == {404}
        assert client.post("/api/v1/knowledge-bases", json={"name": "mine"}).status_code == 403


def test_a_key_for_a_knowledge_base_shows_no_conversation_about_another(
    server: Running, editor: httpx.Client, base: str
) -> None:
    other = editor.post("/api/v1/knowledge-bases", json={"name": "另一个"}).json()["id"]
    mine, foreign = (
        editor.post("/api/v1/conversations", json={"knowledge_base_ids": [id_]}).json()["id"] for id_ in (base, other)
    )
    made = editor.post("/api/v1/api-keys", json={"name": "k", "rights": ["ask"], "knowledge_base_ids": [base]}).json()
    headers = {"Authorization": f"Bearer {made['key']}"}
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False, headers=headers) as client:
        listed = {one["id"] for one in client.get("/api/v1/conversations").json()["conversations"]}
        assert mine in listed
        assert foreign not in listed
        assert client.get(f"/api/v1/conversations/{foreign}").status_code == 404
        assert client.post("/api/v1/conversations", json={"knowledge_base_ids": []}).status_code == 403
