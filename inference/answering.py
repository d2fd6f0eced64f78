"""From a question to a cited answer: the whole flow, read from top to bottom.

question + history → standalone query → passages (allowed documents only) → enough evidence?
  → no model: the sentences that answer, quoted
  → model: budgeted prompt → reasoning and answer as they are written → each sentence's citations checked
  → nothing that answers: said so, with what was searched and what came closest
no knowledge bases → the model alone
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from itertools import count

from inference.budget import PromptPlan, describe, plan_prompt, reserve_room
from inference.chatting import NoAnswerWritten, chat, fit_history
from inference.citations import AnswerSentence, check_sentence
from inference.composing import AnswerComposer
from inference.evidence import weigh_passages, worth_giving
from inference.extractive import Extract, extract_answer
from inference.llm import ChatModel, Waiting
from inference.metering import Meter
from inference.prompts import (
    CAME_CLOSEST,
    NO_MODEL,
    NOT_IN_DOCUMENTS,
    NOTHING_CAME_CLOSE,
    NOTHING_WRITTEN,
    OUT_OF_ROOM,
    SEARCHED_FOR,
    Language,
    language_of,
)
from inference.rewriting import standalone_query
from inference.summary import summarise
from inference.thinking import AnswerText, ReasoningText
from inference.token_counts import counter_for
from kb_platform.domain.access import AccessScope
from kb_platform.domain.answer import (
    AnswerDelta,
    Answerer,
    AnswerEvent,
    Citation,
    CitationChecked,
    Done,
    Failed,
    PastTurn,
    PlanReported,
    Queued,
    ReasoningDelta,
    Source,
    SourcesFound,
    Usage,
    UsageReported,
)
from kb_platform.domain.errors import KnowledgeBaseError, ModelUnavailable
from kb_platform.domain.plan import NOTHING_BEFORE, ContextPlan, GivenBefore
from kb_platform.embedding import EmbeddingModel
from kb_platform.retrieval import Retriever
from kb_platform.settings import Settings

MODEL_GATE = 0.5
"""Part of `abstain_below` at which a model is not even asked: it can tell for itself that passages do not answer."""
PLACES_NAMED = 3


@dataclass(frozen=True)
class Question:
    """What is asked, what it may be answered from (`scope`; None: no documents, the model alone), after what
    (`history`, oldest first), as which turn of the conversation (`number`, from 1) whose last prompt held `before`."""

    text: str
    scope: AccessScope | None
    history: tuple[PastTurn, ...] = ()
    thinking: bool = True
    limit: int | None = None
    number: int = 0
    before: GivenBefore = NOTHING_BEFORE


@dataclass(frozen=True)
class AnsweringServices:
    """What answering needs, wired once per process. Without a model the answer is extractive."""

    retriever: Retriever
    embedding: EmbeddingModel
    model: ChatModel | None
    settings: Settings


@dataclass(frozen=True)
class _Found:
    """`carried` are the passages that earlier answers of the conversation were given and this search did not find."""

    query: str
    sources: tuple[Source, ...]
    evidence: float
    seconds: float
    carried: tuple[Source, ...] = ()


async def answer(question: Question, services: AnsweringServices) -> AsyncGenerator[AnswerEvent, None]:
    """Yield the answer's events: sources, reasoning and answer as they are written with citations as they are checked,
    usage, and last done or error. Closing the iterator stops the generation upstream."""
    began = time.monotonic()
    model = services.model
    answerer = Answerer.MODEL if model else Answerer.EXTRACTIVE
    try:
        if question.scope is None:
            async with aclosing(_chat(question, services, began)) as said:
                async for event in said:
                    yield event
            return
        found = await _find(question, question.scope, services)
        given = (*found.sources, *found.carried)
        yield SourcesFound(found.query, given, answerer, model.name if model else "")
        border = services.settings.answering.abstain_below * (MODEL_GATE if model else 1.0)
        if found.evidence < border:
            events = _abstain(question, found, answerer, began)
        elif model is None:
            events = _quote(question, found, services, began)
        else:
            events = _generate(question, found, model, services, began)
        async with aclosing(events):
            async for event in events:
                yield event
    except KnowledgeBaseError as error:
        yield Failed(error.code, error.message)


async def _chat(question: Question, services: AnsweringServices, began: float) -> AsyncGenerator[AnswerEvent, None]:
    """Let the model answer by itself, from no documents."""
    model = services.model
    if model is None:
        raise ModelUnavailable(NO_MODEL[language_of(question.text)])
    yield SourcesFound("", (), Answerer.MODEL, model.name)
    reserve = reserve_room(
        model.context_window,
        services.settings.model.reasoning_tokens,
        services.settings.model.answer_tokens,
        question.thinking,
    )
    messages, dropped = await fit_history(
        question.text, question.history, model.context_window - reserve.total, counter_for(model, question.thinking)
    )
    async with aclosing(chat(messages, model, reserve.total, question.thinking, began=began)) as events:
        async for event in events:
            if isinstance(event, UsageReported):
                event = UsageReported(replace(event.usage, history_turns_dropped=dropped))
            yield event


async def _find(question: Question, scope: AccessScope, services: AnsweringServices) -> _Found:
    """Search for the question as it stands alone, and weigh what was found."""
    query = await standalone_query(question.text, question.history, services.model)
    retrieval = await asyncio.to_thread(services.retriever.search, query, scope, question.limit)
    found = tuple(Source(number, hit) for number, hit in enumerate(retrieval.hits, start=1))
    evidence = await asyncio.to_thread(weigh_passages, query, found, services.embedding.name)
    sources = await asyncio.to_thread(worth_giving, query, found, services.embedding.name)
    seconds = retrieval.seconds_embedding + retrieval.seconds_index + retrieval.seconds_database
    if services.model is None or not question.before.placed:
        return _Found(query, sources, evidence, seconds)
    sources, carried = await asyncio.to_thread(_with_earlier, question.before, scope, sources, services.retriever)
    return _Found(query, sources, evidence, seconds, carried)


def _with_earlier(
    before: GivenBefore, scope: AccessScope, sources: Sequence[Source], retriever: Retriever
) -> tuple[tuple[Source, ...], tuple[Source, ...]]:
    """Return the sources under their numbers of the conversation, and the passages given before that may still be
    read. A passage keeps its number; a new one gets the next."""
    numbers = {placed.chunk_id: placed.number for placed in before.placed}
    following = count(before.highest_number + 1)
    numbered = tuple(Source(numbers.get(s.hit.chunk_id) or next(following), s.hit) for s in sources)
    found = {source.hit.chunk_id for source in sources}
    hits = retriever.passages([chunk_id for chunk_id in numbers if chunk_id not in found], scope)
    return numbered, tuple(sorted((Source(numbers[hit.chunk_id], hit) for hit in hits), key=lambda s: s.number))


async def _quote(
    question: Question, found: _Found, services: AnsweringServices, began: float
) -> AsyncGenerator[AnswerEvent, None]:
    """Answer without a model."""
    extract: Extract | None = await asyncio.to_thread(extract_answer, found.query, found.sources, services.embedding)
    if extract is None:
        async for event in _abstain(question, found, Answerer.EXTRACTIVE, began):
            yield event
        return
    first_token = time.monotonic() - began
    for citation, following in zip(extract.citations, [*extract.citations[1:], None], strict=True):
        until = following.sentence_start if following else len(extract.text)
        yield AnswerDelta(extract.text[citation.sentence_start : until])
        yield CitationChecked(citation)
    usage = Usage(passages_given=len(found.sources), seconds_to_first_token=first_token)
    yield _usage(usage, found, began)
    yield Done(extract.text, abstained=False, answerer=Answerer.EXTRACTIVE, citations=extract.citations)


async def _generate(
    question: Question, found: _Found, model: ChatModel, services: AnsweringServices, began: float
) -> AsyncGenerator[AnswerEvent, None]:
    """Let the model answer from the passages that fit its window, and check what it cites while it writes."""
    settings = services.settings
    language = language_of(question.text)
    reserve = reserve_room(
        model.context_window, settings.model.reasoning_tokens, settings.model.answer_tokens, question.thinking
    )
    plan = await plan_prompt(
        question.text,
        found.sources,
        question.history,
        model.context_window,
        reserve,
        counter_for(model, question.thinking),
        number=question.number,
        carried=found.carried,
        before=question.before,
        most_prompt_tokens=settings.model.prompt_tokens,
        summarise=partial(summarise, model),
    )
    # While the model reads the prompt: counting must not keep its first token waiting.
    described: asyncio.Task[ContextPlan] | None = asyncio.create_task(asyncio.to_thread(describe, plan))
    composer = AnswerComposer(plan.sources, language)
    checks = _Checks(plan.sources, services.embedding, settings.answering.support_threshold)
    meter = Meter(began)
    stream = model.stream(plan.messages, plan.max_tokens, question.thinking)
    try:
        async with aclosing(stream):
            async for delta in stream:
                meter.take(delta)
                if described and described.done():
                    yield PlanReported(described.result())
                    described = None
                if isinstance(delta, Waiting):
                    yield Queued(delta.position)
                elif isinstance(delta, ReasoningText):
                    yield ReasoningDelta(delta.text)
                elif isinstance(delta, AnswerText):
                    composed = composer.feed(delta.text)
                    if composed.text:
                        yield AnswerDelta(composed.text)
                    checks.start(composed.sentences)
                    for citation in checks.finished():
                        yield CitationChecked(citation)
                    if composer.ended or meter.answer_deltas > reserve.answer:
                        break  # it refused, runs in circles, or writes on into the room kept for reasoning
        composed = composer.finish()
        if composed.text and not composer.refused:
            yield AnswerDelta(composed.text)
        yield PlanReported(await asyncio.to_thread(describe, plan, meter.prompt_tokens))
        if not composer.refused and not composer.has_words:
            raise NoAnswerWritten((OUT_OF_ROOM if meter.ran_out else NOTHING_WRITTEN)[language])
        if composer.refused:
            usage = _given(meter, model, plan)
            async for event in _abstain(question, found, Answerer.MODEL, began, usage, composer.text):
                yield event
            return
        checks.start(composed.sentences)
        async for citation in checks.rest():
            yield CitationChecked(citation)
    finally:
        checks.cancel()
    yield _usage(_given(meter, model, plan), found, began)
    yield Done(
        composer.text,
        abstained=False,
        answerer=Answerer.MODEL,
        citations=checks.done,
        is_cut=meter.ran_out,
    )


async def _abstain(
    question: Question,
    found: _Found,
    answerer: Answerer,
    began: float,
    usage: Usage | None = None,
    already_shown: str = "",
) -> AsyncGenerator[AnswerEvent, None]:
    """Say that the documents do not hold the answer, what was searched and what came closest; cite nothing."""
    text = abstention(language_of(question.text), found.query, found.sources)
    if already_shown.strip():
        # The model said it in its own words, and the reader has them already.
        text = f"{already_shown.rstrip()}\n\n{text}"
    yield AnswerDelta(text[len(already_shown.rstrip()) :])
    yield _usage(usage or Usage(seconds_to_first_token=time.monotonic() - began), found, began)
    yield Done(text, abstained=True, answerer=answerer)


def abstention(language: Language, query: str, sources: Sequence[Source]) -> str:
    """Return the answer of an abstention."""
    places: list[str] = []
    for source in sources:
        title = source.hit.document_title or source.hit.document_name
        place = " › ".join(part for part in (title, *source.hit.heading_path[-1:]) if part)
        if place not in places:
            places.append(place)
    closest = (
        CAME_CLOSEST[language].format_map(
            {"places": ("、" if language is Language.CHINESE else ", ").join(places[:PLACES_NAMED])}
        )
        if places
        else NOTHING_CAME_CLOSE[language]
    )
    return NOT_IN_DOCUMENTS[language] + SEARCHED_FOR[language].format_map({"query": query}) + closest


class _Checks:
    """The citation checks of one answer, running in threads while the model writes on; results in order."""

    def __init__(self, sources: Sequence[Source], embedding: EmbeddingModel, threshold: float) -> None:
        self._sources = sources
        self._embedding = embedding
        self._threshold = threshold
        self._running: list[asyncio.Task[list[Citation]]] = []
        self.done: tuple[Citation, ...] = ()

    def start(self, sentences: Sequence[AnswerSentence]) -> None:
        for sentence in sentences:
            if sentence.numbers:
                check = asyncio.to_thread(check_sentence, sentence, self._sources, self._embedding, self._threshold)
                self._running.append(asyncio.create_task(check))

    def finished(self) -> list[Citation]:
        """Return the citations whose checks have ended, as far as none before them still runs."""
        citations: list[Citation] = []
        while self._running and self._running[0].done():
            citations.extend(self._running.pop(0).result())
        self.done += tuple(citations)
        return citations

    async def rest(self) -> AsyncIterator[Citation]:
        while self._running:
            await asyncio.wait([self._running[0]])
            for citation in self.finished():
                yield citation

    def cancel(self) -> None:
        for task in self._running:
            task.cancel()


def _given(meter: Meter, model: ChatModel, plan: PromptPlan) -> Usage:
    """Return what was measured, with what the plan gave the model."""
    return replace(
        meter.usage(model.context_window),
        passages_given=len(plan.sources),
        passages_dropped=plan.passages_dropped,
        history_turns_dropped=plan.history_turns_dropped,
    )


def _usage(usage: Usage, found: _Found, began: float) -> UsageReported:
    return UsageReported(replace(usage, seconds_retrieval=found.seconds, seconds_total=time.monotonic() - began))
