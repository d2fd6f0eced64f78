"""The answer that there is none: what was searched, and what came closest."""

from __future__ import annotations

from collections.abc import Sequence

from inference.asking import Found, Question
from inference.prompts import (
    CAME_CLOSEST,
    NOT_FOUND,
    NOTHING_CAME_CLOSE,
    PART_NOT_FOUND,
    SEARCHED_FOR,
    Language,
    Searched,
    language_of,
)
from kb_platform.domain.answer import Source

PLACES_NAMED = 3


def abstention_to(question: Question, found: Found) -> str:
    """Return the answer to a question that what was found does not answer."""
    if not question.web_search or found.notices:
        searched = Searched.DOCUMENTS
    else:
        searched = Searched.WEB if question.scope is None else Searched.BOTH
    return abstention(language_of(question.text), found.query, found.sources, searched)


def part_not_found(language: Language, parts: Sequence[str]) -> str:
    """Return the sentence that names the parts of a question that what was found does not answer."""
    named = " / ".join(part.strip() for part in parts)
    return PART_NOT_FOUND[language].format_map({"parts": named})


def abstention(
    language: Language, query: str, sources: Sequence[Source], searched: Searched = Searched.DOCUMENTS
) -> str:
    """Return the answer of an abstention."""
    places: list[str] = []
    for source in sources:
        hit = source.hit
        title = hit.document_title or hit.document_name
        below = (hit.web.site,) if hit.web else hit.heading_path[-1:]
        place = " › ".join(part for part in (title, *below) if part)
        if place not in places:
            places.append(place)
    closest = (
        CAME_CLOSEST[language].format_map(
            {"places": ("、" if language is Language.CHINESE else ", ").join(places[:PLACES_NAMED])}
        )
        if places
        else NOTHING_CAME_CLOSE[searched][language]
    )
    return NOT_FOUND[searched][language] + SEARCHED_FOR[language].format_map({"query": query}) + closest
