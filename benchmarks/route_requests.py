"""How each operation of the route table is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.house import PASSWORD
from benchmarks.route_objects import Objects

QUESTION = "How many members has the council?"
MCP_HEADERS = {"Accept": "application/json, text/event-stream"}


@dataclass(frozen=True, slots=True)
class Sent:
    """A request's parts; `path` fills the names in the route's path. `token` takes the place of the caller's."""

    path: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    files: list[tuple[str, tuple[str, bytes]]] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    token: str = ""


HIDDEN: Mapping[str, tuple[str, str]] = {
    "security_txt": ("GET", "/.well-known/security.txt"),
    "page": ("GET", "/{path:path}"),
    "widget_page": ("GET", "/widget/{widget_id}"),
    "page_of_the_api": ("GET", "/api/docs"),
    "asset_of_the_api": ("GET", "/api/docs/{name}"),
}
"""Routes that the OpenAPI description leaves out."""
SESSIONS = frozenset({"stranger", "reader", "editor", "manager", "admin"})
"""Callers who are signed in; the others send keys, or nothing that counts."""
MCP_PATH = "/mcp"
MCP_TOOLS = ("list_knowledge_bases", "search", "read", "ask")


def request_of(operation: str, objects: Objects) -> Sent:
    """Return what is sent. Operations that take nothing need no entry."""
    make = _REQUESTS.get(operation)
    return make(objects) if make else Sent()


def _tool(name: str, **arguments: Any) -> Sent:
    params = {"name": name, "arguments": arguments}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    return Sent(json=body, headers=MCP_HEADERS)


def _conversation(objects: Objects, json: Any = None) -> Sent:
    return Sent({"conversation_id": objects.conversation}, json=json)


def _turn(objects: Objects, json: Any = None) -> Sent:
    return Sent({"conversation_id": objects.conversation, "turn_id": objects.turn}, json=json)


def _document(id_: str, json: Any = None, **params: Any) -> Sent:
    return Sent({"document_id": id_}, params, json)


def _chunk(objects: Objects, json: Any = None) -> Sent:
    return Sent({"document_id": objects.read_document, "chunk_id": objects.chunk}, json=json)


def _usage(objects: Objects) -> Sent:
    return Sent(params={"of": {"own": "me"}.get(objects.of, objects.of)})


def _subjects(objects: Objects) -> list[dict[str, Any]]:
    return [{"kind": "user", "id": objects.world.house.owner.id}]


def _shares(objects: Objects) -> dict[str, Any]:
    return {"shares": [{"subject": one, "level": "manager"} for one in _subjects(objects)]}


_REQUESTS: Mapping[str, Callable[[Objects], Sent]] = {
    "page": lambda _: Sent({"path:path": "assets/none.js"}),
    "asset_of_the_api": lambda _: Sent({"name": "start.js"}),
    "sign_in": lambda o: Sent(json={"email": o.world.house.owner.email, "password": PASSWORD}),
    "sign_out": lambda o: Sent(token=o.fresh_session if o.caller in SESSIONS else ""),
    "change_password": lambda _: Sent(json={"current_password": "not this", "new_password": "another one"}),
    "create_api_key": lambda _: Sent(json={"name": "key"}),
    "revoke_api_key": lambda o: Sent({"api_key_id": o.key}),
    "create_user": lambda o: Sent(json={"email": f"new{o.number}@example.edu", "department_id": o.law}),
    "update_user": lambda o: Sent({"user_id": o.user}, json={"role": "editor", "is_active": False}),
    "create_department": lambda o: Sent(json={"name": f"Chair {o.number}", "parent_id": o.law}),
    "update_department": lambda o: Sent({"department_id": o.department}, json={"name": f"Chair {o.number}"}),
    "delete_department": lambda o: Sent({"department_id": o.department}),
    "create_group": lambda o: Sent(json={"name": f"Jury {o.number}", "department_id": o.law}),
    "update_group": lambda o: Sent({"group_id": o.group}, json={"name": f"Jury {o.number}"}),
    "delete_group": lambda o: Sent({"group_id": o.group}),
    "widget_page": lambda o: Sent({"widget_id": o.missing}),
    "look_at_widget": lambda o: Sent({"widget_id": o.widget}),
    "ask_widget": lambda o: Sent({"widget_id": o.widget}, json={"question": QUESTION}),
    "create_widget": lambda o: Sent(
        {"knowledge_base_id": o.law_base}, json={"name": "Chat", "allowed_origins": ["https://www.example.edu"]}
    ),
    "list_widgets": lambda o: Sent({"knowledge_base_id": o.law_base}),
    "update_widget": lambda o: Sent({"knowledge_base_id": o.law_base, "widget_id": o.widget}, json={"name": "Chat"}),
    "revoke_widget": lambda o: Sent({"knowledge_base_id": o.law_base, "widget_id": o.widget}),
    "look_at_invitation": lambda o: Sent(json={"token": o.invitation_token}),
    "accept_invitation": lambda o: Sent(
        json={"token": o.invitation_token, "email": f"guest{o.number}@example.edu", "password": PASSWORD}
    ),
    "create_invitation": lambda o: Sent(json={"department_id": o.law}),
    "withdraw_invitation": lambda o: Sent({"invitation_id": o.invitation}),
    "search_subjects": lambda _: Sent(params={"query": "Law"}),
    "create_knowledge_base": lambda _: Sent(json={"name": "new"}),
    "get_knowledge_base": lambda o: Sent({"knowledge_base_id": o.base}),
    "update_knowledge_base": lambda o: Sent({"knowledge_base_id": o.base}, json={"name": "renamed"}),
    "delete_knowledge_base": lambda o: Sent({"knowledge_base_id": o.base}),
    "list_shares": lambda o: Sent({"knowledge_base_id": o.base}),
    "set_shares": lambda o: Sent({"knowledge_base_id": o.base}, json=_shares(o)),
    "list_documents": lambda o: Sent({"knowledge_base_id": o.law_base}),
    "watch_documents": lambda o: Sent({"knowledge_base_id": o.law_base}),
    "upload_documents": lambda o: Sent(
        {"knowledge_base_id": o.base}, files=[("files", (f"{o.number}.txt", b"Twelve members."))]
    ),
    "get_document": lambda o: _document(o.read_document),
    "change_document": lambda o: _document(o.ready_document, {"tags": ["seen"]}),
    "change_documents": lambda o: Sent(
        json={"action": "tag", "document_ids": [o.ready_document], "add_tags": ["seen"]}
    ),
    "delete_document": lambda o: _document(o.ready_document),
    "retry_document": lambda o: _document(o.failed_document),
    "reread_document": lambda o: _document(o.ready_document),
    "pause_document": lambda o: _document(o.queued_document),
    "resume_document": lambda o: _document(o.paused_document),
    "cancel_reading": lambda o: _document(o.queued_document),
    "list_restrictions": lambda o: _document(o.ready_document),
    "set_restrictions": lambda o: _document(o.ready_document, {"subjects": _subjects(o)}),
    "download_original": lambda o: _document(o.read_document),
    "get_document_content": lambda o: _document(o.read_document),
    "get_document_page": lambda o: Sent({"document_id": o.read_document, "number": "1"}),
    "get_document_highlights": lambda o: _document(o.read_document, start=0, end=5),
    "list_chunks": lambda o: _document(o.read_document),
    "measure_chunk": lambda o: _chunk(o, {"text": "Thirteen members."}),
    "edit_chunk": lambda o: _chunk(o, {"text": f"Thirteen members, {o.number}."}),
    "undo_chunk_edit": _chunk,
    "discard_chunk_edit": lambda o: Sent({"document_id": o.read_document, "edit_id": o.edit}),
    "search": lambda o: Sent(json={"query": QUESTION, "knowledge_base_ids": [o.law_base]}),
    "create_conversation": lambda o: Sent(json={"knowledge_base_ids": [o.law_base]}),
    "get_conversation": _conversation,
    "update_conversation": lambda o: _conversation(o, {"title": "renamed"}),
    "delete_conversation": _conversation,
    "ask": lambda o: _conversation(o, {"question": QUESTION, "stream": False}),
    "stop_generation": _turn,
    "give_feedback": lambda o: _turn(o, {"rating": "up"}),
    "connect_model_endpoint": lambda _: Sent(json={"base_url": "http://127.0.0.1:1/v1"}),
    "update_model_endpoint": lambda o: Sent({"model_endpoint_id": o.endpoint}, json={"priority": 7}),
    "delete_model_endpoint": lambda o: Sent({"model_endpoint_id": o.endpoint}),
    "get_usage": _usage,
    "export_usage": _usage,
    "set_web_search": lambda _: Sent(json={"everyone": False}),
    "get_model": lambda o: Sent({"model": f"kb:{o.law_base}"}),
    "create_chat_completion": lambda o: Sent(
        json={"model": f"kb:{o.law_base}", "messages": [{"role": "user", "content": QUESTION}]}
    ),
    "create_embeddings": lambda o: Sent(
        json={"model": o.world.served.services.embedding.name, "input": ["twelve members"]}
    ),
    "mcp_list_knowledge_bases": lambda _: _tool("list_knowledge_bases"),
    "mcp_search": lambda o: _tool("search", query=QUESTION, knowledge_bases=[o.law_base]),
    "mcp_read": lambda o: _tool("read", document_id=o.read_document),
    "mcp_ask": lambda o: _tool("ask", question=QUESTION, knowledge_bases=[o.law_base]),
}
