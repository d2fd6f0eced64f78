"""From pages to the passages that are worth an answer's attention, as hits beside those of the knowledge bases."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from inference.prompts import language_of
from inference.sentences import Span, split_sentences
from inference.terms import TextTerms, content_terms, coverage
from inference.websearch.likeness import order_by_likeness
from kb_platform.domain.chunk import Hit, WebPage
from kb_platform.embedding import EmbeddingModel

PASSAGE_TOKENS = 240
"""Size that a passage grows to, in the embedding model's tokens."""
MOST_EMBEDDED = 24
"""Passages of all pages of one language that are embedded: those that share most words with the question."""
MOST_OF_A_PAGE = 2


@dataclass(frozen=True, slots=True)
class ReadPage:
    """A page with its text, as an answer may cite it."""

    page: WebPage
    title: str
    text: str


def cut(text: str, embedding: EmbeddingModel, most_tokens: int = PASSAGE_TOKENS) -> list[Span]:
    """Return the text in passages of whole sentences, none longer than `most_tokens` (of the embedding model's)."""
    passages: list[Span] = []
    length = 0
    for sentence in _short_enough(text, embedding, most_tokens):
        tokens = embedding.count_tokens(sentence.of(text))
        if passages and length + tokens <= most_tokens:
            passages[-1] = Span(passages[-1].start, sentence.end)
            length += tokens
        else:
            passages.append(sentence)
            length = tokens
    return passages


def best_passages(query: str, pages: Sequence[ReadPage], embedding: EmbeddingModel, most: int) -> list[Hit]:
    """Return the pages' passages most like the query, at most MOST_OF_A_PAGE of one page; their `dense` score is the
    cosine that a search of the knowledge bases would give."""
    own = language_of(query)
    same = [page for page in pages if language_of(page.text) is own]
    others = [page for page in pages if page not in same]
    hits = [*_likeliest(query, same, embedding), *_likeliest(query, others, embedding)]
    if not hits:
        return []
    kept: list[Hit] = []
    taken: dict[str, int] = {}
    for hit in order_by_likeness(query, hits, embedding):
        url = hit.web.url if hit.web else ""
        taken[url] = taken.get(url, 0) + 1
        if taken[url] <= MOST_OF_A_PAGE and len(kept) < most:
            kept.append(hit)
    return kept


def _likeliest(query: str, pages: Sequence[ReadPage], embedding: EmbeddingModel) -> list[Hit]:
    """Return the passages that share most words with the query; of pages in the other language hardly one shares any,
    and the first ones are returned."""
    terms = content_terms(query)
    found = [
        (coverage(terms, TextTerms(f"{page.title}\n{span.of(page.text)}")), -place, page, span)
        for page in pages
        for place, span in enumerate(cut(page.text, embedding))
    ]
    found.sort(key=lambda item: item[:2], reverse=True)
    return [_hit(page, span) for _, _, page, span in found[:MOST_EMBEDDED]]


def _short_enough(text: str, embedding: EmbeddingModel, most_tokens: int) -> list[Span]:
    """Return the sentences; one that is too long is divided between tokens."""
    spans: list[Span] = []
    for sentence in split_sentences(text):
        offsets = embedding.token_offsets(sentence.of(text))
        if len(offsets) <= most_tokens:
            spans.append(sentence)
            continue
        starts = [sentence.start + offsets[place][0] for place in range(0, len(offsets), most_tokens)]
        ends = [*starts[1:], sentence.end]
        spans.extend(Span(start, end) for start, end in zip(starts, ends, strict=True))
    return spans


def _hit(page: ReadPage, span: Span) -> Hit:
    text = span.of(page.text)
    return Hit(
        chunk_id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{page.page.url}\n{text}")),
        knowledge_base_id="",
        document_id="",
        version_id="",
        document_name=page.title or page.page.site,
        document_title=page.title or page.page.site,
        ordinal=0,
        start=span.start,
        end=span.end,
        text=text,
        web=page.page,
    )
