"""The vector index: Qdrant, reached by its REST protocol; by default the embedded engine's process (`embedded`)."""

from kb_platform.index.vector_index import Candidate, IndexedChunk, PassageVectors, PointState, VectorIndex, point_id

__all__ = ["Candidate", "IndexedChunk", "PassageVectors", "PointState", "VectorIndex", "point_id"]
