"""The OpenAPI description: `python -m web.openapi > openapi.json`."""

from __future__ import annotations

import json
import sys
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from kb_platform.version import VERSION
from web.api.openai.schemas import ChatCompletionChunk, OpenAIError
from web.api.openai_errors import PATHS as OPENAI_PATHS
from web.api.openai_errors import openai_status
from web.api.schemas.common import Error
from web.api.schemas.conversations import Turn, TurnStreamEvent
from web.api.schemas.documents import DeletedEvent, Document, SnapshotEvent

REF = "#/components/schemas/{model}"
ONLY_HERE: tuple[type[BaseModel], ...] = (
    Error,
    OpenAIError,
    ChatCompletionChunk,
    TurnStreamEvent,
    Turn,
    SnapshotEvent,
    Document,
    DeletedEvent,
)
"""Models that no route returns as plain JSON: errors, and the events of streams."""

ERRORS = {
    "401": "Not signed in, or the key is unknown, expired or revoked.",
    "403": "Known to the caller, but not this action; or the CSRF header is missing.",
    "404": "Unknown, or not for this caller: the two look the same.",
    "409": "The state does not admit this now.",
    "413": "What was sent is too large; a file that is, is named.",
    "422": "What was sent cannot be used; the message names it.",
    "429": "Too many requests; `Retry-After` says when to try again.",
    "503": "A part of the platform does not answer now.",
}
OF_EACH_OPERATION = ("401", "403", "422", "429", "503")
OF_SOME = {
    "sign_in": ("401", "403", "409", "422", "429", "503"),
    "get_sign_in_methods": ("429",),
    "begin_single_sign_on": ("404", "422", "429", "503"),
    "finish_single_sign_on": ("404", "422", "429"),
    "look_at_invitation": ("404", "422", "429"),
    "accept_invitation": ("403", "404", "422", "429"),
    "look_at_widget": ("404", "422", "429"),
    "ask_widget": ("401", "404", "422", "429", "503"),
    "create_invitation": (*OF_EACH_OPERATION, "404"),
    "get_health": (),
    "search": (*OF_EACH_OPERATION, "404"),
    "create_conversation": (*OF_EACH_OPERATION, "404"),
    "upload_documents": (*OF_EACH_OPERATION, "404"),
    "retry_document": (*OF_EACH_OPERATION, "404", "409"),
    "ask": (*OF_EACH_OPERATION, "404", "409"),
    "create_chat_completion": (*OF_EACH_OPERATION, "404"),
    "create_embeddings": (*OF_EACH_OPERATION, "404"),
    "create_department": (*OF_EACH_OPERATION, "404"),
    "delete_department": (*OF_EACH_OPERATION, "404", "409"),
    "create_user": (*OF_EACH_OPERATION, "404"),
    "update_user": (*OF_EACH_OPERATION, "404", "409"),
    "create_group": (*OF_EACH_OPERATION, "404"),
    "set_shares": (*OF_EACH_OPERATION, "404", "409"),
    "get_document_content": (*OF_EACH_OPERATION, "404", "409"),
    "get_document_highlights": (*OF_EACH_OPERATION, "404", "409"),
}
STREAMS = {
    "ask_widget": {"$ref": REF.format(model="TurnStreamEvent")},
    "ask": {"$ref": REF.format(model="TurnStreamEvent")},
    "create_chat_completion": {"$ref": REF.format(model="ChatCompletionChunk")},
    "watch_documents": {
        "oneOf": [{"$ref": REF.format(model=name)} for name in ("SnapshotEvent", "Document", "DeletedEvent")],
        "description": "By the event's name: `snapshot`, `document`, `deleted`.",
    },
}
ABOUT = """Upload documents into knowledge bases, search them, and ask questions whose answers cite their sources.

Sign in with `POST /api/v1/sessions`, or make an API key and send it as `Authorization: Bearer …`. Errors have the
form `{"error": {"code", "message"}}`. Streams are server-sent events whose data is JSON.

OpenAI's clients use `/v1` as base URL and an API key: knowledge bases and models are models there."""


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the description, with the errors and the streams' events that FastAPI cannot know."""
    description = get_openapi(
        title="Knowledge base platform",
        version=VERSION,
        description=ABOUT,
        routes=app.routes,
        separate_input_output_schemas=False,
    )
    schemas = description["components"]["schemas"]
    _, extra = models_json_schema([(model, "serialization") for model in ONLY_HERE], ref_template=REF)
    schemas.update({name: schema for name, schema in extra["$defs"].items() if name not in schemas})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for path, operations in description["paths"].items():
        for operation in operations.values():
            _describe_responses(path, operation)
    return description


def _describe_responses(path: str, operation: dict[str, Any]) -> None:
    name, responses = operation["operationId"], operation["responses"]
    is_openai = path.startswith(OPENAI_PATHS)
    error = "OpenAIError" if is_openai else "Error"
    responses.pop("422", None)
    with_path = ("404",) if "{" in path else ()
    with_body = ("413",) if "requestBody" in operation else ()
    for status in sorted({*OF_SOME.get(name, (*OF_EACH_OPERATION, *with_path)), *with_body}):
        shown = str(openai_status(int(status))) if is_openai else status
        responses[shown] = {
            "description": ERRORS[status],
            "content": {"application/json": {"schema": {"$ref": REF.format(model=error)}}},
        }
    if name in STREAMS:
        responses["200"].setdefault("content", {})["text/event-stream"] = {"schema": STREAMS[name]}


def main() -> None:
    from kb_platform.settings import Settings
    from web.app import create_app

    json.dump(create_app(Settings()).openapi(), sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
