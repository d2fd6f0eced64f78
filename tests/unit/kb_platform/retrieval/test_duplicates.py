from __future__ import annotations

import pytest

from kb_platform.domain.chunk import Hit
from kb_platform.retrieval.duplicates import distinct

NOTICE = "The library opens at 8:00 and closes at 22:00 on weekdays."


def kept(*texts: str) -> list[str]:
    return [
        hit.text for hit in distinct(Hit(str(n), "kb", "d", "v", "n", "t", n, 0, 1, t) for n, t in enumerate(texts))
    ]


@pytest.mark.parametrize(
    "again",
    [NOTICE, NOTICE.upper(), NOTICE.replace(" ", "\n"), NOTICE.replace(":", "："), "opens at 8:00 and closes at 22:00"],
)
def test_what_a_better_passage_already_says_is_dropped(again: str) -> None:
    assert kept(NOTICE, again) == [NOTICE]


@pytest.mark.parametrize("other", [NOTICE.replace("8", "9"), NOTICE.replace("on", "not on"), f"{NOTICE} Bring a card."])
def test_one_other_letter_or_digit_keeps_a_passage(other: str) -> None:
    assert kept(NOTICE, other) == [NOTICE, other]


def test_a_short_passage_inside_a_longer_one_is_kept() -> None:
    assert kept("Article 3 does not apply.", "Article 3") == ["Article 3 does not apply.", "Article 3"]
