"""Processes of the embedded engine that a test may stop, kill and start again."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from kb_platform.index import IndexedChunk, VectorIndex, point_id
from kb_platform.settings import IndexSettings

REPOSITORY = Path(__file__).resolve().parents[3]
DIMENSION = 8
MODEL = "test-model"


class EngineProcess:
    """The engine's process over one folder."""

    def __init__(self, folder: Path, environment: dict[str, str] | None = None) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "kb_platform.index.embedded", "--folder", str(folder), "--port", str(port)],
            cwd=REPOSITORY,
            env=os.environ | (environment or {}),
        )

    def wait_until_ready(self) -> EngineProcess:
        for _ in range(600):
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/readyz").is_success:
                    return self
            assert self.process.poll() is None, "the engine's process ended"
            time.sleep(0.05)
        raise AssertionError("the engine did not get ready")

    def index(self) -> VectorIndex:
        index = VectorIndex(IndexSettings(url=self.url), MODEL, DIMENSION)
        index.ensure_collection()
        return index

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=30)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(timeout=30)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def engine(folder: Path) -> Iterator[EngineProcess]:
    process = EngineProcess(folder).wait_until_ready()
    yield process
    process.kill()


def chunks(count: int, version_id: str | None = None, seed: int = 0) -> list[IndexedChunk]:
    """Return chunks of one version with random vectors."""
    version_id = version_id or str(uuid.uuid4())
    vectors = np.random.default_rng(seed).standard_normal((count, DIMENSION)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return [
        IndexedChunk(
            id=point_id(version_id, number, MODEL),
            vector=vectors[number],
            text=f"passage number {number}",
            knowledge_base_id="kb",
            document_id="document",
            version_id=version_id,
            ordinal=number,
        )
        for number in range(count)
    ]
