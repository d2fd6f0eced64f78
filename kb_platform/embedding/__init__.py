"""Embedding: texts become unit vectors, by a model in this process or an endpoint."""

from kb_platform.embedding.loading import load_embedding
from kb_platform.embedding.model import EmbeddingModel

__all__ = ["EmbeddingModel", "load_embedding"]
