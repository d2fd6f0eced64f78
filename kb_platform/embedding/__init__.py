"""Embedding: texts become unit vectors, by a model in this process or an endpoint."""

import os

# Before torch is loaded. Its threads otherwise spin while they wait for each other: with a worker embedding beside the
# web server on two cores, a query then took 1,400 ms where it takes 60 ms with this.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Some tens of microseconds of spinning before they sleep: a batch of few passages takes a third less time so.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")

from kb_platform.embedding.loading import load_embedding
from kb_platform.embedding.model import EmbeddingModel

__all__ = ["EmbeddingModel", "load_embedding"]
