"""Retrieval: the passages that a caller may read, best first."""

from kb_platform.retrieval.retriever import Retrieval, Retriever

__all__ = ["Retrieval", "Retriever"]
