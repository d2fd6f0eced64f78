"""The running summary: what stands in the prompt for the turns that do not fit any more.

It grows by the turns that are dropped and is kept with the conversation, so that each turn is summarised once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from inference.llm import ChatModel
from inference.prompts import SUMMARISE, SUMMARISE_CONVERSATION, language_of
from inference.sentences import split_sentences
from inference.token_counts import count_text
from kb_platform.domain.answer import PastTurn
from kb_platform.domain.errors import ModelUnavailable
from kb_platform.domain.plan import Summary

log = logging.getLogger(__name__)

SUMMARY_TOKENS = 384
SUMMARY_SECONDS = 20.0
QUESTION_CHARACTERS = 160
ANSWER_CHARACTERS = 240
SHOWN_CHARACTERS = 1200
"""Of each dropped answer, what the model that summarises sees."""


def extract_summary(before: Summary | None, dropped: Sequence[PastTurn], most_tokens: int) -> Summary | None:
    """Return a summary of at most `most_tokens` (DeepSeek's): a line for each dropped turn with its question and the
    first sentence of its answer, after what was summarised before. The oldest lines go where there is no room; None
    where nothing fits or there is nothing to summarise."""
    lines = before.text.splitlines() if before else []
    lines += [_line(turn) for turn in dropped]
    while lines and count_text("\n".join(lines)) > most_tokens:
        lines.pop(0)
    through = dropped[-1].number if dropped else (before.through if before else 0)
    made_by = "extract" if dropped or before is None else before.made_by
    return Summary("\n".join(lines), through, made_by) if lines else None


async def summarise(model: ChatModel, before: Summary | None, dropped: Sequence[PastTurn]) -> Summary | None:
    """Let the model write the summary of what was summarised before and of these turns; None where it cannot: it
    would think for long about it, does not answer in SUMMARY_SECONDS, or writes nothing."""
    language = language_of(dropped[-1].question)
    told = "\n".join(f"Q: {turn.question}\nA: {turn.answer[:SHOWN_CHARACTERS]}" for turn in dropped)
    conversation = f"{before.text}\n{told}" if before else told
    try:
        if await model.always_thinks():
            return None
        text = await asyncio.wait_for(
            model.complete(
                [
                    {"role": "system", "content": SUMMARISE[language]},
                    {
                        "role": "user",
                        "content": SUMMARISE_CONVERSATION[language].format_map({"conversation": conversation}),
                    },
                ],
                SUMMARY_TOKENS,
            ),
            SUMMARY_SECONDS,
        )
    except (ModelUnavailable, TimeoutError) as error:
        log.info("The summary is extracted, not written: %s", error)
        return None
    text = "\n".join(line.strip() for line in text.splitlines() if line.strip())
    return Summary(text, dropped[-1].number, "model") if text else None


def _line(turn: PastTurn) -> str:
    question, answer = " ".join(turn.question.split()), " ".join(turn.answer.split())
    sentences = split_sentences(answer)
    first = sentences[0].of(answer) if sentences else answer
    return f"Q: {question[:QUESTION_CHARACTERS]} A: {first[:ANSWER_CHARACTERS]}"
