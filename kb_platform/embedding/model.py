"""The embedding model as the platform uses it: passages and queries in, unit vectors out."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
from llama_index.core.base.embeddings.base import BaseEmbedding
from numpy.typing import NDArray

from kb_platform.embedding.tokens import TokenOffsets

BATCH_TOKENS = 4096
"""Tokens, padding included, of one forward pass: more is not faster on a processor, and memory stays flat."""


class EmbeddingModel:
    """A llama-index embedding with its tokenizer. Threads may share it.

    `name` belongs to the collection's name. `max_tokens` is the longest text, in tokens as `count_tokens` counts
    them, that is embedded whole (room for prefix and special tokens already taken off).
    """

    def __init__(
        self,
        name: str,
        dimension: int,
        max_tokens: int,
        embedding: BaseEmbedding,
        token_offsets: TokenOffsets,
        batch_size: int,
    ) -> None:
        self.name = name
        self.dimension = dimension
        self.max_tokens = max_tokens
        self._embedding = embedding
        self._token_offsets = token_offsets
        self._batch_size = batch_size
        # A Hugging Face tokenizer fails with "Already borrowed" when two threads pad or truncate at once.
        self._lock = threading.Lock()

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the (n, dimension) unit vectors of the texts, in their order."""
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for batch in batches_by_length([self.count_tokens(text) for text in texts], self._batch_size):
            with self._lock:
                made = self._embedding.get_text_embedding_batch([texts[i] for i in batch])
            vectors[batch] = made
        return _unit(vectors)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Return the (dimension,) unit vector of a question."""
        with self._lock:
            vector = self._embedding.get_query_embedding(text)
        return _unit(np.asarray(vector, np.float32))

    def count_tokens(self, text: str) -> int:
        return len(self._token_offsets(text))

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        """Return the span [start, end) of each token, in characters of the text."""
        return self._token_offsets(text)


def batches_by_length(lengths: Sequence[int], batch_size: int, batch_tokens: int = BATCH_TOKENS) -> list[list[int]]:
    """Return the positions of the texts in batches of like length, longest first: at most `batch_size` texts and,
    padded to the batch's longest, `batch_tokens` tokens (or one text)."""
    batches: list[list[int]] = []
    longest = 0
    for position in sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True):
        fits = batches and len(batches[-1]) < batch_size and (len(batches[-1]) + 1) * longest <= batch_tokens
        if fits:
            batches[-1].append(position)
        else:
            batches.append([position])
            longest = lengths[position]
    return batches


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: NDArray[np.float32] = (vectors / np.maximum(norms, 1e-12)).astype(np.float32)
    return unit
