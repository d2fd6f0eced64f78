"""Things that several floors of tests share: a running platform, a browser, the evaluation data."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

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
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("index")
    process = subprocess.Popen(
        [sys.executable, "-m", "kb_platform.index.embedded", "--folder", str(folder), "--port", str(port)],
        cwd=REPOSITORY,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{url}/readyz").is_success:
                    break
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="session")
def embedding(tmp_path_factory: pytest.TempPathFactory) -> EmbeddingModel:
    """The embedding model that comes with the install, converted once for the session."""
    return load_embedding(EmbeddingSettings(), tmp_path_factory.mktemp("models"))
