"""A sentence written off its passage but for a word or a number: those are named."""

from __future__ import annotations

import pytest

from inference.exchanges import exchanged

PASSAGE = "The library was designed by Anna Berg and opened in 1998. The annex opened in 2004."
ZH_PASSAGE = "武穴酥糖产于湖北省武穴市，原名桂花董糖，已有四百年历史，1982年获得优质产品称号。"


@pytest.mark.parametrize(
    ("claim", "passage", "words"),
    [
        ("The library was designed by Carl Roth and opened in 1998.", PASSAGE, ("Carl", "Roth")),
        ("The airport was designed by Anna Berg and opened in 1998.", PASSAGE, ("airport",)),
        ("武穴酥糖产于湖北省武穴市，原名绿豆薄饼，已有四百年历史。", ZH_PASSAGE, ("绿豆", "薄饼")),
    ],
)
def test_words_that_stand_in_the_place_of_others_and_nowhere_in_the_passage_are_named(
    claim: str, passage: str, words: tuple[str, ...]
) -> None:
    evidence = passage.split(". ")[0]
    assert exchanged(claim, evidence, [passage]).words == words


def test_a_number_from_elsewhere_in_the_passage_in_the_place_of_another_is_named() -> None:
    claim = "The library was designed by Anna Berg and opened in 2004."
    assert exchanged(claim, PASSAGE.split(". ")[0], [PASSAGE]).numbers == ("2004",)


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("Anna Berg drew up the plans of the reading rooms.", "The library was designed by Anna Berg."),
        ("Anna Berg designed the library.", "The library was designed by Anna Berg and opened in 1998."),
        ("武穴酥糖的产地是湖北省武穴市。", ZH_PASSAGE),
        ("武穴酥糖的地址是湖北省武穴市。", ZH_PASSAGE),
    ],
)
def test_a_sentence_in_its_own_order_or_with_words_left_out_is_let_pass(claim: str, evidence: str) -> None:
    found = exchanged(claim, evidence, [PASSAGE, ZH_PASSAGE])
    assert not found.numbers
    assert not found.words
