"""A question as it is put, what it is answered with, and what was found for it."""

from __future__ import annotations

from dataclasses import dataclass

from inference.entailment import EntailmentModel
from inference.llm import ChatModel
from inference.websearch.search import WebSearch
from kb_platform.domain.access import AccessScope
from kb_platform.domain.answer import Noticed, PastTurn, Source
from kb_platform.domain.chunk import Hit
from kb_platform.domain.plan import NOTHING_BEFORE, GivenBefore
from kb_platform.embedding import EmbeddingModel
from kb_platform.retrieval import Retriever
from kb_platform.retrieval.reranking import Reranker
from kb_platform.settings import Settings


@dataclass(frozen=True)
class Question:
    """What is asked, what it may be answered from (`scope`; None: no documents; `web_search`: pages of the web), after
    what (`history`, oldest first), as which turn of the conversation (`number`, from 1) whose last prompt held
    `before`, among it passages of `earlier_pages`."""

    text: str
    scope: AccessScope | None
    history: tuple[PastTurn, ...] = ()
    thinking: bool = True
    limit: int | None = None
    number: int = 0
    before: GivenBefore = NOTHING_BEFORE
    web_search: bool = False
    earlier_pages: tuple[Hit, ...] = ()


@dataclass(frozen=True)
class AnsweringServices:
    """What answering needs, wired once per process. Without a model the answer is extractive; without `web` no page
    is searched for."""

    retriever: Retriever
    embedding: EmbeddingModel
    model: ChatModel | None
    settings: Settings
    web: WebSearch | None = None
    reranker: Reranker | None = None
    entailment: EntailmentModel | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """`evidence` (0..1) says how sure it is that the sources can answer; `carried` are the passages that earlier
    answers of the conversation were given and this search did not find; `parts` are the questions that the query is
    made of, where it is several."""

    query: str
    sources: tuple[Source, ...]
    evidence: float
    seconds: float
    carried: tuple[Source, ...] = ()
    notices: tuple[Noticed, ...] = ()
    parts: tuple[str, ...] = ()
