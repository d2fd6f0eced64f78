"""The thirty lines that anybody would write with llama-index and Qdrant, its defaults, and the same embedding model:
what the platform's retrieval must beat. `python -m benchmarks.llama_index_script MODEL QDRANT_URL CORPUS QUESTION`."""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Iterable
from pathlib import Path

from llama_index.core import Document, StorageContext, VectorStoreIndex
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.embeddings.huggingface import HuggingFaceEmbedding
from llama_index.vector_stores.qdrant import QdrantVectorStore
from qdrant_client import QdrantClient


def index_passages(passages: Iterable[tuple[str, str]], model: str, qdrant_url: str) -> BaseRetriever:
    """Index (id, text) and return a retriever of ten nodes; a node's `ref_doc_id` is its passage's id."""
    store = QdrantVectorStore(f"script-{uuid.uuid4()}", client=QdrantClient(url=qdrant_url))
    index = VectorStoreIndex.from_documents(
        [Document(text=text, doc_id=id_) for id_, text in passages],
        storage_context=StorageContext.from_defaults(vector_store=store),
        embed_model=HuggingFaceEmbedding(model),
    )
    return index.as_retriever(similarity_top_k=10)


if __name__ == "__main__":
    model, url, corpus, question = sys.argv[1:]
    rows = [json.loads(line) for line in Path(corpus).read_text().splitlines()]
    for hit in index_passages([(row["id"], row["text"]) for row in rows], model, url).retrieve(question):
        print(round(hit.score or 0, 3), hit.node.get_content()[:100].replace("\n", " "))
