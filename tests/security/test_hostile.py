"""Scripts, file names and senseless requests do nothing: a share of `kb bench hostile`, and that it would see if they
did."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from benchmarks.api_cases import server_errors
from benchmarks.hostile_names import CANARY, files_outside, hostile_names
from benchmarks.hostile_world import World, hostile_world
from benchmarks.xss import seen_by_a_browser, would_be_seen
from benchmarks.xss_payloads import PAYLOADS, xss_payloads
from tests.integration.api.conftest import REPOSITORY


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with hostile_world(tmp_path_factory.mktemp("hostile")) as made:
        yield made


def test_no_hostile_name_leaves_a_file_outside_the_store(attacked: World) -> None:
    assert files_outside(attacked, hostile_names(100)) == []


def test_a_file_outside_would_be_seen(attacked: World) -> None:
    stray = attacked.outside / "some" / f"{CANARY}.txt"
    stray.write_text("x")
    try:
        assert files_outside(attacked, hostile_names(1)) == [stray]
    finally:
        stray.unlink()


def test_there_are_enough_payloads_and_no_two_are_the_same() -> None:
    assert len(set(xss_payloads())) == PAYLOADS


def test_no_script_runs_and_nothing_leaves(attacked: World, chromium: str) -> None:
    if not (REPOSITORY / "web" / "ui" / "dist" / "index.html").is_file():
        pytest.skip("the browser app is not built (cd web/ui && npm run build)")
    seen = seen_by_a_browser(attacked, xss_payloads(8), chromium)
    assert (seen.ran, seen.off_origin) == ([], [])


def test_a_page_without_guard_would_be_seen_to_run_them(chromium: str) -> None:
    tags = [payload for payload in xss_payloads(60) if payload.startswith("<")]
    found, tried = would_be_seen(random.Random(3).sample(tags, 4), chromium)
    assert found >= tried - 1


def test_no_senseless_request_makes_a_server_error(attacked: World) -> None:
    tally = server_errors(attacked, 200)
    assert tally.errors == []
    assert tally.sent >= 180
    assert tally.statuses[422] > 0
    assert tally.statuses[200] > 0
