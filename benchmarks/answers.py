"""Answers without a model on labelled questions: does it answer where the passages do, is it silent where they do not,
and does the citation checker see what was changed.

Questions: Chinese from cmrc2018_dev (answerable) and rgb_zh_refine (elsewhere: asked of cmrc's passages; near: given
only passages on the topic without the answer), English from squad2_dev (answerable; near: its unanswerable questions)
and hotpotqa_100 (elsewhere: asked of squad's passages). The same sample in every run.

Retrieval here is exact search by embedding over the set's passages; the retrieval benchmark measures the real one.
"""

from __future__ import annotations

import json
import math
import random
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.figures import Figure, progress
from inference.citations import AnswerSentence, check_sentence
from inference.evidence import weigh_passages, worth_giving
from inference.extractive import extract_answer
from inference.markers import without_markers
from inference.sentences import split_sentences
from inference.terms import normalise
from kb_platform.domain.answer import Source, Support
from kb_platform.domain.chunk import Hit, Scores
from kb_platform.embedding import EmbeddingModel, load_embedding
from kb_platform.settings import AnsweringSettings, EmbeddingSettings

EVALUATION = Path(__file__).resolve().parents[2] / "shared" / "eval"
SEED = 20_251
HITS = 5


@dataclass(frozen=True)
class Asked:
    """A question put to a set of passages. `near`: its passages are on the topic but do not answer it."""

    text: str
    answers: tuple[str, ...]
    only: frozenset[str] | None = None
    near: bool = False


@dataclass(frozen=True)
class Passages:
    rows: list[dict[str, Any]]
    vectors: NDArray[np.float32]

    def find(self, question: str, embedding: EmbeddingModel, only: frozenset[str] | None) -> list[Source]:
        scores = self.vectors @ embedding.embed_query(question)
        order = [i for i in np.argsort(-scores) if only is None or self.rows[i]["id"] in only][:HITS]
        return [Source(n, _hit(self.rows[i], float(scores[i]))) for n, i in enumerate(order, start=1)]


def measure(quick: bool) -> Iterable[Figure]:
    """Yield the figures of the extractive answerer and of the citation checker."""
    with tempfile.TemporaryDirectory() as folder:
        embedding = load_embedding(EmbeddingSettings(), Path(folder))
        size = 12 if quick else 100
        for language, questions, passages in (_chinese(size, quick, embedding), _english(size, quick, embedding)):
            yield from _answers(language, questions, passages, embedding)
        yield from _checker(8 if quick else 40, embedding)


def _answers(
    language: str, questions: Sequence[Asked], passages: Passages, embedding: EmbeddingModel
) -> Iterator[Figure]:
    border = AnsweringSettings().abstain_below
    answered: dict[str, list[bool]] = {"answerable": [], "near": [], "elsewhere": []}
    right: list[bool] = []
    cited = carried = sentences = 0
    for number, asked in enumerate(questions):
        progress(f"{language} {number + 1}/{len(questions)}") if number % 25 == 0 else None
        found = passages.find(asked.text, embedding, asked.only)
        speaks = weigh_passages(asked.text, found, embedding.name) >= border
        kind = "answerable" if asked.answers else ("near" if asked.near else "elsewhere")
        answered[kind].append(speaks)
        if not speaks or not asked.answers:
            continue
        given = worth_giving([asked.text], found, embedding.name)
        extract = extract_answer([asked.text], given, embedding)
        if extract is None:
            right.append(False)
            continue
        plain = _letters(without_markers(extract.text))
        right.append(any(_letters(answer) in plain for answer in asked.answers))
        sentences += len(extract.citations)
        texts = {source.number: source.hit.text for source in given}
        for citation in extract.citations:
            cited += 1
            said = without_markers(extract.text[citation.sentence_start : citation.sentence_end])
            evidence = texts[citation.number][citation.evidence_start : citation.evidence_end]
            carried += _letters(said) == _letters(evidence)
    prefix = f"{language}.extractive"
    yield _share(f"{prefix}.citation_precision", carried, cited)
    yield _share(f"{prefix}.citation_recall", carried, sentences)
    yield _share(f"{prefix}.answer_holds_gold", sum(right), len(right))
    silent = [*answered["near"], *answered["elsewhere"]]
    yield _share(f"{prefix}.false_answers", sum(silent), len(silent))
    for kind in ("near", "elsewhere"):
        yield _share(f"{prefix}.false_answers_{kind}", sum(answered[kind]), len(answered[kind]))
    answerable = answered["answerable"]
    yield _share(f"{prefix}.false_refusals", len(answerable) - sum(answerable), len(answerable))


def _checker(each: int, embedding: EmbeddingModel) -> Iterator[Figure]:
    """Measure the checker on sentences of the sets that cite their own passage, changed in one way or not at all."""
    pairs: list[tuple[str, str, Source]] = []
    for name in ("squad2_dev", "cmrc2018_dev"):
        pairs += _pairs(name, each)
    judged: dict[str, list[bool]] = {}
    for number, (kind, sentence, source) in enumerate(pairs):
        progress(f"checker {number + 1}/{len(pairs)}") if number % 50 == 0 else None
        text = f"{sentence}[{source.number}]"
        found = check_sentence(
            AnswerSentence(0, len(text), text, (source.number,)),
            [source],
            embedding,
            AnsweringSettings().support_threshold,
        )
        judged.setdefault(kind, []).append(bool(found) and found[0].support is Support.SUPPORTED)
    true, false = judged["true"], [ok for kind, oks in judged.items() if kind != "true" for ok in oks]
    yield _share("checker_precision", sum(true), sum(true) + sum(false))
    yield _share("checker_recall", sum(true), len(true))
    for kind, oks in judged.items():
        if kind != "true":
            yield _share(f"checker_catches_{kind}", len(oks) - sum(oks), len(oks))


def _pairs(name: str, each: int) -> list[tuple[str, str, Source]]:
    """Return (what was changed, sentence, the passage that it cites): `each` of every kind."""
    draw = random.Random(SEED)
    rows, questions = _read(name, "corpus"), [q for q in _read(name, "queries") if q["gold_ids"]]
    by_id = {row["id"]: row for row in rows}
    draw.shuffle(questions)
    pairs: list[tuple[str, str, Source]] = []
    counts = dict.fromkeys(("true", "number", "name", "negated", "other_passage"), 0)
    for place, question in enumerate(questions):
        row, answer = by_id[question["gold_ids"][0]], question["answers"][0]
        holding = [s for span in split_sentences(row["text"]) if answer in (s := span.of(row["text"]))]
        if not holding or not 20 <= len(holding[0]) <= 300:
            continue
        sentence, source = holding[0], Source(1, _hit(row, 0.9))
        other = questions[(place + 1) % len(questions)]
        changes = {
            "true": sentence,
            "number": _other_number(sentence),
            "name": sentence.replace(answer, other["answers"][0]) if not re.search(r"\d", answer) else "",
            "negated": _negated(sentence),
            "other_passage": sentence,
        }
        for kind in sorted(changes, key=lambda kind: counts[kind])[:2]:
            changed = changes[kind]
            if counts[kind] >= each or not changed or (kind not in ("true", "other_passage") and changed == sentence):
                continue
            cited = Source(1, _hit(by_id[other["gold_ids"][0]], 0.9)) if kind == "other_passage" else source
            if kind == "other_passage" and (cited.hit.chunk_id == row["id"] or sentence in cited.hit.text):
                continue
            pairs.append((kind, changed, cited))
            counts[kind] += 1
        if min(counts.values()) >= each:
            break
    return pairs


def _other_number(sentence: str) -> str:
    return re.sub(r"\d+", lambda match: str(int(match.group()) + 3), sentence, count=1)


def _negated(sentence: str) -> str:
    """Return the sentence with one statement denied, or nothing where none of the known verbs is in it."""
    if re.search(r"[㐀-鿿]", sentence):
        if re.search(r"[不没未无非]", sentence):
            return ""
        return re.sub(r"(?<![但还只可凡算总就])是(?!否)", "不是", sentence, count=1)
    if re.search(r"\b(not|no|never|without)\b|n't", sentence):
        return ""
    return re.sub(r"\b(is|are|was|were|has been|can|will)\b", r"\1 not", sentence, count=1)


def _chinese(size: int, quick: bool, embedding: EmbeddingModel) -> tuple[str, list[Asked], Passages]:
    draw = random.Random(SEED)
    answerable = draw.sample(_read("cmrc2018_dev", "queries"), size)
    foreign = draw.sample(_read("rgb_zh_refine", "queries"), size)
    topical = [row for row in foreign if row["negative_ids"]][: size // 2]
    near_ids = {one for row in topical for one in row["negative_ids"][:HITS]}
    rows = [row for row in _read("rgb_zh_refine", "corpus") if row["id"] in near_ids]
    rows += _some("cmrc2018_dev", answerable, 30 if quick else 400, draw)
    questions = [Asked(row["question"], tuple(row["answers"]), _ids("cmrc2018_dev")) for row in answerable]
    questions += [Asked(row["question"], (), frozenset(row["negative_ids"][:HITS]), near=True) for row in topical]
    questions += [Asked(row["question"], (), _ids("cmrc2018_dev")) for row in foreign[-(size // 2) :]]
    return "zh", questions, _embedded(rows, embedding)


def _english(size: int, quick: bool, embedding: EmbeddingModel) -> tuple[str, list[Asked], Passages]:
    draw = random.Random(SEED)
    queries = _read("squad2_dev", "queries")
    answerable = draw.sample([row for row in queries if not row["unanswerable"]], size)
    near = draw.sample([row for row in queries if row["unanswerable"]], size // 2)
    foreign = draw.sample(_read("hotpotqa_100", "queries"), size // 2)
    rows = _some("squad2_dev", [*answerable, *near], 30 if quick else 400, draw)
    questions = [Asked(row["question"], tuple(row["answers"])) for row in answerable]
    questions += [Asked(row["question"], (), near=True) for row in near]
    questions += [Asked(row["question"], ()) for row in foreign]
    return "en", questions, _embedded(rows, embedding)


def _some(name: str, questions: Sequence[dict[str, Any]], size: int, draw: random.Random) -> list[dict[str, Any]]:
    """Return the passages of the questions and others of the set, at least `size`."""
    wanted = {one for row in questions for one in (row["gold_ids"] or [row["near_miss_id"]])}
    rows = _read(name, "corpus")
    others = [row for row in rows if row["id"] not in wanted]
    draw.shuffle(others)
    return [row for row in rows if row["id"] in wanted] + others[: max(0, size - len(wanted))]


def _ids(name: str) -> frozenset[str]:
    return frozenset(row["id"] for row in _read(name, "corpus"))


def _embedded(rows: list[dict[str, Any]], embedding: EmbeddingModel) -> Passages:
    progress(f"embedding {len(rows)} passages")
    return Passages(rows, embedding.embed_passages([row["text"] for row in rows]))


def _read(name: str, part: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (EVALUATION / name / f"{part}.jsonl").read_text("utf-8").splitlines()]


def _hit(row: dict[str, Any], dense: float) -> Hit:
    title = row.get("title", "")
    return Hit(
        row["id"], "set", row["id"], row["id"], title, title, 0, 0, len(row["text"]), row["text"],
        scores=Scores(dense=dense),
    )  # fmt: skip


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", normalise(text))


def _share(name: str, part: int, of: int) -> Figure:
    """Return a share with its 95 % interval (Wilson)."""
    if not of:
        return Figure("answers", name, 0.0, "share", 0)
    share, z = part / of, 1.96
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return Figure(
        "answers", name, round(share, 4), "share", of,
        (round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4)),
    )  # fmt: skip
