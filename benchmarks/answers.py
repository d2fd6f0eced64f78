"""Answers on labelled questions: does it answer where the passages do, is it silent where they do not, and does the
citation checker see what was changed. Without a model, and with a small real one on vLLM where that is installed
(`python tests/vllm_server.py install`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks.answer_questions import Asked, Passages, chinese_questions, english_questions
from benchmarks.answers_across import measure_across
from benchmarks.answers_model import measure_model
from benchmarks.checking import measure_checker
from benchmarks.figures import Figure, progress
from benchmarks.labelled import letters, share
from inference.answerability import answerability
from inference.evidence import weigh_passages, worth_giving
from inference.extractive import extract_answer
from inference.markers import without_markers
from kb_platform.embedding import EmbeddingModel, load_embedding
from kb_platform.settings import AnsweringSettings, EmbeddingSettings


def measure(quick: bool) -> Iterable[Figure]:
    """Yield the figures of the extractive answerer, of the citation checker and (not quick) of the small model."""
    with tempfile.TemporaryDirectory() as folder:
        embedding = load_embedding(EmbeddingSettings(), Path(folder))
        size = 12 if quick else 100
        sets = [make(size, quick, embedding) for make in (chinese_questions, english_questions)]
        for language, questions, passages in sets:
            yield from _answers(language, questions, passages, embedding)
        yield from measure_across(quick, embedding)
        yield from measure_checker(8 if quick else 60, embedding)
        if not quick:
            yield from measure_model(sets, embedding)


def _answers(
    language: str, questions: Sequence[Asked], passages: Passages, embedding: EmbeddingModel
) -> Iterator[Figure]:
    settings = AnsweringSettings()
    answered: dict[str, list[bool]] = {"answerable": [], "near": [], "elsewhere": []}
    right: list[bool] = []
    cited = carried = sentences = 0
    for number, asked in enumerate(questions):
        progress(f"{language} {number + 1}/{len(questions)}") if number % 25 == 0 else None
        found = passages.find(asked.text, embedding, asked.only)
        given = worth_giving([asked.text], found, embedding.name)
        speaks = weigh_passages(asked.text, found, embedding.name) >= settings.abstain_below
        speaks = speaks and answerability(asked.text, given, embedding.name) >= settings.quote_from
        kind = "answerable" if asked.answers else ("near" if asked.near else "elsewhere")
        answered[kind].append(speaks)
        if not speaks or not asked.answers:
            continue
        extract = extract_answer([asked.text], given, embedding)
        if extract is None:
            right.append(False)
            continue
        plain = letters(without_markers(extract.text))
        right.append(any(letters(answer) in plain for answer in asked.answers))
        sentences += len(extract.citations)
        texts = {source.number: source.hit.text for source in given}
        for citation in extract.citations:
            cited += 1
            said = without_markers(extract.text[citation.sentence_start : citation.sentence_end])
            evidence = texts[citation.number][citation.evidence_start : citation.evidence_end]
            carried += letters(said) == letters(evidence)
    prefix = f"{language}.extractive"
    yield share(f"{prefix}.citation_precision", carried, cited)
    yield share(f"{prefix}.citation_recall", carried, sentences)
    yield share(f"{prefix}.answer_holds_gold", sum(right), len(right))
    silent = [*answered["near"], *answered["elsewhere"]]
    yield share(f"{prefix}.false_answers", sum(silent), len(silent))
    for kind in ("near", "elsewhere"):
        yield share(f"{prefix}.false_answers_{kind}", sum(answered[kind]), len(answered[kind]))
    answerable = answered["answerable"]
    yield share(f"{prefix}.false_refusals", len(answerable) - sum(answerable), len(answerable))
