"""The check of a sentence against a passage: rules and evidence. Support by embedding is in the integration tests."""

from __future__ import annotations

from inference.citations import best_evidence, split_answer
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
