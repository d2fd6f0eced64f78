from __future__ import annotations

from kb_platform.domain.chunk import Scores
from kb_platform.retrieval.explaining import Places, matched_spans, places_of


def words(query: str, text: str) -> list[str]:
    return [text[start:end] for start, end in matched_spans(query, text)]


def test_each_stage_has_an_order_of_its_own() -> None:
    ranked = [
        ("a", Scores(dense=0.8, sparse=3.0, fused=0.9)),
        ("b", Scores(dense=0.9, sparse=None, fused=0.7)),
        ("c", Scores(dense=None, sparse=9.0, fused=0.4)),
    ]
    assert places_of(ranked) == {"a": Places(2, 2, 1), "b": Places(1, None, 2), "c": Places(None, 1, 3)}


def test_the_questions_words_are_found_in_either_language() -> None:
    assert words("转专业 绩点", "申请转专业的学生平均绩点不低于3.0") == ["转专业", "绩点"]
    assert words("borrowing books", "Students borrow twenty Books.") == ["borrow", "Books"]
    assert words("CS-101", "The course CS-101 begins.") == ["CS-101"]


def test_stop_words_and_strangers_are_not_marked() -> None:
    assert words("what is the fee", "It is what it is.") == []
    assert words("绩点", "图书馆") == []
