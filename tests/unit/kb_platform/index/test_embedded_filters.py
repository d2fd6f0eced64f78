"""A filter that is not understood is refused: overlooked, it would let points through."""

from __future__ import annotations

from typing import Any

import pytest

from kb_platform.index.embedded.errors import BadRequest
from kb_platform.index.embedded.filters import read_filter


@pytest.mark.parametrize(
    "body",
    [
        {"mus": [{"key": "kb", "match": {"value": "a"}}]},
        {"must": [{"key": "kb"}]},
        {"must": [{"key": "kb", "match": {"like": "a"}}]},
        {"must": [{"key": "kb", "geo_radius": {"center": {"lon": 0, "lat": 0}, "radius": 1}}]},
        {"must": [{"slice": 3}]},
        {"should": [{"must": [{"unheard_of": 1}]}]},
    ],
)
def test_what_is_not_understood_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        read_filter(body)


def test_no_filter_is_none() -> None:
    assert read_filter(None) is None
