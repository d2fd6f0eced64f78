"""Whatever step of a job fails, before or after it did its work: the outcome is that of a clean run."""

from __future__ import annotations

import pytest

from benchmarks.step_faults import OPERATIONS, try_faults
from kb_platform.embedding import EmbeddingModel


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_step_that_fails_is_done_again_and_the_outcome_is_that_of_a_clean_run(
    operation: str, index_url: str, embedding: EmbeddingModel
) -> None:
    tried = list(try_faults(operation, index_url, embedding))
    assert len(tried) >= 4
    assert [one for one in tried if one.problem] == []
