"""Questions of two parts: two questions of a labelled set put as one, in the ways that people do.

Both answers lie in different documents, and the ten passages have to hold both. What is compared is the search for
the question as it stands and the search for its parts (inference.decomposition).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from benchmarks.figures import Figure
from benchmarks.question_sets import Question, QuestionSet, interval, measure_ranking
from inference.decomposition import merge, parts_of, searches_for
from kb_platform.index.sparse import is_chinese

METRIC = "all@10"
PLACES = 10


def joined_questions(question_set: QuestionSet, most: int) -> list[Question]:
    """Return pairs of the set's questions as single ones, the same at each run: half as two sentences, half as one."""
    drawn = random.Random(2).sample(question_set.questions, min(2 * most, len(question_set.questions) // 2 * 2))
    joined = []
    for number, (one, other) in enumerate(zip(drawn[::2], drawn[1::2], strict=True)):
        if one.gold & other.gold:
            continue
        first, second = one.text.strip().rstrip("?？"), other.text.strip()
        if is_chinese(one.text):
            text = f"{first}？{second}" if number % 2 else f"{first}，还有{second}"
        else:
            text = f"{first}? {second}" if number % 2 else f"{first}, and {second[:1].lower()}{second[1:]}"
        joined.append(Question(text, one.gold | other.gold))
    return joined


def measure_two_parts(
    bench: str, name: str, questions: Sequence[Question], search: Callable[[str], Sequence[str]]
) -> Iterator[Figure]:
    """Yield how many have the passages of both parts among the ten, without and with taking them apart, the gain, and
    the share that is taken apart. `search` returns passage ids, best first."""
    whole = [measure_ranking(search(question.text), question.gold)[METRIC] for question in questions]
    apart = [
        measure_ranking(merge([search(text) for text in searches_for(question.text)], PLACES), question.gold)[METRIC]
        for question in questions
    ]
    gains = [after - before for after, before in zip(apart, whole, strict=True)]
    for method, values in (("hybrid", whole), ("decomposed", apart), ("gain", gains)):
        figure = f"{name}.two_parts.{method}.{METRIC}"
        yield Figure(bench, figure, float(np.mean(values)), "share", len(values), interval(values))
    split = float(np.mean([bool(parts_of(question.text)) for question in questions]))
    yield Figure(bench, f"{name}.two_parts.taken_apart", split, "share", len(questions))
