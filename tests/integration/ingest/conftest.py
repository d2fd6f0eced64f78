"""A knowledge base of each test's own, whose jobs are done in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.workplace import Workplace
from kb_platform.embedding import EmbeddingModel


@pytest.fixture
def workplace(tmp_path: Path, index_url: str, embedding: EmbeddingModel) -> Iterator[Workplace]:
    made = Workplace(tmp_path, index_url, embedding)
    yield made
    made.close()
