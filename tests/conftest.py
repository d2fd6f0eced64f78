"""Things that several floors of tests share: a running platform, a browser, the evaluation data."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.index_process import running_index
from benchmarks.platform import Platform, running_platform
from kb_platform.embedding import EmbeddingModel, load_embedding
from kb_platform.settings import EmbeddingSettings

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A whole platform on free ports with an empty data folder, for all tests of the session."""
    with running_platform(tmp_path_factory.mktemp("platform")) as running:
        yield running


@pytest.fixture(scope="session")
def evaluation_documents() -> Path:
    """The folder of real documents beside the checkout; the test is skipped where it is absent."""
    folder = REPOSITORY.parent / "shared" / "eval" / "documents"
    if not folder.is_dir():
        pytest.skip("the evaluation documents (../shared/eval/documents) are not beside this checkout")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium that the distribution installed; the test is skipped where there is none."""
    path = os.environ.get("KB_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not path:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    return path


@pytest.fixture(scope="session")
def index_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a real embedded index process, for all tests of the session; give each its own collection prefix."""
    with running_index(tmp_path_factory.mktemp("index")) as url:
        yield url


@pytest.fixture(scope="session")
def embedding(tmp_path_factory: pytest.TempPathFactory) -> EmbeddingModel:
    """The embedding model that comes with the install, converted once for the session."""
    return load_embedding(EmbeddingSettings(), tmp_path_factory.mktemp("models"))
