"""A llama-index retriever that asks a running platform over its REST API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import httpx
from llama_index.core.callbacks import CallbackManager
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

TIMEOUT_SECONDS = 60.0


class KnowledgeBaseRetriever(BaseRetriever):
    """Finds passages in knowledge bases of the platform at `url`, as the owner of the API key may read them.

    `filters` narrows the documents (`document_ids`, `folder`, `tags`, `formats`, `added_from`, `added_until`, as in
    POST /searches). A node's id is the passage's; its metadata says where the passage stands and what each stage of
    the search thought of it. Raises httpx.HTTPStatusError where the platform refuses (401: the key, 404: a knowledge
    base that the key's owner may not read), httpx.TransportError where it does not answer.
    """

    def __init__(
        self,
        url: str,
        api_key: str,
        knowledge_base_ids: Sequence[str],
        similarity_top_k: int = 8,
        filters: Mapping[str, Any] | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        callback_manager: CallbackManager | None = None,
    ) -> None:
        super().__init__(callback_manager=callback_manager)
        self._connection: dict[str, Any] = {
            "base_url": url.rstrip("/"),
            "headers": {"Authorization": f"Bearer {api_key}"},
            "timeout": timeout_seconds,
        }
        self._wanted: dict[str, Any] = {"knowledge_base_ids": list(knowledge_base_ids), "limit": similarity_top_k}
        if filters:
            self._wanted["filters"] = dict(filters)

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        with httpx.Client(**self._connection) as client:
            return _nodes(client.post("/api/v1/searches", json=self._request(query_bundle)))

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        async with httpx.AsyncClient(**self._connection) as client:
            return _nodes(await client.post("/api/v1/searches", json=self._request(query_bundle)))

    def _request(self, query_bundle: QueryBundle) -> dict[str, Any]:
        return self._wanted | {"query": query_bundle.query_str}


def _nodes(response: httpx.Response) -> list[NodeWithScore]:
    response.raise_for_status()
    return [_node(hit) for hit in response.json()["hits"]]


def _node(hit: Mapping[str, Any]) -> NodeWithScore:
    scores = hit["scores"]
    metadata = {
        "document": hit["document_name"],
        "title": hit["document_title"],
        "headings": " › ".join(hit["heading_path"]),
        "document_id": hit["document_id"],
        "version_id": hit["version_id"],
        "knowledge_base_id": hit["knowledge_base_id"],
        "start": hit["start"],
        "end": hit["end"],
        "scores": scores,
    }
    # A model should read title and headings; ids, places and scores are for programs.
    shown = {"document", "title", "headings"}
    node = TextNode(
        id_=hit["chunk_id"],
        text=hit["text"],
        metadata=metadata,
        excluded_llm_metadata_keys=[key for key in metadata if key not in shown],
        excluded_embed_metadata_keys=[key for key in metadata if key not in shown],
    )
    return NodeWithScore(node=node, score=scores["fused"] if scores["reranked"] is None else scores["reranked"])
