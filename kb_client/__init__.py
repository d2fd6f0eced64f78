"""For other programs: the platform as a llama-index retriever. Needs httpx and llama-index-core, nothing else here."""

from kb_client.retriever import KnowledgeBaseRetriever

__all__ = ["KnowledgeBaseRetriever"]
