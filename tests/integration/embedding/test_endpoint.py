"""Passages are embedded by an OpenAI-compatible endpoint where a setting names one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest

from kb_platform.domain.errors import SettingsError
from kb_platform.embedding import EmbeddingModel, load_embedding
from kb_platform.settings import EmbeddingSettings
from tests.json_server import send_json


@pytest.fixture
def endpoint(embedding: EmbeddingModel) -> Iterator[str]:
    """A local server that speaks the embeddings protocol with the built-in model behind it."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            texts = [asked["input"]] if isinstance(asked["input"], str) else asked["input"]
            rows = [
                {"object": "embedding", "index": place, "embedding": vector.tolist()}
                for place, vector in enumerate(embedding.embed_passages(texts))
            ]
            usage = {"prompt_tokens": 1, "total_tokens": 1}
            send_json(self, {"object": "list", "data": rows, "model": asked["model"], "usage": usage})

        def log_message(self, *_arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()


def test_an_endpoint_embeds_by_setting_alone(endpoint: str, embedding: EmbeddingModel, tmp_path: Path) -> None:
    settings = EmbeddingSettings(base_url=endpoint, model="BAAI/bge-m3")
    remote = load_embedding(settings, tmp_path)
    texts = ["学生可借三十册图书。", "Visitors park behind the gymnasium."] * 20
    assert (remote.name, remote.dimension) == ("bge-m3", embedding.dimension)
    cosines = np.sum(remote.embed_passages(texts) * embedding.embed_passages(texts), axis=1)
    assert cosines.min() > 0.999


def test_an_endpoint_that_does_not_answer_is_named(tmp_path: Path) -> None:
    settings = EmbeddingSettings(base_url="http://127.0.0.1:9/v1", model="bge-m3")
    with pytest.raises(SettingsError, match=r"http://127\.0\.0\.1:9/v1"):
        load_embedding(settings, tmp_path)
