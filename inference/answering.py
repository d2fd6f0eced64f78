"""From a question to a cited answer: the whole flow, read from top to bottom.

question + history → standalone query → passages (allowed documents, pages of the web) → enough evidence?
  → no model: the sentences that answer, quoted
  → model: budgeted prompt → reasoning and answer as they are written → each sentence's citations checked
  → nothing that answers: said so, with what was searched and what came closest
no knowledge bases and no web search → the model alone
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from functools import partial

from inference.abstaining import abstention_to, part_not_found
from inference.answerability import answerability
from inference.asking import AnsweringServices, Found, Question
from inference.budget import reserve_room
from inference.chatting import chat, fit_history
from inference.evidence import weigh_passages
from inference.extractive import Extract, extract_answer
from inference.finding import find
from inference.generating import Refused, generate
from inference.llm import ChatModel
from inference.prompts import NO_MODEL, language_of
from inference.token_counts import counter_for
from kb_platform.domain.answer import (
    AnswerDelta,
    Answerer,
    AnswerEvent,
    CitationChecked,
    Done,
    Failed,
    SourcesFound,
    Usage,
    UsageReported,
)
from kb_platform.domain.errors import KnowledgeBaseError, ModelUnavailable

__all__ = ["AnsweringServices", "Question", "answer"]

MODEL_GATE = 0.5
"""Part of `abstain_below` at which a model is not even asked: it can tell for itself that passages do not answer."""


async def answer(question: Question, services: AnsweringServices) -> AsyncGenerator[AnswerEvent, None]:
    """Yield the answer's events: notices, sources, reasoning and answer as they are written with citations as they are
    checked, usage, and last done or error. Closing the iterator stops the generation upstream."""
    began = time.monotonic()
    try:
        if question.scope is None and not question.web_search:
            events = _chat(question, services, began)
        else:
            found = await find(question, services)
            for notice in found.notices:
                yield notice
            # Where nothing but the web was to be asked, and it cannot be, the notice tells what the answer stands on.
            is_alone = question.scope is None and bool(found.notices)
            events = (_chat if is_alone else partial(_answer_from, found=found))(question, services, began)
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


async def _answer_from(
    question: Question, services: AnsweringServices, began: float, found: Found
) -> AsyncGenerator[AnswerEvent, None]:
    """Answer from what was found, or say that it does not answer."""
    model = services.model
    answerer = Answerer.MODEL if model else Answerer.EXTRACTIVE
    yield SourcesFound(found.query, (*found.sources, *found.carried), answerer, model.name if model else "")
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


async def _quote(
    question: Question, found: Found, services: AnsweringServices, began: float
) -> AsyncGenerator[AnswerEvent, None]:
    """Answer without a model."""
    answered, unanswered = await asyncio.to_thread(_parts_held, found, services)
    extract: Extract | None = None
    if answered:
        extract = await asyncio.to_thread(extract_answer, answered, found.sources, services.embedding)
    if extract is None:
        async for event in _abstain(question, found, Answerer.EXTRACTIVE, began):
            yield event
        return
    first_token = time.monotonic() - began
    for citation, following in zip(extract.citations, [*extract.citations[1:], None], strict=True):
        until = following.sentence_start if following else len(extract.text)
        yield AnswerDelta(extract.text[citation.sentence_start : until])
        yield CitationChecked(citation)
    text = extract.text
    if unanswered:
        text += f"\n\n{part_not_found(language_of(question.text), unanswered)}"
        yield AnswerDelta(text[len(extract.text) :])
    usage = Usage(passages_given=len(found.sources), seconds_to_first_token=first_token)
    yield _usage(found, began, usage)
    yield Done(text, abstained=False, answerer=Answerer.EXTRACTIVE, citations=extract.citations)


def _parts_held(found: Found, services: AnsweringServices) -> tuple[list[str], list[str]]:
    """Return the parts of the question (itself, where it has only one) that the sources answer, and those that they do
    not."""
    settings, name = services.settings.answering, services.embedding.name
    parts = [part for part in found.parts if weigh_passages(part, found.sources, name) >= settings.abstain_below]
    answered = [
        part
        for part in parts or [found.query]
        if settings.quote_from <= 0 or answerability(part, found.sources, name) >= settings.quote_from
    ]
    return answered, [part for part in found.parts if part not in answered] if parts else []


async def _generate(
    question: Question, found: Found, model: ChatModel, services: AnsweringServices, began: float
) -> AsyncGenerator[AnswerEvent, None]:
    """Answer with the model; where it refuses, abstain."""
    made = generate(
        question,
        found,
        model,
        services.settings,
        services.embedding,
        began,
        partial(_usage, found, began),
        services.entailment,
    )
    async with aclosing(made) as events:
        async for event in events:
            if not isinstance(event, Refused):
                yield event
                continue
            async for said in _abstain(question, found, Answerer.MODEL, began, event.usage, event.shown):
                yield said


async def _abstain(
    question: Question,
    found: Found,
    answerer: Answerer,
    began: float,
    usage: Usage | None = None,
    already_shown: str = "",
) -> AsyncGenerator[AnswerEvent, None]:
    """Say that what was searched does not hold the answer, and what came closest; cite nothing."""
    text = abstention_to(question, found)
    if already_shown.strip():
        # The model said it in its own words, and the reader has them already.
        text = f"{already_shown.rstrip()}\n\n{text}"
    yield AnswerDelta(text[len(already_shown.rstrip()) :])
    yield _usage(found, began, usage or Usage(seconds_to_first_token=time.monotonic() - began))
    yield Done(text, abstained=True, answerer=answerer)


def _usage(found: Found, began: float, usage: Usage) -> UsageReported:
    return UsageReported(replace(usage, seconds_retrieval=found.seconds, seconds_total=time.monotonic() - began))
