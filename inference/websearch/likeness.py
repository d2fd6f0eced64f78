"""Passages that no index ordered, in the order that a search of the knowledge bases would give them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from inference.across_languages import as_in_other_language
from inference.prompts import language_of
from inference.terms import TextTerms, content_terms, coverage
from kb_platform.domain.chunk import Hit
from kb_platform.embedding import EmbeddingModel
from kb_platform.index.fusion import levelled, order
from kb_platform.index.points import Candidate
from kb_platform.index.ranking import weights_for
from kb_platform.settings import RetrievalSettings


def order_by_likeness(query: str, hits: Sequence[Hit], embedding: EmbeddingModel) -> list[Hit]:
    """Return the passages, best first, each with its cosines to the query as `dense` scores.

    As in a search (`kb_platform.index.ranking`), with the share of the question's words that a passage holds in the
    place of BM25 and without feedback; passages of the other language count by their nearness to where the question
    would lie there.
    """
    language = language_of(query)
    foreign = frozenset(hit.chunk_id for hit in hits if language_of(hit.text) is not language)
    question = embedding.embed_query(query)
    known = {hit.chunk_id: hit.scores.dense for hit in hits if hit.scores.dense is not None}
    known_other = {hit.chunk_id: hit.scores.dense_other for hit in hits if hit.scores.dense_other is not None}
    unknown = [
        hit
        for hit in hits
        if hit.chunk_id not in known or (hit.chunk_id in foreign and hit.chunk_id not in known_other)
    ]
    vectors = embedding.embed_passages([f"{hit.document_title}\n{hit.text}" for hit in unknown])
    embedded = dict(zip((hit.chunk_id for hit in unknown), vectors, strict=True))
    cosines = {id_: float(vector @ question) for id_, vector in embedded.items()} | known
    other = as_in_other_language(query, question, embedding)
    others = {id_: float(vector @ other) for id_, vector in embedded.items()} | known_other
    weights = weights_for(query, RetrievalSettings(), embedding.name)
    nearness = levelled(cosines, foreign, others, weights.candidates, weights.usual_gap)
    terms = content_terms(query)
    by_id = {
        hit.chunk_id: replace(
            hit, scores=replace(hit.scores, dense=cosines[hit.chunk_id], dense_other=others.get(hit.chunk_id))
        )
        for hit in hits
    }
    candidates = [
        Candidate(id_, cosines[id_], coverage(terms, TextTerms(f"{hit.document_title}\n{hit.context}\n{hit.text}")))
        for id_, hit in by_id.items()
    ]
    return [by_id[id_] for id_, _ in order(candidates, weights.dense, nearness=nearness, foreign=foreign)]
