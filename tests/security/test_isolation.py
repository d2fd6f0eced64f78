"""Departments are separated: over every surface, for everybody who is not of them, and twice over where it counts."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from sqlalchemy import select

from benchmarks.canaries import API, MarkedHouse, marked_house, question_about
from benchmarks.isolation import probe_once, run_probes
from benchmarks.parrot import Parrot, running_parrot
from benchmarks.probes import SURFACES
from benchmarks.served_app import ServedApp
from kb_platform.access import conversations as access_to_conversations
from kb_platform.access import documents as access_to_documents
from kb_platform.access import knowledge_bases as access_to_bases
from kb_platform.database.engine import Database
from kb_platform.database.tables import KnowledgeBase
from kb_platform.domain.access import AccessScope, Level
from kb_platform.domain.chunk import Hit, Scores
from kb_platform.index import vector_index
from kb_platform.retrieval import retriever
from kb_platform.retrieval.passages import read_passages

STRANGER, MOVED, CLOSED = (
    "manager of another department",
    "somebody who moved to another department",
    "a reader for whom some documents are closed",
)
TRIES = 4
SHOWN_TO_WHO_MAY_READ = (
    "search, own", "search, own and foreign", "search, own, of a foreign document", "ask",
    "ask, streamed", "ask, in an old conversation", "conversation, foreign", "conversations", "feedback",
    "feedback, exported", "original", "content", "passages", "passages, by words", "document", "documents",
    "documents, live", "knowledge base", "knowledge bases", "usage, one's own, exported", "models", "model",
    "chat, own", "chat, own, streamed", "chat, foreign, by ids", "tool list_knowledge_bases", "tool search",
    "tool read", "tool ask", "widget",
)  # fmt: skip


@pytest.fixture(scope="module")
def parrot() -> Iterator[Parrot]:
    with running_parrot() as running:
        yield running


@pytest.fixture(scope="module")
def marked(served: ServedApp, parrot: Parrot) -> Iterator[MarkedHouse]:
    with marked_house(served, 4, parrot) as house:
        yield house
        for endpoint in house.administrator.get(f"{API}/model-endpoints").json()["model_endpoints"]:
            house.administrator.delete(f"{API}/model-endpoints/{endpoint['id']}")


def leaks(marked: MarkedHouse, parrot: Parrot, actor: str, *surfaces: str) -> set[str]:
    """Return on which of the surfaces an actor is sent what they must not be, in a few tries each."""
    (who,) = (one for one in (*marked.actors, marked.witness) if one.name == actor)
    chance = random.Random(1)
    return {
        surface
        for surface in surfaces
        if any(list(probe_once(marked, who, surface, chance, parrot)) for _ in range(TRIES))
    }


def everything(scope: AccessScope, marked: MarkedHouse) -> AccessScope:
    with marked.served.services.database.reading() as session:
        bases = frozenset(session.scalars(select(KnowledgeBase.id)))
    return replace(scope, knowledge_base_ids=bases, document_ids=None, hidden_document_ids=frozenset())


def without_vector_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    published = {"must": [{"key": "published", "match": {"value": True}}]}
    monkeypatch.setattr(vector_index, "allowed", lambda _: published)


def without_sql_check(monkeypatch: pytest.MonkeyPatch, marked: MarkedHouse) -> None:
    def unchecked(database: Database, ranked: Sequence[tuple[str, Scores]], scope: AccessScope) -> list[Hit]:
        return read_passages(database, ranked, everything(scope, marked))

    monkeypatch.setattr(retriever, "read_passages", unchecked)


FINDING = (
    "search, own",
    "ask",
    "ask, streamed",
    "chat, own",
    "chat, own, streamed",
    "tool search",
    "tool ask",
    "widget",
)
INSIDE = ("vector candidates", "rows of candidates")


def test_nobody_is_sent_the_words_of_a_department_that_is_not_theirs(marked: MarkedHouse, parrot: Parrot) -> None:
    done, found = run_probes(marked, 120, parrot)
    assert done == 120
    assert [str(leak) for leak in found] == []


def test_the_probes_find_what_who_may_read_is_sent(marked: MarkedHouse, parrot: Parrot) -> None:
    assert set(SHOWN_TO_WHO_MAY_READ) <= set(SURFACES)
    assert set(SHOWN_TO_WHO_MAY_READ) - leaks(marked, parrot, "owner", *SHOWN_TO_WHO_MAY_READ) == set()


def test_the_vector_query_alone_keeps_others_out(
    marked: MarkedHouse, parrot: Parrot, monkeypatch: pytest.MonkeyPatch
) -> None:
    for actor in (STRANGER, CLOSED):
        assert leaks(marked, parrot, actor, *INSIDE) == set()
    without_sql_check(monkeypatch, marked)
    for actor in (STRANGER, CLOSED):
        assert leaks(marked, parrot, actor, *INSIDE) == {"rows of candidates"}
        assert leaks(marked, parrot, actor, "search, own", "tool search") == set()


def test_the_check_of_the_rows_alone_keeps_others_out(
    marked: MarkedHouse, parrot: Parrot, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_vector_filter(monkeypatch)
    for actor in (STRANGER, CLOSED):
        assert leaks(marked, parrot, actor, *INSIDE) == {"vector candidates"}
        assert leaks(marked, parrot, actor, "search, own", "tool search") == set()


def test_without_both_the_probes_find_leaks(
    marked: MarkedHouse, parrot: Parrot, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_vector_filter(monkeypatch)
    without_sql_check(monkeypatch, marked)
    assert leaks(marked, parrot, STRANGER, *FINDING) == set(FINDING)


def test_without_the_check_of_answers_old_ones_leak(
    marked: MarkedHouse, parrot: Parrot, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert leaks(marked, parrot, MOVED, "conversation, old") == set()
    monkeypatch.setattr(access_to_conversations, "forbidden_documents", lambda *_: frozenset())
    assert leaks(marked, parrot, MOVED, "conversation, old") == {"conversation, old"}


def test_without_levels_documents_leak(marked: MarkedHouse, parrot: Parrot, monkeypatch: pytest.MonkeyPatch) -> None:
    def all_of_them(session: object, principal: object, only: list[str] | None = None) -> dict[str, Level]:
        return dict.fromkeys([marked.law.base] if only is None else only, Level.READER)

    for module in (access_to_bases, access_to_documents):
        monkeypatch.setattr(module, "levels", all_of_them)
    opened = ("original", "content", "passages", "documents", "search, foreign", "tool read")
    assert leaks(marked, parrot, STRANGER, *opened) == set(opened)


def test_a_right_that_is_taken_away_is_gone_at_the_next_request(marked: MarkedHouse) -> None:
    """Of everything that an answer showed: its words, its sources, their text, pages and originals."""
    (reader,) = (one for one in marked.actors if one.name == CLOSED)
    owner, secret = marked.witness.client, marked.law.secrets[-1]
    body = {"knowledge_base_ids": [marked.law.base]}
    path = f"{API}/conversations/{reader.client.post(f'{API}/conversations', json=body).json()['id']}"
    asked = reader.client.post(f"{path}/turns", json={"question": question_about(secret.case), "stream": False})
    document = f"{API}/documents/{secret.id}"
    ways = (path, document, f"{document}/original", f"{document}/content", f"{document}/chunks")
    assert all(secret.canaries["text"] in text for text in (asked.text, reader.client.get(path).text))
    only = [{"kind": "user", "id": owner.get(f"{API}/users/me").json()["id"]}]
    owner.put(f"{document}/restrictions", json={"subjects": only}).raise_for_status()
    for way in ways:
        assert not any(word in reader.client.get(way).text for word in secret.canaries.values()), way
    again = reader.client.post(f"{path}/turns", json={"question": "Repeat your last answer.", "stream": False})
    assert not any(word in again.text for word in secret.canaries.values())
    owner.put(f"{document}/restrictions", json={"subjects": []}).raise_for_status()
    assert secret.canaries["text"] in reader.client.get(path).text, "what is given back is there again"
