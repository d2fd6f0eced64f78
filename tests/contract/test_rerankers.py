"""What both rerankers promise: a cross-encoder in this process, and a server that speaks /rerank."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from pydantic import SecretStr
from sentence_transformers import CrossEncoder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

from kb_platform.domain.errors import SettingsError, Unavailable
from kb_platform.retrieval.reranking import Reranker, load_reranker
from kb_platform.settings import RerankingSettings

PASSAGES = ["the library opens at eight", "fees are due in may", "a student may borrow books"]


class Server:
    """Rates a passage by the words it shares with the query, and answers best first as such servers do."""

    def __init__(self) -> None:
        self.body: dict[str, Any] = {}
        self.authorization = ""
        self.answer: Response | None = None

    async def rerank(self, request: Request) -> Response:
        self.body, self.authorization = await request.json(), request.headers.get("authorization", "")
        if self.answer is not None:
            return self.answer
        asked = set(self.body["query"].split())
        rated = [
            {"index": place, "relevance_score": len(asked & set(text.split())) / 10, "document": {"text": text}}
            for place, text in enumerate(self.body["documents"])
        ]
        return JSONResponse({"results": sorted(rated, key=lambda one: -float(str(one["relevance_score"])))})


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Server, str]]:
    server = Server()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = Starlette(routes=[Route("/v1/rerank", server.rerank, methods=["POST"])])
    uvicorn_server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=uvicorn_server.run, daemon=True)
    thread.start()
    while not uvicorn_server.started:
        time.sleep(0.01)
    yield server, f"http://127.0.0.1:{port}/v1"
    uvicorn_server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cross-encoder of random weights."""
    folder = tmp_path_factory.mktemp("cross-encoder")
    words = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *sorted({word for text in PASSAGES for word in text.split()}),
    ]
    (folder / "vocab.txt").write_text("\n".join(words))
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=64,
        num_labels=1,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


@pytest.fixture(params=["in this process", "endpoint"])
def reranker(request: pytest.FixtureRequest, checkpoint: Path, running: tuple[Server, str]) -> Reranker:
    settings = (
        RerankingSettings(model=str(checkpoint), max_tokens=64, batch_size=2)
        if request.param == "in this process"
        else RerankingSettings(model="m", base_url=running[1])
    )
    found = load_reranker(settings)
    assert found is not None
    return found


def test_each_passage_keeps_its_score_whatever_order_it_comes_in(reranker: Reranker) -> None:
    scores = reranker.scores("when does the library open", PASSAGES)
    assert len(scores) == len(PASSAGES)
    assert len(set(scores)) > 1
    backwards = reranker.scores("when does the library open", PASSAGES[::-1])
    assert backwards == pytest.approx(scores[::-1], abs=1e-5)


def test_nothing_is_loaded_where_nothing_is_configured() -> None:
    assert load_reranker(RerankingSettings()) is None


def test_a_model_that_is_not_there_is_said_at_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be loaded"):
        load_reranker(RerankingSettings(model=str(tmp_path / "nothing")))


def test_the_local_scores_are_those_of_sentence_transformers(checkpoint: Path) -> None:
    reranker = load_reranker(RerankingSettings(model=str(checkpoint), max_tokens=64))
    assert reranker is not None
    expected = CrossEncoder(str(checkpoint)).predict([("library", passage) for passage in PASSAGES])
    assert reranker.scores("library", PASSAGES) == pytest.approx(list(map(float, expected)), abs=1e-5)


def test_the_endpoint_is_sent_model_key_query_and_passages(running: tuple[Server, str]) -> None:
    server, url = running
    reranker = load_reranker(RerankingSettings(model="bge-reranker", base_url=url, api_key=SecretStr("secret")))
    assert reranker is not None
    reranker.scores("library", PASSAGES)
    assert server.body == {"model": "bge-reranker", "query": "library", "documents": PASSAGES}
    assert server.authorization == "Bearer secret"


@pytest.mark.parametrize(
    "answer",
    [
        JSONResponse({"error": "busy"}, 503),
        JSONResponse({"results": [{"index": 0, "relevance_score": 1}]}),
        JSONResponse({"scores": [1, 2, 3]}),
        Response("<html>", media_type="text/html"),
    ],
    ids=["refused", "a passage left out", "another form", "no JSON"],
)
def test_an_answer_that_is_none_is_unavailability(running: tuple[Server, str], answer: Response) -> None:
    server, url = running
    reranker = load_reranker(RerankingSettings(model="m", base_url=url))
    assert reranker is not None
    server.answer = answer
    try:
        with pytest.raises(Unavailable):
            reranker.scores("library", PASSAGES)
    finally:
        server.answer = None


def test_a_server_that_is_not_there_is_unavailability() -> None:
    reranker = load_reranker(RerankingSettings(model="m", base_url="http://127.0.0.1:9/v1"))
    assert reranker is not None
    with pytest.raises(Unavailable):
        reranker.scores("library", PASSAGES)
