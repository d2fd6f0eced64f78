"""A question in one language finds the passage in the other, though half of the passages are in its own."""

from __future__ import annotations

from dataclasses import replace

from kb_platform.index.sparse import is_chinese
from tests.integration.retrieval.conftest import House, scope
from tests.translated_pairs import PAIRS


def test_a_question_in_one_language_finds_the_passage_in_the_other(house: House) -> None:
    base = house.knowledge_base()
    house.document(base, [passage for _, passage in PAIRS])
    found = {question: house.found(question, scope(base), 3) for question, _ in PAIRS}
    first = sum(found[question][0] == passage for question, passage in PAIRS)
    among_three = sum(passage in found[question] for question, passage in PAIRS)
    assert among_three >= 0.9 * len(PAIRS)
    assert first >= 0.6 * len(PAIRS)


def test_the_only_passage_in_the_other_language_is_found_among_many_in_the_questions_own(house: House) -> None:
    base = house.knowledge_base()
    documents = {passage: house.document(base, [passage]) for _, passage in PAIRS}
    first = 0
    for question, passage in PAIRS:
        own = {id_ for text, id_ in documents.items() if is_chinese(text) == is_chinese(question)}
        among = replace(scope(base), document_ids=frozenset(own | {documents[passage]}))
        best, *others = house.found(question, among, 3)
        assert passage in (best, *others)
        first += best == passage
    assert first >= 0.7 * len(PAIRS)
