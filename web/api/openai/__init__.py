"""The API that OpenAI's clients speak, at `/v1`: knowledge bases and models as models."""

from __future__ import annotations

from fastapi import APIRouter

from web.api.openai import chat, embeddings, models

PREFIX = "/v1"


def openai_router() -> APIRouter:
    """Return its routes."""
    router = APIRouter(prefix=PREFIX, tags=["OpenAI-compatible"])
    for part in (models.router, chat.router, embeddings.router):
        router.include_router(part)
    return router
