from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kb_platform.embedding.model import batches_by_length, equal_batches, packed_batches
from kb_platform.embedding.tokens import approximate_offsets


@given(st.lists(st.integers(0, 600), max_size=200), st.integers(1, 64))
def test_each_text_is_in_one_batch_and_no_batch_is_too_large(lengths: list[int], most: int) -> None:
    batches = batches_by_length(lengths, most, batch_tokens=2048)
    _assert_each_in_one(batches, lengths, most)
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[position] for position in batch) <= 2048


@given(st.lists(st.integers(0, 600), max_size=200), st.integers(1, 64))
def test_packed_batches_are_full_by_texts_or_by_tokens(lengths: list[int], most: int) -> None:
    batches = packed_batches(lengths, most, batch_tokens=2048)
    _assert_each_in_one(batches, lengths, most)
    tokens = [sum(lengths[position] for position in batch) for batch in batches]
    assert all(len(batch) == 1 or held <= 2048 for batch, held in zip(batches, tokens, strict=True))
    assert all(len(batch) == most or held > 2048 - 600 for batch, held in zip(batches, tokens[:-1], strict=False))


@given(st.lists(st.integers(1, 600), max_size=200), st.integers(1, 64), st.integers(1, 4))
def test_batches_for_several_passes_at_once_are_about_equal(lengths: list[int], most: int, lanes: int) -> None:
    batches = equal_batches(lengths, most, lanes, batch_tokens=2048)
    _assert_each_in_one(batches, lengths, most)
    assert len(batches) == len(lengths) or len(batches) % lanes == 0
    tokens = [sum(lengths[position] for position in batch) for batch in batches]
    assert max(tokens, default=0) - min(tokens, default=0) <= max(lengths, default=0)
    assert sum(tokens) <= 2048 * len(batches) or len(batches) == len(lengths)


def _assert_each_in_one(batches: list[list[int]], lengths: list[int], most: int) -> None:
    assert sorted(position for batch in batches for position in batch) == list(range(len(lengths)))
    assert all(len(batch) <= most for batch in batches)


def test_texts_of_like_length_go_together() -> None:
    assert batches_by_length([5, 500, 6, 501], 4) == [[3, 1], [2, 0]]


@given(st.lists(st.integers(0, 600), max_size=12), st.integers(1, 4), st.integers(0, 200))
def test_no_other_way_to_cut_the_order_costs_less(lengths: list[int], most: int, pass_tokens: int) -> None:
    def cost(batches: list[list[int]]) -> int:
        return sum(len(batch) * max(lengths[position] for position in batch) + pass_tokens for batch in batches)

    def ways(order: list[int]) -> Iterator[list[list[int]]]:
        if not order:
            yield []
        for size in range(1, min(most, len(order)) + 1):
            for rest in ways(order[size:]):
                yield [order[:size], *rest]

    order = sorted(range(len(lengths)), key=lambda position: -lengths[position])
    least = min(cost(batches) for batches in ways(order))
    assert cost(batches_by_length(lengths, most, 100_000, pass_tokens)) == least


@given(st.text())
def test_approximate_tokens_are_in_order_and_inside_the_text(text: str) -> None:
    spans = approximate_offsets(text)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


def test_a_chinese_character_is_a_token_of_its_own() -> None:
    assert approximate_offsets("转专业") == [(0, 1), (1, 2), (2, 3)]
