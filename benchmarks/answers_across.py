"""Answers without a model where question and passage are of different languages: thirty pairs written by hand, their
passages as they are or several to one, alone and among as many of either language; and questions about something else,
asked of passages of the other language alone.

Figures, by how many things a passage says: `across.answered_…`, of the thirty questions, and `across.right_…`, of them
the answers that hold the pair's passage; `across.quotes_…`, sentences an answer.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from itertools import chain
from pathlib import Path

from benchmarks.answer_questions import SEED
from benchmarks.figures import Figure, progress
from benchmarks.labelled import read_rows, share
from inference.answering import AnsweringServices, Question, answer
from inference.prompts import language_of
from kb_platform.domain.answer import Done
from kb_platform.embedding import EmbeddingModel
from tests.passages import Collection, Passage, searchable
from tests.translated_pairs import PAIRS

THINGS = (1, 3, 6)
AMONG = ("cmrc2018_dev", "squad2_dev")
PASSAGES, ELSEWHERE = 300, 100
"""Passages of each set, and questions of each that are asked of the other's."""


def measure_across(quick: bool, embedding: EmbeddingModel) -> Iterator[Figure]:
    """Yield the figures; `quick` asks the pairs' own passages only."""
    sets = {} if quick else {name: _passages(name) for name in AMONG}
    for things in THINGS[:2] if quick else THINGS:
        joined = _joined(things)
        yield from _asked_of(f"{things}_alone", joined, embedding)
        if sets:
            yield from _asked_of(f"{things}_among_600", [*joined, *chain(*sets.values())], embedding)
    for name, other in zip(sets, reversed(sets), strict=True):
        draw = random.Random(SEED)
        questions = [row["question"] for row in draw.sample(read_rows(name, "queries"), ELSEWHERE)]
        answered = [done for done in _ask(questions, sets[other], embedding) if not done.abstained]
        yield share(f"across.false_answers_{name}", len(answered), len(questions))


def _asked_of(label: str, passages: Sequence[Passage], embedding: EmbeddingModel) -> Iterator[Figure]:
    dones = _ask([question for question, _ in PAIRS], passages, embedding)
    answered = [(done, text) for done, (_, text) in zip(dones, PAIRS, strict=True) if not done.abstained]
    yield share(f"across.answered_{label}", len(answered), len(PAIRS))
    yield share(f"across.right_{label}", sum(text in done.answer for done, text in answered), len(answered))
    quotes = sum(len(done.citations) for done, _ in answered) / max(1, len(answered))
    yield Figure("answers", f"across.quotes_{label}", round(quotes, 2), "sentences", len(answered))


def _ask(questions: Sequence[str], passages: Sequence[Passage], embedding: EmbeddingModel) -> list[Done]:
    """Return the answers to the questions from these passages alone."""
    progress(f"across languages: {len(questions)} questions, {len(passages)} passages")
    with tempfile.TemporaryDirectory() as folder, searchable(passages, Path(folder), embedding) as collection:
        return asyncio.run(_answers(questions, collection))


async def _answers(questions: Sequence[str], collection: Collection) -> list[Done]:
    services = AnsweringServices(collection.retriever, collection.embedding, None, collection.settings)
    dones: list[Done] = []
    for question in questions:
        async with aclosing(answer(Question(question, collection.scope), services)) as events:
            dones += [event async for event in events if isinstance(event, Done)]
    return dones


def _joined(things: int) -> list[Passage]:
    """Return the pairs' passages, so many of one language to one passage."""
    joined: list[Passage] = []
    for language in {language_of(text): None for _, text in PAIRS}:
        texts = [text for _, text in PAIRS if language_of(text) is language]
        random.Random(things).shuffle(texts)
        groups = [texts[first : first + things] for first in range(0, len(texts), things)]
        joined += [Passage(f"{language}-{number}", " ".join(group)) for number, group in enumerate(groups)]
    return joined


def _passages(name: str) -> list[Passage]:
    return [Passage(row["id"], row["text"]) for row in read_rows(name, "corpus")[:PASSAGES]]
