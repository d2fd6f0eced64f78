"""From a question to a cited answer: the whole flow, read from top to bottom.

question + history → standalone query → passages (allowed documents only) → enough evidence?
  → no model: the sentences that answer, quoted
  → model: budgeted prompt → reasoning and answer as they are written → each sentence's citations checked
  → nothing that answers: said so, with what was searched and what came closest
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from inference.budget import PromptPlan, counter_for, plan_prompt, reserve_room
from inference.citations import AnswerSentence, check_sentence
from inference.composing import AnswerComposer
from inference.evidence import weigh_passages, worth_giving
from inference.extractive import Extract, extract_answer
from inference.llm import ChatModel, Finished, ModelDelta, TokensUsed
from inference.prompts import (
    CAME_CLOSEST,
    NOT_IN_DOCUMENTS,
    NOTHING_CAME_CLOSE,
    NOTHING_WRITTEN,
    OUT_OF_ROOM,
    SEARCHED_FOR,
    Language,
    language_of,
)
from inference.rewriting import standalone_query
from inference.thinking import AnswerText, ReasoningText
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
    ReasoningDelta,
    Source,
    SourcesFound,
    Usage,
    UsageReported,
)
from kb_platform.domain.errors import KnowledgeBaseError
from kb_platform.embedding import EmbeddingModel
from kb_platform.retrieval import Retriever
from kb_platform.settings import Settings

MODEL_GATE = 0.5
"""Part of `abstain_below` at which a model is not even asked: it can tell for itself that passages do not answer."""
PLACES_NAMED = 3


@dataclass(frozen=True)
class Question:
    """What is asked, by whom it may be answered from (`scope`), after what (`history`, oldest first)."""

    text: str
    scope: AccessScope
    history: tuple[PastTurn, ...] = ()
    thinking: bool = True
    limit: int | None = None


@dataclass(frozen=True)
class AnsweringServices:
    """What answering needs, wired once per process. Without a model the answer is extractive."""

    retriever: Retriever
    embedding: EmbeddingModel
    model: ChatModel | None
    settings: Settings


@dataclass(frozen=True)
class _Found:
    query: str
    sources: tuple[Source, ...]
    evidence: float
    seconds: float


async def answer(question: Question, services: AnsweringServices) -> AsyncGenerator[AnswerEvent, None]:
    """Yield the answer's events: sources, reasoning and answer as they are written with citations as they are checked,
    usage, and last done or error. Closing the iterator stops the generation upstream."""
    began = time.monotonic()
    model = services.model
    answerer = Answerer.MODEL if model else Answerer.EXTRACTIVE
    try:
        found = await _find(question, services)
        yield SourcesFound(found.query, found.sources, answerer, model.name if model else "")
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


async def _find(question: Question, services: AnsweringServices) -> _Found:
    """Search for the question as it stands alone, and weigh what was found."""
    query = await standalone_query(question.text, question.history, services.model)
    retrieval = await asyncio.to_thread(services.retriever.search, query, question.scope, question.limit)
    found = tuple(Source(number, hit) for number, hit in enumerate(retrieval.hits, start=1))
    evidence = await asyncio.to_thread(weigh_passages, query, found, services.embedding.name)
    sources = await asyncio.to_thread(worth_giving, query, found, services.embedding.name)
    seconds = retrieval.seconds_embedding + retrieval.seconds_index + retrieval.seconds_database
    return _Found(query, sources, evidence, seconds)


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
        language,
        model.context_window,
        reserve,
        counter_for(model, question.thinking),
    )
    composer = AnswerComposer(plan.sources, language)
    checks = _Checks(plan.sources, services.embedding, settings.answering.support_threshold)
    meter = _Meter(model, plan, began)
    stream = model.stream(plan.messages, plan.max_tokens, question.thinking)
    try:
        async with aclosing(stream):
            async for delta in stream:
                meter.count(delta)
                if isinstance(delta, ReasoningText):
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
        if not composer.refused and not composer.has_words:
            raise NoAnswerWritten((OUT_OF_ROOM if meter.ran_out else NOTHING_WRITTEN)[language])
        if composer.refused:
            async for event in _abstain(question, found, Answerer.MODEL, began, meter.usage(), composer.text):
                yield event
            return
        checks.start(composed.sentences)
        async for citation in checks.rest():
            yield CitationChecked(citation)
    finally:
        checks.cancel()
    yield _usage(meter.usage(), found, began)
    yield Done(composer.text, abstained=False, answerer=Answerer.MODEL, citations=checks.done)


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


class NoAnswerWritten(KnowledgeBaseError):
    """The model ended without an answer: it used its whole room for reasoning, or wrote nothing but markers."""

    code = "no_answer_written"


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


class _Meter:
    """Counts what a generation took. Where the server gives one number for reasoning and answer together, it is
    shared out by their characters."""

    def __init__(self, model: ChatModel, plan: PromptPlan, began: float) -> None:
        self._window = model.context_window
        self._plan = plan
        self._began = began
        self._first_token = 0.0
        self._characters = {ReasoningText: 0, AnswerText: 0}
        self._used: TokensUsed | None = None
        self.ran_out = False
        self.answer_deltas = 0
        """At least this many tokens of answer have come: a server sends one or more with each delta."""

    def count(self, delta: ModelDelta) -> None:
        if isinstance(delta, TokensUsed):
            self._used = delta
        elif isinstance(delta, Finished):
            self.ran_out = delta.reason == "length"
        else:
            self._first_token = self._first_token or time.monotonic() - self._began
            self._characters[type(delta)] += len(delta.text)
            self.answer_deltas += isinstance(delta, AnswerText)

    def usage(self) -> Usage:
        used = self._used or TokensUsed(0, 0, 0, 0)
        reasoning = used.reasoning
        if not reasoning and (total := sum(self._characters.values())):
            reasoning = round(used.completion * self._characters[ReasoningText] / total)
        return Usage(
            prompt_tokens=used.prompt,
            cached_tokens=used.cached,
            reasoning_tokens=reasoning,
            answer_tokens=used.completion - reasoning,
            context_window=self._window,
            passages_given=len(self._plan.sources),
            passages_dropped=self._plan.passages_dropped,
            history_turns_dropped=self._plan.history_turns_dropped,
            seconds_to_first_token=self._first_token,
        )


def _usage(usage: Usage, found: _Found, began: float) -> UsageReported:
    return UsageReported(replace(usage, seconds_retrieval=found.seconds, seconds_total=time.monotonic() - began))
