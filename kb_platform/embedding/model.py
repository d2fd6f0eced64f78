"""The embedding model as the platform uses it: passages and queries in, unit vectors out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from llama_index.core.base.embeddings.base import BaseEmbedding
from numpy.typing import NDArray

from kb_platform.embedding.tokens import TokenOffsets

BATCH_TOKENS = 4096
"""Tokens, padding included, of one forward pass: more is not faster on a processor, and memory stays flat."""
PASS_TOKENS = 64
"""What a forward pass costs before its first token, in tokens: measured on a processor core, multilingual-e5-small."""


class EmbeddingModel:
    """A llama-index embedding with its tokenizer. Threads may share it.

    `name` belongs to the collection's name. `max_tokens` is the longest text, in tokens as `count_tokens` counts
    them, that is embedded whole (room for prefix and special tokens already taken off). `pass_tokens` is what a
    forward pass or a request costs before its first token, in tokens; None where passes are packed (`packing`), so
    that texts of any lengths belong together.
    """

    def __init__(
        self,
        name: str,
        dimension: int,
        max_tokens: int,
        embedding: BaseEmbedding,
        token_offsets: TokenOffsets,
        batch_size: int,
        pass_tokens: int | None = PASS_TOKENS,
    ) -> None:
        self.name = name
        self.dimension = dimension
        self.max_tokens = max_tokens
        self._embedding = embedding
        self._token_offsets = token_offsets
        self._batch_size = batch_size
        self._pass_tokens = pass_tokens
        # A Hugging Face tokenizer fails with "Already borrowed" when two threads pad or truncate in two ways at once.
        self._lock = threading.Lock()

    def embed_passages(self, texts: Sequence[str], lanes: int = 1) -> NDArray[np.float32]:
        """Return the (n, dimension) unit vectors of the texts, in their order.

        Where passes are packed, `lanes` of them run at once, each with its share of torch's threads: threads that
        share every product wait for each other a tenth of the time and more. Memory is needed for as many passes.
        """
        vectors = np.empty((len(texts), self.dimension), np.float32)
        lengths = [self.count_tokens(text) for text in texts]

        def embed(batch: list[int]) -> None:
            vectors[batch] = self._embedding.get_text_embedding_batch([texts[i] for i in batch])

        if lanes > 1 and self._pass_tokens is None:
            with self._lock:
                _at_once(embed, equal_batches(lengths, self._batch_size, lanes), lanes)
        else:
            for batch in self._batches(lengths):
                with self._lock:  # for each, so that a question need not wait for all of them
                    embed(batch)
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

    def _batches(self, lengths: Sequence[int]) -> list[list[int]]:
        if self._pass_tokens is None:
            return packed_batches(lengths, self._batch_size)
        return batches_by_length(lengths, self._batch_size, pass_tokens=self._pass_tokens)


def batches_by_length(
    lengths: Sequence[int], batch_size: int, batch_tokens: int = BATCH_TOKENS, pass_tokens: int = PASS_TOKENS
) -> list[list[int]]:
    """Return the positions of the texts in batches of like length, longest first: at most `batch_size` texts and,
    padded to the batch's longest, `batch_tokens` tokens (or one text). Of all such ways it is the one that costs
    least, where a batch costs its padded tokens and `pass_tokens` for the forward pass itself."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True)
    costs = [0.0]  # of the first n texts of the order
    begins = [0]  # where the last batch of the first n texts begins
    for end in range(1, len(order) + 1):
        best = (float("inf"), 0)
        for begin in range(end - 1, max(-1, end - 1 - batch_size), -1):
            padded = (end - begin) * lengths[order[begin]]
            if end - begin > 1 and padded > batch_tokens:
                break
            best = min(best, (costs[begin] + padded + pass_tokens, begin))
        costs.append(best[0])
        begins.append(best[1])
    batches = []
    end = len(order)
    while end:
        batches.append(order[begins[end] : end])
        end = begins[end]
    return batches[::-1]


def packed_batches(lengths: Sequence[int], batch_size: int, batch_tokens: int = BATCH_TOKENS) -> list[list[int]]:
    """Return the positions of the texts, longest first, in batches of at most `batch_size` texts and `batch_tokens`
    tokens (or one text) that are padded to nothing."""
    batches: list[list[int]] = []
    tokens = 0
    for position in sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True):
        if not batches or len(batches[-1]) == batch_size or tokens + lengths[position] > batch_tokens:
            batches.append([])
            tokens = 0
        batches[-1].append(position)
        tokens += lengths[position]
    return batches


def equal_batches(
    lengths: Sequence[int], batch_size: int, lanes: int, batch_tokens: int = BATCH_TOKENS
) -> list[list[int]]:
    """Return the positions of the texts in batches of about as many tokens each, so that `lanes` of them at a time end
    together: a multiple of `lanes` batches (fewer where there are fewer texts) of at most `batch_size` texts, and of
    `batch_tokens` tokens on average."""
    rounds = max(-(-sum(lengths) // (lanes * batch_tokens)), -(-len(lengths) // (lanes * batch_size)), 1)
    count = rounds * lanes
    order = sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True)
    return [batch for number in range(count) if (batch := order[number::count])]


def _at_once(embed: Callable[[list[int]], None], batches: list[list[int]], lanes: int) -> None:
    threads = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(lanes, "embedding", torch.set_num_threads, (max(1, threads // lanes),)) as pool:
            list(pool.map(embed, batches))
    finally:
        torch.set_num_threads(threads)  # a part of it, MKL's, is the whole process's and not the thread's


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: NDArray[np.float32] = (vectors / np.maximum(norms, 1e-12)).astype(np.float32)
    return unit
