"""The vector index: Qdrant, reached by its REST protocol; by default the embedded engine's process (`embedded`)."""

from kb_platform.index.points import Candidate, IndexedChunk, PassageVectors, PointState, point_id
from kb_platform.index.vector_index import VectorIndex

__all__ = ["Candidate", "IndexedChunk", "PassageVectors", "PointState", "VectorIndex", "point_id"]
