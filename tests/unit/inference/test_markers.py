from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.markers import CLEAN_MARKER, MarkerStream
from kb_platform.domain.answer import Source
from kb_platform.domain.chunk import Hit

KNOWN = "Call 010-62751234 or see https://ok.example.edu/a. Write to office@example.edu."


def source(number: int, text: str = KNOWN) -> Source:
    return Source(number, Hit(str(number), "k", "d", "v", "Rules", "Rules", 0, 0, len(text), text))


SOURCES = [source(1), source(2), source(3)]


def whole(text: str) -> str:
    stream = MarkerStream(SOURCES, "[withheld]")
    return stream.feed(text) + stream.finish()


def in_pieces(text: str, seed: int) -> str:
    stream, cut, out = MarkerStream(SOURCES, "[withheld]"), random.Random(seed), ""
    at = 0
    while at < len(text):
        size = cut.randint(1, 6)
        out += stream.feed(text[at : at + size])
        at += size
    return out + stream.finish()


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("费用为200元【1】。", "费用为200元[1]。"),
        ("见［１，３］。", "见[1][3]。"),
        ("The fee [1, 2].", "The fee [1][2]."),
        ("The fee [1-3].", "The fee [1][2][3]."),
        ("The fee [^2].", "The fee [2]."),
        ("依据[来源2]。", "依据[2]。"),
        ("See [Passage 3].", "See [3]."),
        ("搜索【2†source】", "搜索[2]"),
    ],
)
def test_every_way_to_write_a_marker_becomes_the_plain_one(written: str, shown: str) -> None:
    assert whole(written) == shown


def test_a_number_that_was_not_given_never_passes() -> None:
    assert whole("The fee is 5 [9] or 6 [2,7].") == "The fee is 5 or 6 [2]."


def test_brackets_that_are_no_markers_stay() -> None:
    text = "教发[2023]15号 says [sic] so."
    assert whole(text) == text


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("See [our page](https://evil.example/x).", "See our page."),
        ("![chart](http://evil.example/c.png) here", "chart here"),
        ("Go to https://evil.example/x now", "Go to [withheld] now"),
        ("Mail me@evil.example now", "Mail [withheld] now"),
        ("电话010-62750000。", "电话[withheld]。"),
        ("[1](http://evil.example) yes", "[1] yes"),
        ("<img src=http://evil.example/a.png onerror=x>ok", "ok"),
        ("[x](javascript:alert(1)) y", "x y"),
    ],
)
def test_a_link_or_contact_that_stands_in_no_source_is_not_shown(written: str, shown: str) -> None:
    assert whole(written) == shown


def test_contacts_of_the_sources_are_shown() -> None:
    text = "Call 010-62751234, see https://ok.example.edu/a or write to office@example.edu today."
    assert whole(text) == text


def test_an_address_that_only_begins_like_a_source_is_not_shown() -> None:
    assert "example.eduevil" not in whole("https://ok.example.edu/abc is wrong; so is office@example.eduevil.net here")


TRICKY = st.lists(
    st.sampled_from(
        [*"[]【】129, -()<>!a\n@†^", "http://e.x/", "<b>", "，。", "[1]", "[来源2]", "13800138000", ".com"]
    ),
    max_size=25,
).map("".join)  # fmt: skip


WRITTEN = st.lists(
    st.sampled_from(
        ["费用为200元", "【1】", "。", "The fee", " is", " 3.5 ", "[1]", " [2,3]", "[来源2]", "，", "\n", "[9]",
         "(a)", "[sic]", "[page](https://evil.example/x)", " https://evil.example/y ", " 13800138000 ", "<b>bold</b>",
         "a < b", "!", "[^3]"]
    ),
    max_size=15,
).map("".join)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(WRITTEN, st.integers(0, 1000))
def test_what_is_shown_does_not_depend_on_how_the_text_was_cut_into_deltas(text: str, seed: int) -> None:
    assert in_pieces(text, seed) == whole(text)


@settings(max_examples=300, deadline=None)
@given(TRICKY, st.integers(0, 1000))
def test_no_invented_citation_and_no_address_is_ever_shown(text: str, seed: int) -> None:
    shown = in_pieces(text, seed)
    assert {int(number) for number in CLEAN_MARKER.findall(shown)} <= {1, 2, 3}
    assert "http://e.x" not in shown
