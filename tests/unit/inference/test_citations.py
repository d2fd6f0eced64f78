"""The check of a sentence against a passage: rules and evidence. Support by embedding is in the integration tests."""

from __future__ import annotations

import numpy as np
import pytest

from inference.citations import AnswerSentence, best_evidence, check_sentence, split_answer
from inference.terms import content_terms
from kb_platform.domain.answer import Source
from kb_platform.domain.chunk import Hit


def test_markers_behind_the_full_stop_belong_to_the_sentence_before() -> None:
    sentences = split_answer("费用为200元。[2]图书馆8点开门[1][3]。The fee. [4] Next.\n- item [5]")
    assert [(s.claim, s.numbers) for s in sentences] == [
        ("费用为200元。", (2,)),
        ("图书馆8点开门。", (1, 3)),
        ("The fee.", (4,)),
        ("Next.", ()),
        ("- item", (5,)),
    ]


def test_the_evidence_is_the_sentence_that_carries_the_claim() -> None:
    text = "The library opens at 8:00. The dormitory fee is 1,200 yuan per year. Birds sing."
    source = Source(1, Hit("1", "k", "d", "v", "n", "t", 0, 0, len(text), text))
    claim = "A dormitory place costs 1,200 yuan a year."
    found = best_evidence(content_terms(claim), claim, source)
    assert found.text == "The dormitory fee is 1,200 yuan per year."


def test_the_evidence_may_be_two_sentences_that_stand_together() -> None:
    text = "Students pay a deposit of 300 yuan. It is returned within 14 days. Birds sing."
    source = Source(1, Hit("1", "k", "d", "v", "n", "t", 0, 0, len(text), text))
    claim = "Students pay a deposit of 300 yuan, which is returned within 14 days."
    assert len(best_evidence(content_terms(claim), claim, source).quotes) == 2


class Apart:
    """An embedding model to which nothing is near anything."""

    name = "apart"

    def embed_passages(self, texts: list[str]) -> np.ndarray:
        return np.eye(len(texts), dtype=np.float32)


@pytest.mark.parametrize(
    ("strike", "claim", "struck"),
    [
        (True, "Birds eat 45 worms [1][2].", [True, True]),
        (True, "The fee is 1,200 yuan [1][2].", [False, False]),
        (False, "Birds eat 45 worms [1][2].", [False, False]),
    ],
)
def test_a_sentence_is_struck_out_only_by_setting_and_where_no_passage_carries_it(
    strike: bool, claim: str, struck: list[bool]
) -> None:
    texts = ["The fee is 1,200 yuan.", "The library opens at 8:00."]
    sources = [Source(n, Hit(str(n), "k", "d", "v", "n", "t", 0, 0, len(t), t)) for n, t in enumerate(texts, start=1)]
    sentence = AnswerSentence(0, len(claim), claim, (1, 2))
    checked = check_sentence(sentence, sources, Apart(), 0.6, strike=strike)  # type: ignore[arg-type]
    assert [citation.is_struck for citation in checked] == struck
