"""No address inside the house can be reached by what a stranger names."""

from __future__ import annotations

import pytest

from benchmarks.ssrf import inside_addresses, measure_ssrf
from inference.websearch import fetching


def test_nothing_inside_is_reached() -> None:
    (figure,) = measure_ssrf(quick=True)
    assert (figure.figure, figure.value) == ("ssrf_reached", 0)
    assert figure.n > 3000
    assert len(set(inside_addresses())) > 450


def test_the_measure_would_see_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "is_public", lambda address: True)
    (figure,) = measure_ssrf(quick=True)
    assert figure.value > 1000
