"""Labelled pairs of a sentence and the passage that it cites, made from squad2_dev and cmrc2018_dev.

True: a sentence of the passage as it stands (`verbatim`), and a question turned into a statement by its own answer
(`restated`: people's words, not the passage's). False: the same with another number, with another question's answer of
the same kind in place of the name, negated, or citing another passage. Beside these, `swapped`: a restated question
with the answer to another question about the same passage, which only understanding tells apart.

Passages are parted in two halves by their id: rules and thresholds are tuned on one, figures are of the other.
"""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.labelled import as_hit, read_rows
from inference.facts import han_number
from inference.prompts import Language, language_of
from inference.questions import Expects, expects
from inference.sentences import split_sentences
from kb_platform.domain.answer import Source

SETS = {Language.ENGLISH: "squad2_dev", Language.CHINESE: "cmrc2018_dev"}
TRUE_KINDS = ("verbatim", "restated")
FALSE_KINDS = ("number", "name", "negated", "other_passage")
BEYOND_RULES = "swapped"
KINDS = (*TRUE_KINDS, *FALSE_KINDS, BEYOND_RULES)
TUNING, HELD_OUT = 0, 1
LONGEST_ANSWER = 24

_HAN_NUMBER = re.compile(r"[一二三四五六七八九十百千]+(?=[年月日个名人次位种部届条岁层座])")
_CHINESE_VERB = re.compile(
    r"(?<![但还只可凡算总就])是(?!否)|(?<!尽)可以|能够|(?<![所没具只])有(?=[一二三四五六七八九十\d])"
)
_CHINESE_ASKS = re.compile(
    r"谁|什么时候|何时|哪一?年|哪一?天|哪里|哪儿|何地|什么地方|(?<=是)什么(?=$)|哪(?:一?[个位座家所部支届]|些|国)(?=$)"
)
_ENGLISH_ASKS = re.compile(r"(?:Who|What) (?=(?:is|was|are|were|has|had|can|will|[a-z]+ed)\b)")


@dataclass(frozen=True, slots=True)
class Pair:
    kind: str
    language: Language
    sentence: str
    source: Source

    @property
    def is_true(self) -> bool:
        return self.kind in TRUE_KINDS


def make_pairs(each: int, half: int, seed: int) -> list[Pair]:
    """Return up to `each` pairs of every kind and language from one half of the passages, the same at each call."""
    pairs: list[Pair] = []
    for language, name in SETS.items():
        counts = dict.fromkeys(KINDS, 0)
        for pair in _candidates(language, name, half, seed):
            if counts[pair.kind] < each:
                counts[pair.kind] += 1
                pairs.append(pair)
            if min(counts.values()) >= each:
                break
    return pairs


def _candidates(language: Language, name: str, half: int, seed: int) -> Iterator[Pair]:
    """Yield one pair a question, of each kind in turn as far as it can be made."""
    draw = random.Random(f"{seed} {name} {half}")
    by_id = {row["id"]: row for row in read_rows(name, "corpus") if zlib.crc32(row["id"].encode()) % 2 == half}
    questions = [q for q in read_rows(name, "queries") if q["gold_ids"] and q["gold_ids"][0] in by_id]
    draw.shuffle(questions)
    turn = 0
    for question in questions:
        row, answer = by_id[question["gold_ids"][0]], question["answers"][0]
        sentence = next((s for span in split_sentences(row["text"]) if answer in (s := span.of(row["text"]))), "")
        if not 20 <= len(sentence) <= 300 or len(answer) > LONGEST_ANSWER:
            continue
        other = draw.choice(questions)
        for step in range(len(KINDS)):
            kind = KINDS[(turn + step) % len(KINDS)]
            if made := _make(kind, question, sentence, answer, row, other, by_id, questions, draw):
                claim, cited = made
                yield Pair(kind, language, claim, Source(1, as_hit(cited, 0.9)))
                turn += step + 1
                break


def _make(
    kind: str,
    question: dict[str, Any],
    sentence: str,
    answer: str,
    row: dict[str, Any],
    other: dict[str, Any],
    by_id: dict[str, dict[str, Any]],
    questions: list[dict[str, Any]],
    draw: random.Random,
) -> tuple[str, dict[str, Any]] | None:
    """Return the sentence and the passage that it cites, or None where this kind cannot be made of the question."""
    restated = _restated(question["question"], answer)
    claim = ""
    if kind == "verbatim":
        claim = sentence
    elif kind == "restated":
        claim = restated
    elif kind == "number":
        claim = _other_number(sentence, draw)
    elif kind == "negated":
        claim = _negated(draw.choice([sentence, restated or sentence]))
    elif kind == "name":
        stranger = _answer_of_same_kind(question, row, questions, draw)
        base = draw.choice([sentence, restated or sentence])
        claim = base.replace(answer, stranger) if stranger and not re.search(r"\d", answer) else ""
        claim = "" if claim == base else claim
    elif kind == "swapped":
        near = [
            q["answers"][0]
            for q in questions
            if q["gold_ids"] == question["gold_ids"]
            and expects(q["question"]) is expects(question["question"])
            and q["answers"][0] not in answer
            and answer not in q["answers"][0]
            and len(q["answers"][0]) <= LONGEST_ANSWER
        ]
        claim = _restated(question["question"], draw.choice(near)) if near else ""
    elif kind == "other_passage":
        cited = by_id[other["gold_ids"][0]]
        return (sentence, cited) if cited["id"] != row["id"] and sentence not in cited["text"] else None
    return (claim, row) if claim else None


def _restated(question: str, answer: str) -> str:
    """Return the question as a statement that its answer completes, or nothing where its form does not allow it."""
    asked = question.strip().rstrip("？? ")
    if language_of(asked) is Language.CHINESE:
        if len(_CHINESE_ASKS.findall(asked)) != 1:
            return ""
        return _CHINESE_ASKS.sub(lambda _: answer, asked) + "。"
    found = _ENGLISH_ASKS.match(asked)
    return f"{answer[0].upper()}{answer[1:]} {asked[found.end() :]}." if found else ""


def _answer_of_same_kind(
    question: dict[str, Any], row: dict[str, Any], questions: list[dict[str, Any]], draw: random.Random
) -> str:
    """Return the answer to a question of the same kind about another passage, which does not stand in this one."""
    kind, answer = expects(question["question"]), question["answers"][0]
    if kind in (Expects.DATE, Expects.NUMBER, Expects.REASON):
        return ""
    for _ in range(200):
        other = draw.choice(questions)
        text = other["answers"][0]
        alike = answer[0].isupper() == text[0].isupper() and len(text) <= LONGEST_ANSWER and not re.search(r"\d", text)
        if alike and expects(other["question"]) is kind and text.lower() not in row["text"].lower():
            return str(text)
    return ""


def _other_number(sentence: str, draw: random.Random) -> str:
    """Return the sentence with one of its numbers changed, or nothing where it has none."""
    found = list(re.finditer(r"(?<![\d.,])\d+(?![\d.,]*\d)", sentence)) or list(_HAN_NUMBER.finditer(sentence))
    if not found:
        return ""
    match = draw.choice(found)
    written = match.group()
    if written.isdigit():
        changed = str(max(1, int(written) + draw.choice((-2, -1, 1, 3, 10))))
        changed = changed if changed != written else f"{written}0"
    else:
        value = (han_number(written) or 1) % 9 + 1
        changed = "一二三四五六七八九"[value - 1] if len(written) == 1 else f"{written[:-1]}百"
    return sentence[: match.start()] + changed + sentence[match.end() :]


def _negated(sentence: str) -> str:
    """Return the sentence with one statement denied, or nothing where none of the known verbs is in it."""
    if language_of(sentence) is Language.CHINESE:
        if re.search(r"[不没未无非]", sentence):
            return ""
        if not _CHINESE_VERB.search(sentence):
            return ""
        return _CHINESE_VERB.sub(lambda m: ("没" if m.group() == "有" else "不") + m.group(), sentence, count=1)
    if re.search(r"\b(not|no|never|without)\b|n't", sentence):
        return ""
    changed = re.sub(r"\b(is|are|was|were|has been|can|will)\b", r"\1 not", sentence, count=1)
    return changed if changed != sentence else ""
