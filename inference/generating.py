"""The model's answer from passages: written while its markers are cleaned and its sentences are checked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial

from inference.asking import Found, Question
from inference.budget import PromptPlan, describe, plan_prompt, reserve_room
from inference.chatting import NoAnswerWritten
from inference.checking import RunningChecks
from inference.citations import check_sentence
from inference.composing import AnswerComposer
from inference.entailment import EntailmentModel
from inference.extractive import Extract, extract_answer
from inference.llm import ChatModel, Waiting
from inference.markers import CLEAN_MARKER
from inference.metering import Meter
from inference.prompts import NOTHING_WRITTEN, OUT_OF_ROOM, language_of
from inference.summary import summarise
from inference.thinking import AnswerText, ReasoningText
from inference.token_counts import counter_for
from kb_platform.domain.answer import (
    AnswerDelta,
    Answerer,
    AnswerEvent,
    CitationChecked,
    Done,
    Flag,
    Flagged,
    PlanReported,
    Queued,
    ReasoningDelta,
    Usage,
)
from kb_platform.domain.plan import ContextPlan
from kb_platform.embedding import EmbeddingModel
from kb_platform.settings import Settings


@dataclass(frozen=True, slots=True)
class Refused:
    """Last event in the place of `Done`: the model said that the passages do not answer. `shown` is what the reader
    has of it already."""

    usage: Usage
    shown: str


async def generate(
    question: Question,
    found: Found,
    model: ChatModel,
    settings: Settings,
    embedding: EmbeddingModel,
    began: float,
    usage_event: Callable[[Usage], AnswerEvent],
    entailment: EntailmentModel | None = None,
) -> AsyncGenerator[AnswerEvent | Refused, None]:
    """Let the model answer from the passages that fit its window, and check what it cites while it writes."""
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
    composer = AnswerComposer(plan.sources, language, question.text)
    checks = RunningChecks(
        partial(
            check_sentence,
            sources=plan.sources,
            embedding=embedding,
            threshold=settings.answering.support_threshold,
            entailment=entailment,
            strike=settings.answering.strike_unsupported,
        )
    )
    flags: list[Flag] = []
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
                    for flag in composed.flags:
                        flags.append(flag)
                        yield Flagged(flag)
                    checks.start(composed.sentences)
                    for citation in checks.finished():
                        yield CitationChecked(citation)
                    if composer.ended or meter.answer_deltas > reserve.answer:
                        break  # it refused, runs in circles, or writes on into the room kept for reasoning
        composed = composer.finish()
        if composed.text and not composer.refused and composer.has_words:
            yield AnswerDelta(composed.text)
        yield PlanReported(await asyncio.to_thread(describe, plan, meter.prompt_tokens))
        if not composer.refused and not composer.has_words:
            extract = await asyncio.to_thread(_quote_pointed, found.query, composer.text, plan, embedding)
            if extract is None:
                raise NoAnswerWritten((OUT_OF_ROOM if meter.ran_out else NOTHING_WRITTEN)[language])
            yield AnswerDelta(extract.text)
            for citation in extract.citations:
                yield CitationChecked(citation)
            yield usage_event(_given(meter, model, plan))
            yield Done(extract.text, abstained=False, answerer=Answerer.EXTRACTIVE, citations=extract.citations)
            return
        if composer.refused:
            yield Refused(_given(meter, model, plan), composer.text)
            return
        for flag in composed.flags:
            flags.append(flag)
            yield Flagged(flag)
        checks.start(composed.sentences)
        async for citation in checks.rest():
            yield CitationChecked(citation)
    finally:
        checks.cancel()
    yield usage_event(_given(meter, model, plan))
    yield Done(
        composer.text,
        abstained=False,
        answerer=Answerer.MODEL,
        citations=checks.done,
        flags=tuple(flags),
        is_cut=meter.ran_out,
    )


def _quote_pointed(query: str, written: str, plan: PromptPlan, embedding: EmbeddingModel) -> Extract | None:
    """Return what answers in the passages that the model only pointed at ("[2]", no words): small models do so when
    asked for sentences with numbers. None where it pointed at none."""
    pointed = {int(number) for number in CLEAN_MARKER.findall(written)}
    sources = [source for source in plan.sources if source.number in pointed]
    return extract_answer([query], sources, embedding) if sources else None


def _given(meter: Meter, model: ChatModel, plan: PromptPlan) -> Usage:
    """Return what was measured, with what the plan gave the model."""
    return replace(
        meter.usage(model.context_window),
        passages_given=len(plan.sources),
        passages_dropped=plan.passages_dropped,
        history_turns_dropped=plan.history_turns_dropped,
    )
