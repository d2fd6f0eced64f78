"""How wide a search walks the graphs."""

from __future__ import annotations

from kb_platform.domain.access import AccessScope
from kb_platform.index.requests import NARROWEST_WALK, WIDEST_WALK, how_to_search, walk_breadth

EVERYTHING = AccessScope("user", frozenset({"kb"}))


def test_a_larger_collection_is_walked_wider_within_bounds() -> None:
    assert walk_breadth(0) == walk_breadth(100_000) == NARROWEST_WALK
    assert NARROWEST_WALK < walk_breadth(500_000) < walk_breadth(1_000_000) < WIDEST_WALK
    assert walk_breadth(10_000_000) == WIDEST_WALK


def test_few_documents_are_scanned_and_many_are_walked() -> None:
    few = AccessScope("user", frozenset({"kb"}), frozenset({"one"}))
    many = AccessScope("user", frozenset({"kb"}), frozenset(map(str, range(1000))))
    assert how_to_search(EVERYTHING, 200) == {"hnsw_ef": 200}
    assert how_to_search(few, 200) == {"exact": True}
    assert how_to_search(many, 200) == {"hnsw_ef": 200, "acorn": {"enable": True}}
