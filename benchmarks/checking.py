"""The citation checker measured on labelled pairs of the half that its rules and thresholds were not tuned on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from benchmarks.checker_pairs import BEYOND_RULES, FALSE_KINDS, HELD_OUT, Pair, make_pairs
from benchmarks.figures import Figure, progress
from benchmarks.labelled import share
from inference.citations import AnswerSentence, check_sentence
from inference.prompts import Language
from kb_platform.domain.answer import Support
from kb_platform.embedding import EmbeddingModel
from kb_platform.settings import AnsweringSettings

SEED = 20_251


def measure_checker(each: int, embedding: EmbeddingModel, half: int = HELD_OUT) -> Iterator[Figure]:
    """Yield precision and recall of `supported`, together and by language, and how much of each change is noticed."""
    pairs = make_pairs(each, half, SEED)
    judged: dict[tuple[str, Language], list[bool]] = defaultdict(list)
    for number, pair in enumerate(pairs):
        progress(f"checker {number + 1}/{len(pairs)}") if number % 100 == 0 else None
        judged[pair.kind, pair.language].append(is_supported(pair, embedding))
    yield from _precision_and_recall("", judged, tuple(Language))
    for language in Language:
        yield from _precision_and_recall(f"{language}.", judged, (language,))
    for kind in (*FALSE_KINDS, BEYOND_RULES):
        oks = [ok for language in Language for ok in judged[kind, language]]
        yield share(f"checker_catches_{kind}", len(oks) - sum(oks), len(oks))
    restated = [ok for language in Language for ok in judged["restated", language]]
    yield share("checker_recall_restated", sum(restated), len(restated))


def is_supported(pair: Pair, embedding: EmbeddingModel) -> bool:
    """Let the checker judge the pair's sentence as one that cites its passage."""
    text = f"{pair.sentence}[1]"
    sentence = AnswerSentence(0, len(text), text, (1,))
    checked = check_sentence(sentence, [pair.source], embedding, AnsweringSettings().support_threshold)
    return bool(checked) and checked[0].support is Support.SUPPORTED


def _precision_and_recall(
    prefix: str, judged: dict[tuple[str, Language], list[bool]], languages: tuple[Language, ...]
) -> Iterator[Figure]:
    true = [ok for (kind, language), oks in judged.items() if language in languages for ok in oks if _is_true(kind)]
    false = [
        ok for (kind, language), oks in judged.items() if language in languages for ok in oks if kind in FALSE_KINDS
    ]
    yield share(f"{prefix}checker_precision", sum(true), sum(true) + sum(false))
    yield share(f"{prefix}checker_recall", sum(true), len(true))


def _is_true(kind: str) -> bool:
    return kind not in FALSE_KINDS and kind != BEYOND_RULES
