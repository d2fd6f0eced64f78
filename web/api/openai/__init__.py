"""The API that OpenAI's clients speak, at `/v1`: knowledge bases and models as models."""

from __future__ import annotations

from web.api.openai import chat, embeddings, models

OPENAI_PREFIX = "/v1"
OPENAI_TAG = "OpenAI-compatible"
OPENAI_ROUTERS = (chat.router, models.router, embeddings.router)
