"""How near a sentence lies to others: cosines of multilingual-e5-small are crowded, and elsewhere across languages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kb_platform.embedding import EmbeddingModel


@dataclass(frozen=True, slots=True)
class Scale:
    """The cosine that two sentences on different things still have, and the one from which they say about the same."""

    unrelated: float
    same_meaning: float

    def share(self, cosine: float) -> float:
        """Return where the cosine lies between the two (0..1)."""
        return float(min(1.0, max(0.0, (cosine - self.unrelated) / (self.same_meaning - self.unrelated))))


def cosines(claim: str, texts: Sequence[str], embedding: EmbeddingModel) -> NDArray[np.float32]:
    """Return the claim's cosine with each text, all embedded as passages."""
    if not texts:
        return np.zeros(0, np.float32)
    vectors = embedding.embed_passages([claim, *texts])
    of_each: NDArray[np.float32] = vectors[1:] @ vectors[0]
    return of_each
