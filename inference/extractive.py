"""The answer without a model: the sentences of the passages that answer best, in their own words, each cited.

Nothing is written that is not in a passage, but the headers beside a table row's values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inference.across_languages import is_foreign
from inference.evidence import RankedQuote, bearing, rank_quotes
from inference.markers import as_plain_text
from inference.quotes import Quote, quotes_of
from inference.terms import TextTerms, content_terms
from kb_platform.domain.answer import Citation, Source, Support
from kb_platform.embedding import EmbeddingModel

MOST_QUOTES = 3
MOST_ITEMS = 8
"""Items of a list that its lead-in brings along."""
CLOSE_BEHIND, CLOSE_BEHIND_ACROSS = 1.0, 0.15
"""Score below the best from which a further sentence is left out; across languages it has hardly anything but nearness,
of which neighbouring sentences have nearly as much."""
NEW_WORDS = 0.34
"""Share of its words that a further sentence must add."""
LONGEST_ANSWER = 900


@dataclass(frozen=True, slots=True)
class Extract:
    """The answer's text and a citation for each quote in it."""

    text: str
    citations: tuple[Citation, ...]


def extract_answer(questions: Sequence[str], sources: Sequence[Source], embedding: EmbeddingModel) -> Extract | None:
    """Return the answers to the questions, in their order, quoted from the sources; None where these hold no sentence
    at all. A sentence that answers two of them stands once."""
    chosen: list[Quote] = []
    for question in questions:
        ranked = rank_quotes(question, bearing(question, sources, embedding.name), embedding)
        across = bool(ranked) and is_foreign(question, ranked[0].quote.source)
        quotes = choose_quotes(ranked, CLOSE_BEHIND_ACROSS if across else CLOSE_BEHIND)
        chosen += [quote for quote in quotes if quote not in chosen]
    return compose(chosen) if chosen else None


def choose_quotes(ranked: Sequence[RankedQuote], close_behind: float = CLOSE_BEHIND) -> list[Quote]:
    """Return the best quotes in reading order: few, each adding something, lead-ins with what they announce."""
    answering = [item for item in ranked if not _says_nothing(item)]
    if not answering:
        return []
    best = answering[0].score
    chosen: list[Quote] = []
    length = 0
    for item in answering[: MOST_QUOTES * 3]:
        if item.score < best - close_behind or len({q.source.number for q in chosen} | {0}) > MOST_QUOTES:
            break
        group = _with_what_it_announces(item.quote)
        added = [quote for quote in group if quote not in chosen]
        size = sum(len(quote.text) for quote in added)
        if not added or not _adds(added, chosen) or (chosen and length + size > LONGEST_ANSWER):
            continue
        chosen.extend(added)
        length += size
        if len(chosen) >= MOST_QUOTES:
            break
    first_of: dict[int, int] = {}
    for quote in chosen:
        first_of.setdefault(quote.source.number, len(first_of))
    return sorted(chosen, key=lambda quote: (first_of[quote.source.number], quote.ordinal))


def compose(quotes: Sequence[Quote]) -> Extract:
    """Return the quotes as an answer: each in its own words, its marker behind it, its evidence exact."""
    text = ""
    citations = []
    before: Quote | None = None
    for quote in quotes:
        if before is not None:
            follows = quote.source == before.source and quote.ordinal == before.ordinal + 1
            runs_on = follows and not (quote.is_row or quote.is_item or before.is_row or before.leads_in)
            text += _space_between(before, quote) if runs_on else ("\n" if quote.source == before.source else "\n\n")
        start = len(text)
        words = as_plain_text(quote.text).strip() or "…"
        text += f"{words}{'' if _is_han(words[-1]) else ' '}[{quote.source.number}]"
        hit = quote.source.hit
        citations.append(
            Citation(
                quote.source.number,
                start,
                len(text),
                *hit.in_original(quote.start, quote.end),
                Support.SUPPORTED,
                1.0,
                edited_words=hit.text[quote.start : quote.end] if hit.edit else "",
            )
        )
        before = quote
    return Extract(text, tuple(citations))


def _says_nothing(item: RankedQuote) -> bool:
    """Say whether the quote is a bare heading that announces nothing in its passage, or hardly a word."""
    return len(item.quote.text) < 4 or (item.quote.is_heading and len(_with_what_it_announces(item.quote)) == 1)


def _with_what_it_announces(quote: Quote) -> list[Quote]:
    """Return the quote; a heading with the sentence after it, a lead-in with its list."""
    if not quote.leads_in:
        return [quote]
    after = quotes_of(quote.source)[quote.ordinal + 1 :]
    if after and (after[0].is_item or after[0].is_row):
        announced: list[Quote] = []
        for following in after:
            if not (following.is_item or following.is_row) or len(announced) == MOST_ITEMS:
                break
            announced.append(following)
        return [quote, *announced]
    return [quote, *after[:1]] if after and not after[0].is_heading else [quote]


def _adds(group: Sequence[Quote], chosen: Sequence[Quote]) -> bool:
    """Say whether the group says something that the chosen quotes do not."""
    if not chosen:
        return True
    said = TextTerms("\n".join(quote.text for quote in chosen))
    terms = content_terms(" ".join(quote.text for quote in group))
    if not terms:
        return False
    new = sum(term.weight for term in terms if said.holds(term) < 1.0)
    return new / sum(term.weight for term in terms) >= NEW_WORDS


def _space_between(before: Quote, quote: Quote) -> str:
    return "" if _is_han(before.text[-1]) and _is_han(quote.text[0]) else " "


def _is_han(character: str) -> bool:
    """Say whether the character is Chinese or Chinese punctuation (no space is written beside it)."""
    return character > "⺀"
