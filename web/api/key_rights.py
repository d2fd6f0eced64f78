"""Which right of an API key a route asks for. Sessions have all rights."""

from __future__ import annotations

from starlette.routing import BaseRoute

from kb_platform.domain.access import Right

READING = frozenset({"GET", "HEAD", "OPTIONS"})

OTHERS: dict[str, Right | None] = {
    "get_current_user": None,
    "get_system": None,
    "list_models": None,
    "get_model": None,
    "search": Right.READ,
    "measure_chunk": Right.READ,
    "list_conversations": Right.ASK,
    "create_conversation": Right.ASK,
    "get_conversation": Right.ASK,
    "update_conversation": Right.ASK,
    "delete_conversation": Right.ASK,
    "ask": Right.ASK,
    "stop_generation": Right.ASK,
    "give_feedback": Right.ASK,
    "create_chat_completion": Right.ASK,
    "create_embeddings": Right.ASK,
}
"""By operation. What is not here reads with GET and writes with every other method: a route that is forgotten here asks
for more, never for less. None: any key."""


def right_needed(route: BaseRoute | None, method: str) -> Right | None:
    """Return the right that a key must have for a route."""
    operation_id = getattr(route, "operation_id", None)
    if operation_id in OTHERS:
        return OTHERS[operation_id]
    return Right.READ if method in READING else Right.WRITE
