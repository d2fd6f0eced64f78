"""What people do is in the audit before they get their answer."""

from __future__ import annotations

import json
import uuid
from typing import Any

import httpx
import pytest

from kb_platform.audit import verify
from tests.integration.api.conftest import PASSWORD, RULES, Running, upload
from tests.integration.api.scripted_model import MODEL, Script


def events(admin: httpx.Client, **wanted: Any) -> list[dict[str, Any]]:
    answer = admin.get("/api/v1/audit-events", params=wanted)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["events"]
    return found


def test_a_document_is_followed_from_upload_to_deletion(editor: httpx.Client, admin: httpx.Client, base: str) -> None:
    document = upload(editor, base, ("办法.md", RULES)).json()["documents"][0]["id"]
    assert editor.get(f"/api/v1/documents/{document}/original").status_code == 200
    assert editor.get(f"/api/v1/documents/{document}").status_code == 200
    assert editor.delete(f"/api/v1/documents/{document}").status_code == 204
    found = events(admin, object_id=document)
    assert [(event["action"], event["status"]) for event in found] == [
        ("delete_document", 204),
        ("download_original", 200),
        ("upload_documents", 202),
    ]
    assert found[-1]["details"]["names"] == ["办法.md"]
    assert found[-1]["objects"]["knowledge_base_id"] == base
    assert {event["user"] for event in found} == {"editor@example.edu"}
    assert {event["address"] for event in found} == {"127.0.0.1"}
    assert {event["credential"] for event in found} == {"session"}


def test_signing_in_is_recorded_whether_it_worked_or_not(anonymous: httpx.Client, admin: httpx.Client) -> None:
    email = f"{uuid.uuid4()}@example.edu"
    anonymous.post("/api/v1/sessions", json={"email": email, "password": "a wrong password"})
    anonymous.post(
        "/api/v1/sessions",
        json={"email": "reader@example.edu", "password": PASSWORD},
        headers={"User-Agent": "a browser kbk_0123456789abcdef"},
    )
    (failed,) = events(admin, user=email)
    assert (failed["action"], failed["status"], failed["user_id"]) == ("sign_in", 401, "")
    worked = events(admin, user="reader@example.edu", action="sign_in")[0]
    assert (worked["status"], bool(worked["user_id"])) == (201, True)
    assert worked["user_agent"] == "a browser kbk_[hidden]"
    assert "password" not in json.dumps([failed, worked])


def test_what_was_refused_is_recorded(reader: httpx.Client, admin: httpx.Client) -> None:
    assert reader.get("/api/v1/audit-events").status_code == 403
    assert events(admin, action="list_audit_events", result="refused")[0]["user"] == "reader@example.edu"


def test_what_a_key_does_names_the_key(editor: httpx.Client, anonymous: httpx.Client, admin: httpx.Client) -> None:
    made = editor.post("/api/v1/api-keys", json={"name": "script"}).json()
    bearer = {"Authorization": f"Bearer {made['key']}"}
    anonymous.post("/api/v1/knowledge-bases", json={"name": "from a script"}, headers=bearer)
    by_key, made_key = events(admin, object_id=made["id"])
    assert (by_key["action"], by_key["credential"]) == ("create_knowledge_base", "api_key")
    assert (made_key["action"], made_key["details"]["name"]) == ("create_api_key", "script")
    assert made["key"] not in json.dumps([by_key, made_key])


def test_a_question_is_recorded_without_its_words_unless_they_are_wanted(
    editor: httpx.Client, admin: httpx.Client, base: str
) -> None:
    secret = uuid.uuid4().hex
    answer = editor.post("/api/v1/searches", json={"query": secret, "knowledge_base_ids": [base]})
    assert answer.status_code == 200
    event = events(admin, action="search")[0]
    assert event["details"]["knowledge_base_ids"] == [base]
    assert secret not in json.dumps(event)


def chat(client: httpx.Client, script: Script, status: int) -> list[int]:
    """Ask the model, read until its first word, and return the statuses in the audit by then, oldest first."""
    before = len(events(client, action="create_chat_completion"))
    script.status, script.pause, script.endless = status, 0.02, True
    body = {"model": MODEL, "messages": [{"role": "user", "content": "?"}], "stream": True}
    with client.stream("POST", "/v1/chat/completions", json=body) as response:
        next(response.iter_lines())
        found = events(client, action="create_chat_completion")
        return [event["status"] for event in reversed(found[: len(found) - before])]


@pytest.mark.usefixtures("connected")
def test_a_question_to_a_model_is_recorded_once_and_before_its_first_word(admin: httpx.Client, script: Script) -> None:
    assert chat(admin, script, 200) == [200]


@pytest.mark.usefixtures("connected")
def test_that_the_model_then_failed_is_recorded_as_well(admin: httpx.Client, script: Script) -> None:
    assert chat(admin, script, 500) == [200, 503]


def test_who_has_no_credential_does_not_fill_the_audit(anonymous: httpx.Client, admin: httpx.Client) -> None:
    last = events(admin)[0]["number"]
    assert anonymous.delete(f"/api/v1/documents/{uuid.uuid4()}").status_code == 401
    assert events(admin)[0]["number"] == last


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_the_audit_is_exported_and_that_too_is_recorded(admin: httpx.Client, reader: httpx.Client, form: str) -> None:
    answer = admin.get("/api/v1/audit-events/export", params={"format": form, "action": "sign_in"})
    assert answer.headers["content-disposition"] == f'attachment; filename="audit.{form}"'
    assert "sign_in" in answer.text
    assert events(admin)[0]["action"] == "export_audit_events"
    assert reader.get("/api/v1/audit-events/export").status_code == 403


def test_pages_follow_each_other(admin: httpx.Client, editor: httpx.Client) -> None:
    for number in range(3):
        editor.post("/api/v1/knowledge-bases", json={"name": f"page {number}"})
    first = events(admin, limit=2)
    second = events(admin, limit=2, before=first[-1]["number"])
    assert [event["number"] for event in second] == [first[-1]["number"] - 1, first[-1]["number"] - 2]


def test_the_chain_of_a_used_platform_is_intact(server: Running, admin: httpx.Client) -> None:
    admin.post("/api/v1/knowledge-bases", json={"name": "one more"})
    found = verify(server.services.database, server.services.settings.security.secret_key)
    assert (found.problem, found.events > 0) == ("", True)
