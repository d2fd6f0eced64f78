"""The llama-index retriever for other programs, against a real server."""

from __future__ import annotations

import uuid

import httpx
import pytest
from llama_index.core import Settings as LlamaIndexSettings
from llama_index.core.llms import MockLLM
from llama_index.core.query_engine import RetrieverQueryEngine

from kb_client import KnowledgeBaseRetriever
from tests.integration.api.conftest import Rules, Running


@pytest.fixture
def key(reader: httpx.Client) -> str:
    made = reader.post("/api/v1/api-keys", json={"name": f"client {uuid.uuid4()}"})
    made.raise_for_status()
    return str(made.json()["key"])


def test_a_llama_index_program_finds_passages_with_an_api_key(server: Running, rules: Rules, key: str) -> None:
    retriever = KnowledgeBaseRetriever(server.url, key, [rules.base], similarity_top_k=2)
    nodes = retriever.retrieve("转专业对平均绩点有什么要求？")
    assert 1 <= len(nodes) <= 2
    best = nodes[0]
    assert "绩点" in best.node.get_content()
    assert best.node.metadata["document_id"] == rules.id
    assert best.node.metadata["version_id"] == rules.version_id
    assert best.score is not None
    assert best.score > 0
    assert rules.id not in best.node.get_content(metadata_mode="llm")  # type: ignore[arg-type]  # its own enum's value


async def test_it_can_be_awaited(server: Running, rules: Rules, key: str) -> None:
    retriever = KnowledgeBaseRetriever(server.url, key, [rules.base])
    assert (await retriever.aretrieve("转专业"))[0].node.metadata["document_id"] == rules.id


def test_it_serves_a_query_engine(server: Running, rules: Rules, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LlamaIndexSettings, "_llm", MockLLM(max_tokens=2000))
    engine = RetrieverQueryEngine.from_args(KnowledgeBaseRetriever(server.url, key, [rules.base]))
    answer = engine.query("转专业对平均绩点有什么要求？")
    assert str(answer)
    assert answer.source_nodes[0].node.metadata["document_id"] == rules.id


def test_filters_are_passed_on(server: Running, rules: Rules, key: str) -> None:
    retriever = KnowledgeBaseRetriever(server.url, key, [rules.base], filters={"formats": ["xlsx"]})
    assert retriever.retrieve("转专业") == []


def test_a_wrong_key_and_a_knowledge_base_that_is_not_there_are_errors(server: Running, rules: Rules, key: str) -> None:
    for used, base, status in ((key[:-1] + "?", rules.base, 401), (key, str(uuid.uuid4()), 404)):
        with pytest.raises(httpx.HTTPStatusError) as refused:
            KnowledgeBaseRetriever(server.url, used, [base]).retrieve("转专业")
        assert refused.value.response.status_code == status
