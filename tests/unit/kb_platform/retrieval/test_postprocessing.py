from __future__ import annotations

from typing import Any

import pytest

from kb_platform.domain.chunk import Hit, Scores
from kb_platform.domain.errors import SettingsError
from kb_platform.retrieval.postprocessing import load_postprocessors, postprocess

HITS = [
    Hit(str(n), "kb", "d", "v", "n", "t", n, 0, 1, f"text {n}", scores=Scores(fused=fused))
    for n, fused in enumerate((0.9, 0.8, 0.5, 0.2))
]
PATH = "llama_index.core.postprocessor"


def test_postprocessors_named_by_setting_run_in_order() -> None:
    postprocessors = load_postprocessors(
        {f"{PATH}.SimilarityPostprocessor": {"similarity_cutoff": 0.4}, f"{PATH}.LongContextReorder": {}}
    )
    left = postprocess(postprocessors, "question", HITS)
    assert {hit.chunk_id for hit in left} == {"0", "1", "2"}
    assert [hit.chunk_id for hit in left] != ["0", "1", "2"]
    assert all(hit.scores.reranked is None for hit in left)


@pytest.mark.parametrize(
    "setting",
    [
        {f"{PATH}.NoSuchThing": {}},
        {"no_such_module.Thing": {}},
        {"pathlib.Path": {}},
        {f"{PATH}.SimilarityPostprocessor": {"similarity_cutoff": "much"}},
        {"": {}},
    ],
)
def test_what_cannot_be_a_postprocessor_is_said_at_start(setting: dict[str, dict[str, Any]]) -> None:
    with pytest.raises(SettingsError):
        load_postprocessors(setting)
