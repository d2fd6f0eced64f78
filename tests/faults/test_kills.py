"""kill -9 of whatever works, in a running platform; `./kb bench faults` does the same a hundred and fifty times."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.kill_faults import kill_while_reading, make_file, pick
from benchmarks.platform import Platform, make_knowledge_base, services_of, upload, wait_until_read
from ingest.services import IngestServices


@pytest.fixture(scope="module")
def services(platform: Platform) -> Iterator[IngestServices]:
    with services_of(platform) as made:
        yield made


@pytest.mark.timeout(400)
@pytest.mark.parametrize("victim", ["pool child", "worker", "queue", "index"])
def test_what_is_killed_comes_back_and_nothing_is_lost_or_doubled(
    victim: str, platform: Platform, services: IngestServices, tmp_path: Path
) -> None:
    find = pick(victim, platform)
    outcome = kill_while_reading(platform, services, victim, find, 2, tmp_path, seed=4, files_in_work=10)
    assert (outcome.lost, outcome.doubled, outcome.missing) == (0, 0, 0)
    assert outcome.files >= 10


@pytest.mark.timeout(400)
def test_a_small_file_does_not_wait_for_huge_ones(platform: Platform, tmp_path: Path) -> None:
    base = make_knowledge_base(platform.client, "huge and small")
    for number in range(3):  # more than there are places in the worker
        huge = tmp_path / f"huge-{number}.md"
        padding = "<!-- " + "x" * 1_100_000 + " -->"  # by its bytes it is no small file; most of them are no text
        huge.write_text("\n\n".join(make_file(part, seed=100 + number) for part in range(60)) + padding)
        upload(platform.client, base, [huge])
    _wait_for_embedding(platform, base)
    small = tmp_path / "small.md"
    small.write_text("# Library\n\nThe library opens at eight.")
    upload(platform.client, base, [small])
    while (states := _states(platform, base))["small.md"] != "ready":
        assert states["small.md"] != "failed"
        time.sleep(0.2)
    assert [state for name, state in states.items() if name != "small.md" and state != "ready"]
    documents = wait_until_read(platform.client, base)
    assert {document["state"] for document in documents} == {"ready"}


def _wait_for_embedding(platform: Platform, base: str) -> None:
    """Wait until every place of the worker is taken by a huge file."""
    while sum(state == "embedding" for state in _states(platform, base).values()) < 2:
        time.sleep(0.1)


def _states(platform: Platform, base: str) -> dict[str, str]:
    documents = platform.client.get(f"/api/v1/knowledge-bases/{base}/documents").json()["documents"]
    return {document["name"]: document["state"] for document in documents}
