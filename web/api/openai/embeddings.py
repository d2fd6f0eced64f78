"""Embeddings with the model that the knowledge bases are indexed with."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence

import numpy as np
from fastapi import APIRouter
from numpy.typing import NDArray

from kb_platform.accounts import Principal
from kb_platform.database.tables import UsagePurpose
from kb_platform.domain.errors import InvalidInput
from kb_platform.model_endpoints import Prices
from kb_platform.usage import TokenCounts, add_usage
from web.api.dependencies import Caller, ServicesDep
from web.api.openai.models import ModelNotFound
from web.api.openai.schemas import Embedding, EmbeddingList, EmbeddingRequest, EmbeddingUsage
from web.services import Services

MOST_INPUTS = 2048

router = APIRouter()


@router.post("/embeddings", operation_id="create_embeddings")
async def create_embeddings(body: EmbeddingRequest, caller: Caller, services: ServicesDep) -> EmbeddingList:
    """Embed texts. `dimensions` may only be what the model has; a text longer than the model reads is cut by it."""
    model = services.embedding
    if body.model != model.name:
        raise ModelNotFound(f"Embeddings are made by “{model.name}” here; there is no “{body.model}”.")
    if body.dimensions is not None and body.dimensions != model.dimension:
        raise InvalidInput(f"dimensions: {model.name} has {model.dimension}, and they cannot be cut.")
    texts = _texts(body)
    vectors, tokens = await asyncio.to_thread(_embed, services, caller, texts, body.input_type == "query")
    return EmbeddingList(
        data=[
            Embedding(index=index, embedding=_base64(vector) if body.encoding_format == "base64" else vector.tolist())
            for index, vector in enumerate(vectors)
        ],
        model=model.name,
        usage=EmbeddingUsage(prompt_tokens=tokens, total_tokens=tokens),
    )


def _texts(body: EmbeddingRequest) -> list[str]:
    inputs = [body.input] if isinstance(body.input, str) else body.input
    if not inputs or len(inputs) > MOST_INPUTS:
        raise InvalidInput(f"input: send 1 to {MOST_INPUTS} texts.")
    texts = [text for text in inputs if isinstance(text, str)]
    if len(texts) < len(inputs):
        raise InvalidInput("input: send texts; token numbers of another model's tokenizer mean nothing here.")
    if not all(text.strip() for text in texts):
        raise InvalidInput("input: a text is empty.")
    return texts


def _embed(
    services: Services, caller: Principal, texts: Sequence[str], are_queries: bool
) -> tuple[NDArray[np.float32], int]:
    model = services.embedding
    vectors = np.stack([model.embed_query(text) for text in texts]) if are_queries else model.embed_passages(texts)
    tokens = sum(model.count_tokens(text) for text in texts)
    counts = TokenCounts(prompt=tokens, cached=0, reasoning=0, answer=0, is_counted_here=True)
    add_usage(services.database, caller, model.name, "", UsagePurpose.EMBEDDING, counts, Prices())
    return vectors, tokens


def _base64(vector: NDArray[np.float32]) -> str:
    return base64.b64encode(vector.astype("<f4").tobytes()).decode()
