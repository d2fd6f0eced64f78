"""What can be named as `model`: each knowledge base (`kb:…`) and each model."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter

from kb_platform import access
from kb_platform.accounts import Principal
from kb_platform.domain.access import AccessScope
from kb_platform.domain.errors import NotFound
from kb_platform.knowledge_bases import summaries
from web.api.dependencies import Caller, ServicesDep
from web.api.openai.schemas import ModelCard, ModelList
from web.services import Services

KNOWLEDGE_BASE = "kb:"
STARTED = int(time.time())

router = APIRouter()


@dataclass(frozen=True, slots=True)
class NamedBase:
    id: str
    name: str
    created_at: datetime
    is_unique: bool


class ModelNotFound(NotFound):
    code = "model_not_found"


@router.get("/models", operation_id="list_models")
async def list_models(caller: Caller, services: ServicesDep) -> ModelList:
    """Each knowledge base that the key may read, as `kb:` and its name (its id where two have one name), and each
    model."""
    bases = await asyncio.to_thread(_bases, services, caller)
    models = await services.models.names(caller)
    return ModelList(data=[*(_base_card(base) for base in bases), *(_model_card(name) for name in models)])


@router.get("/models/{model:path}", operation_id="get_model")
async def get_model(model: str, caller: Caller, services: ServicesDep) -> ModelCard:
    """One of them."""
    if not model.startswith(KNOWLEDGE_BASE):
        if model not in await services.models.names(caller):
            raise ModelNotFound(f"There is no model “{model}”. GET /v1/models lists those that you may use.")
        return _model_card(model)
    bases = await asyncio.to_thread(_bases, services, caller)
    return _base_card(_find(bases, model))


def scope_of_model(services: Services, caller: Principal, model: str) -> AccessScope:
    """Return what `kb:…` searches. Raises ModelNotFound."""
    base = _find(_bases(services, caller), model)
    with services.database.reading() as session:
        return access.scope_of(session, caller, [base.id])


def _find(bases: list[NamedBase], model: str) -> NamedBase:
    wanted = model.removeprefix(KNOWLEDGE_BASE)
    found = [base for base in bases if base.id == wanted] or [base for base in bases if base.name == wanted]
    if len(found) > 1:
        raise ModelNotFound(f"Several knowledge bases are called “{wanted}”. Use the id: GET /v1/models lists them.")
    if not found:
        raise ModelNotFound(f"There is no knowledge base “{wanted}”. GET /v1/models lists those that you may use.")
    return found[0]


def _bases(services: Services, caller: Principal) -> list[NamedBase]:
    with services.database.reading() as session:
        rows = [summary.row for summary in summaries(session, access.levels(session, caller))]
        names = Counter(row.name for row in rows)
        return [NamedBase(row.id, row.name, row.created_at, names[row.name] == 1) for row in rows]


def _base_card(base: NamedBase) -> ModelCard:
    named = base.name if base.is_unique else base.id
    created = int(base.created_at.timestamp())
    return ModelCard(id=KNOWLEDGE_BASE + named, created=created, owned_by="knowledge-base", name=base.name)


def _model_card(name: str) -> ModelCard:
    return ModelCard(id=name, created=STARTED, owned_by="model", name=name)
