from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb_platform.index.sparse import expansion_vector, passage_vector, query_vector, term_index, terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("违反第三十二条规定", "第三十二条"),
        ("依据第12条第3款", "第12条"),
        ("依据第12条第3款", "第3款"),
        ("课程CS-101程序设计", "cs-101"),
        ("文号：教务〔2023〕15号", "2023"),
        ("合计 1,234.50 元", "1234.50"),
        ("版本 v2.3.1 发布", "v2.3.1"),
        ("学分绩点不低于3.0", "3.0"),
        ("ＣＳ－101", "cs-101"),
    ],
)
def test_a_number_or_code_is_kept_whole(text: str, expected: str) -> None:
    assert expected in list(terms(text))


def test_a_code_is_also_found_by_its_parts() -> None:
    assert {"cs", "101"} <= set(terms("CS-101"))


def test_a_name_that_no_dictionary_knows_is_found_by_its_pairs_of_characters() -> None:
    assert {"龘靐", "靐齉"} <= set(terms("龘靐齉"))


def test_words_of_the_dictionary_are_terms() -> None:
    assert "图书馆" in set(terms("请到图书馆借书"))


def test_case_and_width_make_no_difference() -> None:
    assert list(terms("ＬＩＢＲＡＲＹ Opening")) == list(terms("library opening"))


def test_a_term_that_comes_again_weighs_more_but_ever_less() -> None:
    once, twice, often = (
        dict(zip(v.indices, v.values, strict=True))[term_index("library")]
        for v in (passage_vector(" ".join(["library"] * n + ["desk"] * (10 - n))) for n in (1, 2, 3))
    )
    assert once < twice < often
    assert often - twice < twice - once


def test_the_same_term_weighs_less_in_a_longer_passage() -> None:
    def weight(text: str) -> float:
        vector = passage_vector(text)
        return dict(zip(vector.indices, vector.values, strict=True))[term_index("library")]

    assert weight("library " + "desk " * 400) < weight("library desk")


def test_each_term_of_a_question_counts_once() -> None:
    vector = query_vector("2023 2023")
    weights = dict(zip(vector.indices, vector.values, strict=True))
    assert weights[term_index("2023")] == 1.0
    assert len(vector.indices) == 2  # the number and the pair of it with itself


def shared(question: str, passage: str) -> float:
    """The weight of what a question and a passage have in common."""
    asked, held = query_vector(question), passage_vector(passage)
    said = dict(zip(held.indices, held.values, strict=True))
    return sum(weight * said.get(index, 0.0) for index, weight in zip(asked.indices, asked.values, strict=True))


@pytest.mark.parametrize(
    ("question", "together", "apart"),
    [
        ("operating income", "The operating income fell", "Income from operating the fleet"),
        ("转专业申请", "转专业申请由学院受理", "申请转专业由学院受理"),
    ],
)
def test_words_that_stand_together_as_in_the_question_weigh_more_than_apart(
    question: str, together: str, apart: str
) -> None:
    assert shared(question, together) > shared(question, apart)


def test_a_pair_is_never_taken_for_a_word() -> None:
    pairs = set(query_vector("operating income").indices) - set(map(term_index, terms("operating income")))
    assert len(pairs) == 1
    assert all(term_index(word) < 2**31 <= pair for word in terms("operating income") for pair in pairs)


def test_feedback_keeps_the_heaviest_words_of_the_passages_and_no_pairs() -> None:
    passages = [(passage_vector("Lei Feng spirit"), 0.7), (passage_vector("Lei Feng day"), 0.3)]
    words = expansion_vector(passages, 4)
    assert set(words.indices) == set(map(term_index, terms("Lei Feng")))
    assert expansion_vector([], 4).indices == ()


def test_text_without_terms_has_an_empty_vector() -> None:
    assert query_vector("？！…").indices == ()


@given(st.text())
def test_any_text_has_terms_that_its_own_question_finds(text: str) -> None:
    passage, question = passage_vector(text), query_vector(text)
    assert set(question.indices) <= set(passage.indices)
    assert len(set(passage.indices)) == len(passage.indices)
    assert all(value > 0 for value in passage.values)


@pytest.mark.parametrize(
    ("one", "other"), [("libraries", "library"), ("opening", "opens"), ("regulation", "regulations")]
)
def test_forms_of_an_english_word_find_each_other_and_the_exact_form_weighs_more(one: str, other: str) -> None:
    shared = set(terms(one)) & set(terms(other))
    assert len(shared) == 1
    assert len(set(terms(one))) == 2


def test_a_stem_is_not_taken_for_the_word_that_looks_like_it() -> None:
    assert "univers" not in set(terms("universities"))


def test_english_stop_words_are_no_terms_but_abbreviations_are() -> None:
    assert list(terms("who is in the it")) == []
    assert {"who", "it"} <= set(terms("WHO and IT"))
