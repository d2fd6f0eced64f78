"""A chat on other sites' pages: where it may stand, what it answers from, who may ask."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from kb_platform.settings import LimitSettings, Settings
from tests.integration.api.conftest import ReadAll, Rules, Running, running, upload
from web.pages import BUILT

SITE = "https://www.example.edu"


def make(client: httpx.Client, base: str, **wanted: Any) -> dict[str, Any]:
    body = {"name": "问规章", "allowed_origins": [SITE], **wanted}
    answer = client.post(f"/api/v1/knowledge-bases/{base}/widgets", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def ask(client: httpx.Client, widget: str, question: str, token: str = "", **more: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return client.post(f"/api/v1/widgets/{widget}/answers", json={"question": question, **more}, headers=headers)


def events(answer: httpx.Response) -> dict[str, Any]:
    """The last event of each type."""
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = {}
    name = ""
    for line in answer.text.splitlines():
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            found[name] = json.loads(value)
    assert {"sources", "done"} <= found.keys(), answer.text[:1500]
    return found


def signed(secret: str, widget: str, **claims: Any) -> str:
    stated = {"aud": widget, "sub": "visitor 7", "exp": int(time.time()) + 600, **claims}
    return jwt.encode({"alg": "HS256"}, {k: v for k, v in stated.items() if v is not None}, OctKey.import_key(secret))


@pytest.fixture(scope="module")
def widget(editor: httpx.Client, rules: Rules) -> dict[str, Any]:
    return make(editor, rules.base)


def test_a_visitor_gets_an_answer_with_citations(anonymous: httpx.Client, widget: dict[str, Any], rules: Rules) -> None:
    assert anonymous.get(f"/api/v1/widgets/{widget['id']}").json() == {"name": "问规章", "needs_token": False}
    said = events(ask(anonymous, widget["id"], "申请转专业的平均绩点不得低于多少？"))
    assert "3.2" in said["done"]["answer"]
    assert said["done"]["citations"]
    assert said["sources"]["sources"][0]["document_id"] == rules.id


def test_a_visitor_is_told_when_the_documents_do_not_say(anonymous: httpx.Client, widget: dict[str, Any]) -> None:
    assert events(ask(anonymous, widget["id"], "Who won the football world cup in 1998?"))["done"]["abstained"]


def test_the_page_may_stand_on_the_named_sites_and_no_other_page_on_any(
    anonymous: httpx.Client, editor: httpx.Client, widget: dict[str, Any], rules: Rules
) -> None:
    if not (BUILT / "widget.html").is_file():
        pytest.skip("the browser app is not built (cd web/ui && npm run build)")
    page = anonymous.get(f"/widget/{widget['id']}")
    assert page.headers["content-security-policy"].endswith(f"frame-ancestors {SITE}")
    assert "x-frame-options" not in page.headers
    assert anonymous.get("/widget.js").headers["cross-origin-resource-policy"] == "cross-origin"
    path = f"/api/v1/knowledge-bases/{rules.base}/widgets/{widget['id']}"
    origins = [SITE, "https://*.hospital.example:8443", "http://localhost:3000"]
    assert editor.patch(path, json={"allowed_origins": origins}).json()["allowed_origins"] == origins
    assert anonymous.get(f"/widget/{widget['id']}").headers["content-security-policy"].endswith(" ".join(origins))
    assert anonymous.get("/").headers["x-frame-options"] == "DENY"
    assert anonymous.get(f"/widget/{uuid.uuid4()}").status_code == 404


@pytest.mark.parametrize(
    "origin",
    ["*", "https://*", "www.example.edu", "https://a.example/path", "https://a.example; script-src *", "'self'",
     "https://a.example https://b.example", "javascript:alert(1)", "https://user@a.example", "data:", ""],
)  # fmt: skip
def test_what_is_no_site_cannot_be_named(editor: httpx.Client, rules: Rules, origin: str) -> None:
    body = {"name": "x", "allowed_origins": [origin]}
    assert editor.post(f"/api/v1/knowledge-bases/{rules.base}/widgets", json=body).status_code == 422


def test_restricted_documents_are_nobodys_also_when_they_are_the_makers(
    editor: httpx.Client, anonymous: httpx.Client, base: str, read_all: ReadAll
) -> None:
    secret = "门禁密码是四七一一，只告诉保安人员。".encode()
    document = upload(editor, base, ("门禁.txt", secret)).json()["documents"][0]["id"]
    read_all(base)
    made = make(editor, base)["id"]
    question = "门禁密码是多少？"
    assert events(ask(anonymous, made, question))["sources"]["sources"]
    me = editor.get("/api/v1/users/me").json()["id"]
    body = {"subjects": [{"kind": "user", "id": me}]}
    editor.put(f"/api/v1/documents/{document}/restrictions", json=body).raise_for_status()
    answer = ask(anonymous, made, question)
    assert "四七一一" not in answer.text
    assert events(answer)["sources"]["sources"] == []


def test_only_what_the_site_has_signed_may_ask(editor: httpx.Client, anonymous: httpx.Client, rules: Rules) -> None:
    made = make(editor, rules.base, needs_token=True)
    id_, secret = made["id"], made["secret"]
    assert events(ask(anonymous, id_, "绩点？", signed(secret, id_)))["done"]
    now = int(time.time())
    wrong = [
        "",
        "nonsense",
        signed("another secret of some length here", id_),
        signed(secret, str(uuid.uuid4())),
        signed(secret, id_, exp=now - 600),
        signed(secret, id_, exp=now + 3 * 24 * 3600),
        signed(secret, id_, exp=None),
        signed(secret, id_, sub=None),
        jwt.encode({"alg": "none"}, {"aud": id_, "sub": "x", "exp": now + 60}, OctKey.import_key(secret), ["none"]),
    ]
    assert [ask(anonymous, id_, "绩点？", token).status_code for token in wrong] == [401] * len(wrong)
    listed = editor.get(f"/api/v1/knowledge-bases/{rules.base}/widgets").text
    assert id_ in listed
    assert secret not in listed


def test_revoking_ends_it_at_once_and_so_does_what_its_maker_loses(
    admin: httpx.Client, editor: httpx.Client, anonymous: httpx.Client, base: str
) -> None:
    first, second = make(editor, base)["id"], make(editor, base)["id"]
    assert editor.delete(f"/api/v1/knowledge-bases/{base}/widgets/{first}").status_code == 204
    assert ask(anonymous, first, "绩点？").status_code == 404
    assert anonymous.get(f"/api/v1/widgets/{second}").status_code == 200
    admin.put(f"/api/v1/knowledge-bases/{base}/shares", json={"shares": []}).raise_for_status()
    assert ask(anonymous, second, "绩点？").status_code == 404
    assert anonymous.get(f"/api/v1/widgets/{second}").status_code == 404


def test_readers_make_none_and_see_none(reader: httpx.Client, rules: Rules, widget: dict[str, Any]) -> None:
    path = f"/api/v1/knowledge-bases/{rules.base}/widgets"
    assert reader.post(path, json={"name": "x", "allowed_origins": [SITE]}).status_code == 403
    assert reader.get(path).status_code == 403
    assert reader.delete(f"{path}/{widget['id']}").status_code == 403


def test_questions_are_in_the_audit_as_the_visitors(
    admin: httpx.Client, editor: httpx.Client, anonymous: httpx.Client, rules: Rules
) -> None:
    made = make(editor, rules.base, needs_token=True)
    events(ask(anonymous, made["id"], "绩点？", signed(made["secret"], made["id"], sub="student 12")))
    found = admin.get("/api/v1/audit-events", params={"action": "ask_widget"}).json()["events"][0]
    assert (found["user"], found["user_id"], found["credential"]) == ("student 12", "", "widget")
    assert (found["credential_id"], found["objects"]) == (made["id"], {"widget_id": made["id"]})


def test_visitors_are_slowed_each_and_all_together(settings: Settings, server: Running, widget: dict[str, Any]) -> None:
    limits = LimitSettings(widget_questions_per_minute=2, widget_questions_per_minute_all=3)
    with (
        running(settings.model_copy(update={"limits": limits})) as slow,
        httpx.Client(base_url=slow.url, trust_env=False, timeout=60) as visitor,
    ):
        statuses = [ask(visitor, widget["id"], "绩点？").status_code for _ in range(3)]
        assert statuses == [200, 200, 429]
