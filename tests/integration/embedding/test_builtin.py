"""The model that comes with the install."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from kb_platform.domain.errors import SettingsError
from kb_platform.embedding import EmbeddingModel, load_embedding
from kb_platform.settings import EmbeddingSettings

ROOT = Path(__file__).resolve().parents[3]
PASSAGES = [
    "学生转专业须修满一学年，平均学分绩点不低于3.0。",
    "The library opens at eight on weekdays.",
    "食堂三楼供应清真餐。",
]


def test_vectors_have_unit_length(embedding: EmbeddingModel) -> None:
    vectors = embedding.embed_passages(PASSAGES)
    assert vectors.shape == (3, embedding.dimension)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1], abs=1e-5)


GROWTH_SCRIPT = """
import os, sys
from pathlib import Path
from kb_platform.embedding import load_embedding
from kb_platform.settings import EmbeddingSettings

def mebibytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

embedding = load_embedding(EmbeddingSettings(), Path(sys.argv[1]))
for length in range(10, 120):
    embedding.embed_passages(["book " * length])
    if length == 60:
        before = mebibytes()
print(mebibytes() - before)
"""


PADDED = "from kb_platform.embedding import loading; loading.pack_passes = lambda model: False\n"
"""Before the script: as architectures are embedded of which it is not known that they pack."""


def _growth(tmp_path_factory: pytest.TempPathFactory, script: str, **environment: str) -> float:
    folder = tmp_path_factory.getbasetemp() / "models0"  # where the fixture has converted the model already
    command = [sys.executable, "-c", script, str(folder)]
    run = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=ROOT, env={**os.environ, **environment}
    )
    return float(run.stdout)


@pytest.mark.usefixtures("embedding")
def test_memory_does_not_grow_with_each_new_length_of_text(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert _growth(tmp_path_factory, GROWTH_SCRIPT) < 20


@pytest.mark.usefixtures("embedding")
def test_few_kernels_are_kept_for_padded_passes(tmp_path_factory: pytest.TempPathFactory) -> None:
    kept_many = _growth(tmp_path_factory, PADDED + GROWTH_SCRIPT, ONEDNN_PRIMITIVE_CACHE_CAPACITY="1024")
    # How much a kernel takes is the processor's affair.
    assert _growth(tmp_path_factory, PADDED + GROWTH_SCRIPT) < 0.6 * kept_many


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("换专业有什么要求？", 0),
        ("When can I enter the library?", 1),
        ("Where is halal food served?", 2),
    ],
)
def test_a_question_is_nearest_to_its_answer_in_either_language(
    embedding: EmbeddingModel, question: str, answer: int
) -> None:
    assert int(np.argmax(embedding.embed_passages(PASSAGES) @ embedding.embed_query(question))) == answer


def test_a_passage_has_the_same_vector_alone_and_among_others(embedding: EmbeddingModel) -> None:
    together = embedding.embed_passages([*PASSAGES, "长" * 400])
    alone = embedding.embed_passages(PASSAGES[1:2])
    assert float(together[1] @ alone[0]) > 0.999


def test_spans_of_tokens_cover_the_text(embedding: EmbeddingModel) -> None:
    text = "第十二条　转专业 needs GPA≥3.0～"
    spans = embedding.token_offsets(text)
    assert embedding.count_tokens(text) == len(spans)
    covered = {position for start, end in spans for position in range(start, end)}
    assert {position for position, character in enumerate(text) if not character.isspace()} <= covered


def test_a_text_of_the_longest_length_is_embedded_whole(embedding: EmbeddingModel) -> None:
    words = ["wort"] * embedding.max_tokens
    while embedding.count_tokens(" ".join(words)) > embedding.max_tokens:
        words.pop()
    end_matters = [*words[:-1], "火"]
    first, second = embedding.embed_passages([" ".join(words), " ".join(end_matters)])
    assert not np.allclose(first, second, atol=1e-4)


def test_threads_may_share_it(embedding: EmbeddingModel) -> None:
    with ThreadPoolExecutor(4) as pool:
        vectors = list(pool.map(embedding.embed_query, ["转专业", "a much longer question " * 20] * 4))
    assert float(vectors[0] @ vectors[6]) > 0.999


def test_a_model_that_is_not_there_is_a_settings_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be loaded"):
        load_embedding(EmbeddingSettings(model=str(tmp_path / "none")), tmp_path)
