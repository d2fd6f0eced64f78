"""llama-index's own Qdrant store works on the embedded engine's address."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import pytest
from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores import (
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
)
from llama_index.core.vector_stores.types import VectorStoreQueryMode
from llama_index.vector_stores.qdrant import QdrantVectorStore
from qdrant_client import QdrantClient

from kb_platform.index.sparse import passage_vector

RULES = {
    "transfer": ("转专业须修满一学年", [1.0, 0.0, 0.0]),
    "library": ("The library opens at eight", [0.0, 1.0, 0.0]),
    "course": ("CS-101 is worth four credits", [0.0, 0.0, 1.0]),
}


def sparse(texts: Sequence[str]) -> tuple[list[list[int]], list[list[float]]]:
    vectors = [passage_vector(text) for text in texts]
    return [list(vector.indices) for vector in vectors], [list(vector.values) for vector in vectors]


@pytest.fixture
def store(index_url: str) -> QdrantVectorStore:
    return QdrantVectorStore(
        f"llama-{uuid.uuid4()}",
        client=QdrantClient(url=index_url),
        enable_hybrid=True,
        sparse_doc_fn=sparse,
        sparse_query_fn=sparse,
    )


@pytest.fixture
def filled(store: QdrantVectorStore) -> QdrantVectorStore:
    source = RelatedNodeInfo(node_id=str(uuid.uuid4()))
    store.add(
        [
            TextNode(
                id_=str(uuid.uuid4()),
                text=text,
                embedding=vector,
                metadata={"topic": topic},
                relationships={NodeRelationship.SOURCE: source},
            )
            for topic, (text, vector) in RULES.items()
        ]
    )
    return store


def topics(store: QdrantVectorStore, query: VectorStoreQuery) -> list[str]:
    return [node.metadata["topic"] for node in store.query(query).nodes or []]


def test_nodes_come_back_with_their_text_nearest_first(filled: QdrantVectorStore) -> None:
    result = filled.query(VectorStoreQuery(query_embedding=[0.9, 0.1, 0.0], similarity_top_k=2))
    assert [node.get_content() for node in result.nodes or []] == [RULES["transfer"][0], RULES["library"][0]]


def test_hybrid_queries_find_a_code_that_the_vector_misses(filled: QdrantVectorStore) -> None:
    query = VectorStoreQuery(
        query_embedding=[0.9, 0.1, 0.0],
        query_str="CS-101",
        mode=VectorStoreQueryMode.HYBRID,
        similarity_top_k=1,
        sparse_top_k=1,
        hybrid_top_k=2,
    )
    assert set(topics(filled, query)) == {"transfer", "course"}


def test_metadata_filters_are_obeyed(filled: QdrantVectorStore) -> None:
    filters = MetadataFilters(
        filters=[MetadataFilter(key="topic", value=["library", "course"], operator=FilterOperator.IN)]
    )
    query = VectorStoreQuery(query_embedding=[1.0, 0.0, 0.0], similarity_top_k=5, filters=filters)
    assert set(topics(filled, query)) == {"library", "course"}


def test_a_document_is_deleted_with_all_its_nodes(filled: QdrantVectorStore) -> None:
    node = filled.get_nodes()[0]
    assert node.ref_doc_id
    filled.delete(node.ref_doc_id)
    assert filled.get_nodes() == []
