"""What a search finds, and above all what it never finds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from kb_platform.database.tables import Document, KnowledgeBase, now
from kb_platform.index import IndexedChunk
from kb_platform.retrieval import Retriever
from kb_platform.settings import RetrievalSettings
from tests.integration.retrieval.conftest import RULES, House, scope


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("第三十二条", RULES[0]),
        ("第三十三条规定了什么？", RULES[1]),
        ("CS-101", RULES[2]),
        ("cs-110 几学分？", RULES[3]),
        ("转专业对绩点有什么要求", RULES[4]),
        ("When does the library open?", RULES[5]),
    ],
)
def test_the_passage_that_answers_comes_first(house: House, question: str, answer: str) -> None:
    base = house.knowledge_base()
    house.document(base, RULES)
    assert house.found(question, scope(base))[0] == answer


def test_only_the_knowledge_bases_of_the_scope_are_searched(house: House) -> None:
    mine, other = house.knowledge_base(), house.knowledge_base()
    house.document(mine, RULES[:2])
    house.document(other, RULES[2:4])
    assert set(house.found("课程 CS-101", scope(mine))) == set(RULES[:2])
    assert set(house.found("课程 CS-101", scope(mine, other))) == set(RULES[:4])


def test_an_empty_scope_finds_nothing(house: House) -> None:
    base = house.knowledge_base()
    document = house.document(base, RULES)
    assert house.found("第三十二条", scope()) == []
    assert house.found("第三十二条", replace(scope(base), document_ids=frozenset())) == []
    assert house.found("第三十二条", replace(scope(), document_ids=frozenset({document}))) == []


def test_only_these_documents_means_only_these(house: House) -> None:
    base = house.knowledge_base()
    wanted, _other = house.document(base, RULES[:1]), house.document(base, RULES[1:])
    assert house.found("CS-101", replace(scope(base), document_ids=frozenset({wanted}))) == RULES[:1]


def test_naming_a_document_does_not_open_its_knowledge_base(house: House) -> None:
    mine, other = house.knowledge_base(), house.knowledge_base()
    house.document(mine, RULES[:1])
    theirs = house.document(other, RULES[2:3])
    assert house.found("CS-101", replace(scope(mine), document_ids=frozenset({theirs}))) == []


def test_a_point_whose_payload_lies_about_its_knowledge_base_is_not_shown(house: House) -> None:
    mine, other = house.knowledge_base(), house.knowledge_base()
    document = house.document(other, RULES[2:3])
    point = next(house.index.points())
    id_, version_id = point.id, point.version_id
    vector = house.embedding.embed_query("CS-101")
    house.index.upsert([IndexedChunk(id_, vector, RULES[2], mine, document, version_id, 0)], published=True)
    assert house.found("CS-101", scope(mine)) == []


def test_a_version_becomes_visible_in_one_step(house: House) -> None:
    base = house.knowledge_base()
    document = house.document(base, ["Fees are 100 yuan.", "Pay before May."])
    newer = house.version(document, ["Fees are 200 yuan.", "Pay before June."])
    assert set(house.found("fees", scope(base))) == {"Fees are 100 yuan.", "Pay before May."}
    house.make_current(newer)
    assert set(house.found("fees", scope(base))) == {"Fees are 200 yuan.", "Pay before June."}


def test_what_is_deleted_is_gone_at_once_though_its_points_are_still_there(house: House) -> None:
    base = house.knowledge_base()
    gone, stays = house.document(base, RULES[:1]), house.document(base, RULES[1:2])
    with house.database.writing() as session:
        session.get_one(Document, gone).deleted_at = now()
    assert house.found("第三十二条", scope(base)) == RULES[1:2]
    with house.database.writing() as session:
        session.get_one(KnowledgeBase, base).deleted_at = now()
    assert house.found("第三十二条", scope(base)) == []
    assert house.index.count() == 2
    assert stays


def test_a_passage_that_was_switched_off_is_not_shown_though_its_point_is_still_there(house: House) -> None:
    base = house.knowledge_base()
    document = house.document(base, RULES[:2])
    house.edit(document, RULES[0], is_enabled=False)
    assert house.found("第三十二条", scope(base)) == RULES[1:2]


def test_what_may_not_be_shown_makes_room_for_the_next(house: House) -> None:
    base = house.knowledge_base()
    document = house.document(base, RULES)
    ranked = house.found("第三十二条", scope(base))
    for text in ranked[:4]:
        house.edit(document, text, is_enabled=False)
    assert house.found("第三十二条", scope(base), limit=1) == ranked[4:5]


def test_no_more_rows_are_read_than_are_likely_to_be_shown(house: House) -> None:
    base = house.knowledge_base()
    house.document(base, [f"{rule} {number}" for number in range(10) for rule in RULES])
    asked: list[int] = []

    @event.listens_for(house.database.engine, "before_cursor_execute")
    def note(_connection: Any, _cursor: Any, statement: str, parameters: tuple[Any, ...], *_: object) -> None:
        if "FROM chunks" in statement:
            asked.append(len(parameters))

    assert len(house.found("第三十二条", scope(base), limit=3)) == 3
    assert sum(asked) <= 12


def test_passages_are_read_by_their_ids_whatever_else_the_base_holds(house: House) -> None:
    base = house.knowledge_base()
    for rule in RULES:
        house.document(base, [rule])
    plans: list[list[str]] = []

    @event.listens_for(house.database.engine, "before_cursor_execute")
    def explain(_connection: Any, cursor: Any, statement: str, parameters: tuple[Any, ...], *_: object) -> None:
        if "FROM chunks" in statement:
            explained = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.append([row[-1] for row in explained])

    assert house.found("第三十二条", scope(base))
    (plan,) = plans
    assert plan[0].startswith("SEARCH chunks USING INDEX"), plan
    assert "(id=?)" in plan[0]
    assert not [step for step in plan if step.startswith("SCAN")]


def test_an_edited_passage_is_given_in_the_editors_words_with_who_and_when_and_the_originals_place(
    house: House,
) -> None:
    base = house.knowledge_base()
    document = house.document(base, RULES[:2])
    house.edit(document, RULES[0], text="第三十二条 违反考试纪律者，给予严重警告处分。")
    hits = house.retriever().search("第三十二条", scope(base)).hits
    edited = next(hit for hit in hits if "严重" in hit.text)
    assert edited.edit is not None
    assert edited.edit.by == "reader@example.org"
    assert edited.edit.at.tzinfo is not None
    assert (edited.start, edited.end) == (0, len(RULES[0]))
    assert edited.in_original(3, 5) == (0, len(RULES[0]))
    other = next(hit for hit in hits if hit is not edited)
    assert other.edit is None
    assert other.in_original(3, 5) == (other.start + 3, other.start + 5)


def test_scores_and_times_are_told(house: House) -> None:
    base = house.knowledge_base()
    house.document(base, RULES)
    retriever = Retriever(house.database, house.index, house.embedding, RetrievalSettings())
    retrieval = retriever.search("第三十二条", scope(base), 3)
    assert retrieval.query == "第三十二条"
    assert len(retrieval.hits) == 3
    best = retrieval.hits[0].scores
    assert best.dense is not None
    assert best.sparse is not None
    assert -1 <= best.dense <= 1
    assert best.sparse > 0
    assert [hit.scores.fused for hit in retrieval.hits] == sorted(
        (hit.scores.fused for hit in retrieval.hits), reverse=True
    )
    assert min(retrieval.seconds_embedding, retrieval.seconds_index, retrieval.seconds_database) > 0
