"""Answers of a small real model (0.5B, vLLM's CPU build) through the platform's own path, and an independent check of
what it cites.

The check shares no code with the platform's own. A citation carries its sentence when the cited passage holds every
number of the sentence (digits as they are written), at least CARRIED of its words (English words of four letters and
more; Chinese pairs of characters), and, where the sentence holds one of the set's expected answers, that answer too.
`citation_precision`: of the citations that the reader sees as supported, those that carry their sentence;
`citation_precision_all`: of all that are shown, however they are marked. `citation_recall`: of all
sentences of the answers, those that at least one of their citations carries.
"""

from __future__ import annotations

import asyncio
import re
import time
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import cast

from benchmarks.answer_questions import Asked, Passages
from benchmarks.figures import Figure, progress
from benchmarks.labelled import share
from inference.answering import AnsweringServices, Question, answer
from inference.endpoint_model import EndpointModel
from inference.probing import probe_endpoint
from kb_platform.domain.access import AccessScope
from kb_platform.domain.answer import Done, Failed, Source, SourcesFound, Support
from kb_platform.embedding import EmbeddingModel
from kb_platform.retrieval import Retriever
from kb_platform.retrieval.retriever import Retrieval
from kb_platform.settings import ModelSettings, Settings

MINUTES = 25
"""After which no further question is asked; the questions are mixed, so that what was asked stays balanced."""
AT_ONCE = 4
PASSAGES_GIVEN = 3
ANSWER_TOKENS = 120
CARRIED = 0.6
GIVES_UP_AFTER = 3


@dataclass
class Answered:
    """What came of the questions of one language."""

    answerable: list[bool] = field(default_factory=list)
    """For each: was it answered."""
    near: list[bool] = field(default_factory=list)
    elsewhere: list[bool] = field(default_factory=list)
    holds_gold: list[bool] = field(default_factory=list)
    shown: list[bool] = field(default_factory=list)
    """For each citation that was judged supported: does it carry its sentence."""
    written: list[bool] = field(default_factory=list)
    sentences: list[bool] = field(default_factory=list)
    invented: int = 0
    citations: int = 0
    failed: int = 0
    """Questions that nothing came of; they count nowhere else."""
    failed_in_a_row: int = 0


@dataclass(frozen=True)
class _SetRetriever:
    """Exact search over the set's passages, in the place of the index."""

    passages: Passages
    embedding: EmbeddingModel
    only: frozenset[str] | None

    def search(self, query: str, *_: object) -> Retrieval:
        """Return the passages nearest to the query; scope and limit are the set's."""
        found = self.passages.find(query, self.embedding, self.only)[:PASSAGES_GIVEN]
        return Retrieval(query, tuple(source.hit for source in found), 0.0, 0.0, 0.0)


def measure_model(sets: Sequence[tuple[str, list[Asked], Passages]], embedding: EmbeddingModel) -> Iterator[Figure]:
    """Yield the figures of the model by language; nothing where vLLM's CPU build is not installed."""
    from tests.vllm_server import cache_folder, install_model, install_vllm, serve

    if not (cache_folder() / "vllm-env").exists():
        progress("the model was not measured: python tests/vllm_server.py install")
        return
    with serve(install_model(install_vllm())) as server:
        results = asyncio.run(_ask_all(server.base_url, sets, embedding))
    for language, got in results.items():
        prefix = f"{language}.model"
        yield share(f"{prefix}.citation_precision", sum(got.shown), len(got.shown))
        yield share(f"{prefix}.citation_precision_all", sum(got.written), len(got.written))
        yield share(f"{prefix}.citation_recall", sum(got.sentences), len(got.sentences))
        yield share(f"{prefix}.answer_holds_gold", sum(got.holds_gold), len(got.holds_gold))
        silent = [*got.near, *got.elsewhere]
        yield share(f"{prefix}.false_answers", sum(silent), len(silent))
        yield share(f"{prefix}.false_answers_near", sum(got.near), len(got.near))
        yield share(f"{prefix}.false_answers_elsewhere", sum(got.elsewhere), len(got.elsewhere))
        yield share(f"{prefix}.false_refusals", len(got.answerable) - sum(got.answerable), len(got.answerable))
        yield Figure(
            "answers", f"{prefix}.failed", got.failed, "answers", got.failed + len(silent) + len(got.answerable)
        )
    yield Figure(
        "answers",
        "invented_citations",
        sum(got.invented for got in results.values()),
        "citations",
        sum(got.citations for got in results.values()),
    )


async def _ask_all(
    base_url: str, sets: Sequence[tuple[str, list[Asked], Passages]], embedding: EmbeddingModel
) -> dict[str, Answered]:
    """Ask in turn one question of each kind and language, several at once, until the time is over."""
    (offer,) = await probe_endpoint(base_url)
    model = EndpointModel(
        base_url, name=offer.name, context_window=offer.context_window, temperature=0.0, timeout_seconds=600.0
    )
    settings = Settings(_env_file=None, model=ModelSettings(answer_tokens=ANSWER_TOKENS))
    results = {language: Answered() for language, _, _ in sets}
    waiting = _mixed(sets)
    asked, until = 0, time.monotonic() + MINUTES * 60

    async def ask() -> None:
        nonlocal asked
        while waiting and time.monotonic() < until:
            if all(got.failed_in_a_row >= GIVES_UP_AFTER for got in results.values()):
                progress("the model server does not answer any more: what was asked until then counts")
                return
            language, question, passages = waiting.pop(0)
            retriever = cast(Retriever, _SetRetriever(passages, embedding, question.only))
            await _ask(question, AnsweringServices(retriever, embedding, model, settings), results[language])
            asked += 1
            progress(f"model: {asked} questions, {(until - time.monotonic()) / 60:.1f} min left")

    try:
        await asyncio.gather(*(ask() for _ in range(AT_ONCE)))
    finally:
        await model.aclose()
    return results


def _mixed(sets: Sequence[tuple[str, list[Asked], Passages]]) -> list[tuple[str, Asked, Passages]]:
    """Return the questions: an answerable and an unanswerable one of each language in turn, near and elsewhere by
    turns."""
    columns: list[list[tuple[str, Asked, Passages]]] = []
    for language, questions, passages in sets:
        near = [one for one in questions if not one.answers and one.near]
        elsewhere = [one for one in questions if not one.answers and not one.near]
        silent = [one for pair in zip(near, elsewhere, strict=False) for one in pair]
        for column in ([one for one in questions if one.answers], silent):
            columns.append([(language, one, passages) for one in column])
    return [one for row in zip(*columns, strict=False) for one in row]


async def _ask(question: Asked, services: AnsweringServices, got: Answered) -> None:
    sources: Sequence[Source] = ()
    last: object = None
    put = Question(question.text, AccessScope("reader", frozenset({"set"})), thinking=False)
    async with aclosing(answer(put, services)) as events:
        async for event in events:
            if isinstance(event, SourcesFound):
                sources = event.sources
            last = event
    if isinstance(last, Failed):
        progress(f"failed: {last.message}")
    done = last if isinstance(last, Done) else None
    if done is None:
        got.failed += 1
        got.failed_in_a_row += 1
        return
    got.failed_in_a_row = 0
    kind = got.answerable if question.answers else (got.near if question.near else got.elsewhere)
    kind.append(not done.abstained)
    if done.abstained:
        return
    if question.answers:
        got.holds_gold.append(any(_plain(gold) in _plain(done.answer) for gold in question.answers))
    _check(done, question.answers, {source.number: source.hit.text for source in sources}, got)


def _check(done: Done, gold: Sequence[str], texts: dict[int, str], got: Answered) -> None:
    """Check every citation of an answer, and every sentence of it."""
    carried_until = 0
    for number in re.findall(r"\[(\d{1,3})\]", done.answer):
        got.citations += 1
        got.invented += int(number) not in texts
    sentences: dict[tuple[int, int], bool] = {}
    for citation in done.citations:
        span = (citation.sentence_start, citation.sentence_end)
        ok = is_carried(done.answer[span[0] : span[1]], texts.get(citation.number, ""), gold)
        got.written.append(ok)
        if citation.support is Support.SUPPORTED:
            got.shown.append(ok)
        sentences[span] = sentences.get(span, False) or ok
    for (start, end), ok in sorted(sentences.items()):
        got.sentences += [False] * _sentences(done.answer[carried_until:start])
        got.sentences.append(ok)
        carried_until = end
    got.sentences += [False] * _sentences(done.answer[carried_until:])


def is_carried(sentence: str, passage: str, gold: Sequence[str] = ()) -> bool:
    """Say whether the passage carries the sentence, by the rules at the top of this module."""
    claim = unicodedata.normalize("NFKC", re.sub(r"\[\d{1,3}\]", "", sentence)).lower()
    text = unicodedata.normalize("NFKC", passage).lower()
    known_numbers = set(re.findall(r"\d+(?:\.\d+)?", text.replace(",", "")))
    if any(number not in known_numbers for number in re.findall(r"\d+(?:\.\d+)?", claim.replace(",", ""))):
        return False
    if any(_plain(one) in _plain(claim) and _plain(one) not in _plain(text) for one in gold):
        return False
    han = re.findall(r"[㐀-鿿]+", claim)
    pairs = {run[at : at + 2] for run in han for at in range(len(run) - 1)}
    words = set(re.findall(r"[a-z]{4,}", claim))
    held = sum(pair in text for pair in pairs) + sum(word in text for word in words)
    return bool(pairs or words) and held >= CARRIED * (len(pairs) + len(words))


def _sentences(text: str) -> int:
    """Return how many sentences with words a stretch of an answer has that no citation belongs to."""
    return sum(bool(re.search(r"\w", part)) for part in re.split(r"[.。!！?？\n]+(?:\s|$|(?=[㐀-鿿]))", text))


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).lower())
