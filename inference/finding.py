"""From a question to the passages that it is answered from: of documents, of the web, of earlier turns."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from itertools import count

from inference.across_languages import is_foreign, with_nearest_sentences
from inference.asking import AnsweringServices, Found, Question
from inference.decomposition import merge, parts_of, searches_for
from inference.evidence import CALIBRATIONS, weigh_passages, worth_giving
from inference.rewriting import standalone_query
from inference.websearch.merging import rank_together
from kb_platform.domain.access import AccessScope
from kb_platform.domain.answer import Noticed, Source
from kb_platform.domain.chunk import Hit
from kb_platform.domain.errors import WebSearchUnavailable

log = logging.getLogger(__name__)

WEB_SEARCH_FAILED = "web_search_failed"


async def find(question: Question, services: AnsweringServices) -> Found:
    """Search for the question as it stands alone, in the documents and on the web at once, and weigh what was found.

    A web search that fails is a notice. Raises what a search of the knowledge bases raises.
    """
    query = await standalone_query(question.text, question.history, services.model)
    limit = question.limit or services.settings.retrieval.limit
    parts = parts_of(query)
    (documents, seconds), (pages, web_seconds, notices) = await asyncio.gather(
        _documents(query, question, limit, services), _pages(query, question, limit, services)
    )
    hits: Sequence[Hit] = documents
    if pages:
        hits = await asyncio.to_thread(
            rank_together, query, documents, pages, limit, services.embedding, services.reranker
        )
    found = tuple(Source(number, hit) for number, hit in enumerate(hits, start=1))
    evidence, sources = await asyncio.to_thread(_weigh, (query, *parts), found, services)
    seconds = max(seconds, web_seconds)
    if services.model is None or not question.before.placed:
        return Found(query, sources, evidence, seconds, notices=notices, parts=parts)
    sources, carried = await asyncio.to_thread(_with_earlier, question, sources, services)
    return Found(query, sources, evidence, seconds, carried, notices, parts)


def _weigh(
    questions: Sequence[str], found: Sequence[Source], services: AnsweringServices
) -> tuple[float, tuple[Source, ...]]:
    """Return how sure it is that one of the questions can be answered, and the sources worth giving. Sentences in the
    other language are looked at only where nothing else is sure enough: they have to be embedded."""
    query, name = questions[0], services.embedding.name
    evidence = max(weigh_passages(question, found, name) for question in questions)
    unsure = evidence < services.settings.answering.abstain_below and name in CALIBRATIONS
    if unsure and any(is_foreign(query, source) for source in found):
        found = with_nearest_sentences(query, found, services.embedding)
        evidence = max(weigh_passages(question, found, name) for question in questions)
    return evidence, worth_giving(questions, found, name)


async def _documents(
    query: str, question: Question, limit: int, services: AnsweringServices
) -> tuple[tuple[Hit, ...], float]:
    """Return the passages for the whole query and for each of its parts, and the seconds that took."""
    if question.scope is None:
        return (), 0.0
    search = services.retriever.search
    found = await asyncio.gather(
        *(asyncio.to_thread(search, text, question.scope, question.limit) for text in searches_for(query))
    )
    seconds = max(one.seconds_embedding + one.seconds_index + one.seconds_database for one in found)
    if len(found) == 1:
        return found[0].hits, seconds
    hits = {hit.chunk_id: hit for one in reversed(found) for hit in one.hits}
    merged = merge([[hit.chunk_id for hit in one.hits] for one in found], limit)
    return tuple(hits[id_] for id_ in merged), seconds


async def _pages(
    query: str, question: Question, most: int, services: AnsweringServices
) -> tuple[tuple[Hit, ...], float, tuple[Noticed, ...]]:
    """Return the web's passages and the seconds they took, or the notice that says why there are none."""
    if not question.web_search or services.web is None:
        return (), 0.0, ()
    try:
        found = await services.web(query, most)
    except WebSearchUnavailable as error:
        log.warning("%s", error.message)
        return (), 0.0, (Noticed(WEB_SEARCH_FAILED, f"The web search did not answer: {error.message}"),)
    return found.hits, found.seconds, ()


def _with_earlier(
    question: Question, sources: Sequence[Source], services: AnsweringServices
) -> tuple[tuple[Source, ...], tuple[Source, ...]]:
    """Return the sources under their numbers of the conversation, and the passages given before that may still be
    read. A passage keeps its number; a new one gets the next."""
    before = question.before
    numbers = {placed.chunk_id: placed.number for placed in before.placed}
    following = count(before.highest_number + 1)
    numbered = tuple(Source(numbers.get(s.hit.chunk_id) or next(following), s.hit) for s in sources)
    found = {source.hit.chunk_id for source in sources}
    wanted = [chunk_id for chunk_id in numbers if chunk_id not in found]
    hits = [*_still_readable(wanted, question.scope, services)]
    if question.web_search:
        hits += [hit for hit in question.earlier_pages if hit.chunk_id in wanted]
    return numbered, tuple(sorted((Source(numbers[hit.chunk_id], hit) for hit in hits), key=lambda s: s.number))


def _still_readable(chunk_ids: Sequence[str], scope: AccessScope | None, services: AnsweringServices) -> list[Hit]:
    return services.retriever.passages(chunk_ids, scope) if scope else []
