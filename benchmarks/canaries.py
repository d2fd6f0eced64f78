"""Two departments whose secrets are marked: each file, name, tag, edit, question and answer of Law holds a word that
stands nowhere else. Whoever is not of Law must never be sent one of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from sqlalchemy import select

from benchmarks.house import House, Person, add_base, add_key, add_person, build_house, suspended
from benchmarks.parrot import Parrot
from benchmarks.route_objects import one_page_pdf
from benchmarks.served_app import ServedApp, reading
from kb_platform.database.tables import ChunkRow, Role

API = "/api/v1"


@dataclass(frozen=True, slots=True)
class Secret:
    """A read document: its ids, and its canaries by where they stand."""

    case: str
    id: str
    version_id: str
    chunk_ids: tuple[str, ...]
    canaries: dict[str, str]


@dataclass(frozen=True, slots=True)
class Side:
    """What a department has."""

    base: str
    base_name: str
    secrets: tuple[Secret, ...]
    conversation: str = ""
    turn: str = ""
    widget: str = ""
    """A chat about it that anybody may ask."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who must never be sent any of `forbidden`. `own` is what they may read, `old` a conversation of theirs
    from when they might still read what they may not read now."""

    name: str
    client: httpx.Client
    forbidden: frozenset[str]
    own: Side
    target: Side
    old: str = ""
    own_conversation: str = ""


@dataclass(slots=True)
class Canaries:
    """Makes them, so that no two are the same."""

    chance: random.Random
    made: set[str] = field(default_factory=set)

    def one(self) -> str:
        word = f"kanarie{self.chance.getrandbits(40):010x}"
        self.made.add(word)
        return word


@dataclass(frozen=True, slots=True)
class MarkedHouse:
    """`actors` try what they should not; `witness` is of Law and sees what the probes look for."""

    served: ServedApp
    house: House
    law: Side
    actors: tuple[Actor, ...]
    witness: Actor
    administrator: httpx.Client


@contextmanager
def marked_house(served: ServedApp, documents: int, parrot: Parrot | None = None) -> Iterator[MarkedHouse]:
    """Build the house with so many documents on either side. With a `parrot` that is the model that answers."""
    house = build_house(served.services.database)
    with ExitStack() as open_clients:

        def client(token: str) -> httpx.Client:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            made = httpx.Client(base_url=served.url, timeout=60, trust_env=False, headers=headers)
            return open_clients.enter_context(made)

        administrator = client(house.administrator.token)
        if parrot is not None:
            administrator.post(f"{API}/model-endpoints", json={"base_url": parrot.url}).raise_for_status()
        yield _marked(served, house, client, administrator, documents)


def _marked(
    served: ServedApp,
    house: House,
    client: Callable[[str], httpx.Client],
    administrator: httpx.Client,
    documents: int,
) -> MarkedHouse:
    database = served.services.database
    canaries = Canaries(random.Random(f"{house.law} {documents}"))
    owner, stranger = client(house.owner.token), client(house.stranger.token)
    own = _side(served, stranger, house.medicine_base, Canaries(random.Random(house.medicine)), documents)
    name = f"Law {canaries.one()}"
    change = {"name": name, "description": canaries.one()}
    owner.patch(f"{API}/knowledge-bases/{house.law_base}", json=change).raise_for_status()
    law = _side(served, owner, house.law_base, canaries, documents)
    law = _conversation(owner, law, name, canaries)
    named = owner.post(f"{API}/api-keys", json={"name": canaries.one()})
    of_a_program = client(named.json()["key"])
    of_a_program.post("/v1/embeddings", json={"model": served.services.embedding.name, "input": "x"})
    marks = frozenset(canaries.made)

    restricted = law.secrets[: max(1, documents // 4)]
    closed = frozenset(word for one in restricted for word in one.canaries.values())
    mover, sharer = add_person(database, Role.EDITOR, house.law), add_person(database, Role.EDITOR, house.medicine)
    _share(owner, house, sharer)
    old = {one.id: _ask_everything(client(one.token), law) for one in (mover, sharer, house.reader)}
    only = [{"kind": "user", "id": house.owner.id}]
    for one in restricted:
        owner.put(f"{API}/documents/{one.id}/restrictions", json={"subjects": only}).raise_for_status()
    administrator.patch(f"{API}/users/{mover.id}", json={"department_id": house.medicine}).raise_for_status()
    _share(owner, house, None)

    private = add_base(database, house.editor, house.law)
    elsewhere = _side(served, client(house.editor.token), private, Canaries(random.Random(private)), 2)
    gone = add_person(database, Role.EDITOR, house.law)
    session, key = suspended(database, gone)
    half_closed = Side(law.base, law.base_name, restricted, law.conversation, law.turn)

    def actor(name: str, token: str, own: Side = own, old: str = "") -> Actor:
        own_conversation = ""
        opened = client(token)
        answer = opened.post(f"{API}/conversations", json={"knowledge_base_ids": [own.base]})
        if answer.is_success:
            own_conversation = answer.json()["id"]
        return Actor(name, opened, marks, own, law, old, own_conversation)

    medicine_reader = add_person(database, Role.READER, house.medicine)
    medicine_editor = add_person(database, Role.EDITOR, house.medicine)
    actors = (
        actor("manager of another department", house.stranger.token),
        actor("editor of another department", medicine_editor.token),
        actor("reader of another department", medicine_reader.token),
        actor("somebody who moved to another department", mover.token, old=old[mover.id]),
        actor("somebody with whom it is not shared any more", sharer.token, old=old[sharer.id]),
        actor("a manager's key", add_key(database, house.stranger)),
        actor("an administrator's key for another department",
              add_key(database, house.administrator, knowledge_base_ids=[own.base])),
        actor("an editor's key for another knowledge base",
              add_key(database, house.editor, knowledge_base_ids=[private]), elsewhere),
        actor("somebody suspended", session),
        actor("a key of somebody suspended", key),
        actor("an expired key", add_key(database, house.owner, is_expired=True)),
        actor("nobody", ""),
        Actor("a reader for whom some documents are closed", client(house.reader.token), closed, own=law,
              target=half_closed, old=old[house.reader.id], own_conversation=old[house.reader.id]),
    )  # fmt: skip
    witness = Actor("owner", owner, marks, law, law, law.conversation, law.conversation)
    return MarkedHouse(served, house, law, actors, witness, administrator)


def _side(served: ServedApp, owner: httpx.Client, base: str, canaries: Canaries, documents: int) -> Side:
    cases = [f"{number:02}" for number in range(documents)]
    marks: list[dict[str, str]] = []
    ids: list[str] = []
    for number, case in enumerate(cases):
        words = {place: canaries.one() for place in ("text", "name", "folder", "tag", "edit")}
        file = _file(number, case, words)
        answer = owner.post(f"{API}/knowledge-bases/{base}/documents", files=[("files", file)])
        answer.raise_for_status()
        ids.append(answer.json()["documents"][0]["id"])
        change = {"folder": words["folder"], "tags": [words["tag"]]}
        owner.patch(f"{API}/documents/{ids[-1]}", json=change).raise_for_status()
        marks.append(words)
    read = reading(served.services)
    read(base)
    secrets = [_secret(served, owner, *one) for one in zip(cases, ids, marks, strict=True)]
    read(base)  # the edits
    name = owner.get(f"{API}/knowledge-bases/{base}").json()["name"]
    chat = {"name": "Chat", "allowed_origins": ["https://example.edu"], "needs_token": False}
    widget = owner.post(f"{API}/knowledge-bases/{base}/widgets", json=chat).json()["id"]
    return Side(base, name, tuple(secrets), widget=widget)


def _file(number: int, case: str, words: dict[str, str]) -> tuple[str, bytes]:
    text = f"The verdict of case {case} is {words['text']}."
    match number % 3:
        case 0:
            body = f"# Case {case}\n\n{text}\n\n| case | fine |\n| --- | --- |\n| {case} | {words['edit']} |\n"
            return f"{words['name']}.md", body.encode()
        case 1:
            return f"{words['name']}.pdf", one_page_pdf(text)
    return f"{words['name']}.csv", f"case,verdict\n{case},{text}\n".encode()


def _secret(served: ServedApp, owner: httpx.Client, case: str, id_: str, words: dict[str, str]) -> Secret:
    version = owner.get(f"{API}/documents/{id_}").json()["version_id"]
    with served.services.database.reading() as session:
        rows = session.execute(select(ChunkRow.id, ChunkRow.text).where(ChunkRow.version_id == version)).all()
    if not rows:
        raise RuntimeError(f"case {case} was not read")
    change = {"text": f"{rows[-1].text}\nBy word of mouth: {words['edit']}."}
    owner.patch(f"{API}/documents/{id_}/chunks/{rows[-1].id}", json=change).raise_for_status()
    return Secret(case, id_, version, tuple(row.id for row in rows), words)


def _conversation(owner: httpx.Client, law: Side, name: str, canaries: Canaries) -> Side:
    body = {"knowledge_base_ids": [law.base], "title": canaries.one()}
    conversation = owner.post(f"{API}/conversations", json=body).json()["id"]
    path = f"{API}/conversations/{conversation}/turns"
    question = f"What is the verdict of case {law.secrets[0].case}? {canaries.one()}"
    turn = owner.post(path, json={"question": question, "stream": False}).json()["id"]
    owner.put(f"{path}/{turn}/feedback", json={"rating": "up", "comment": canaries.one()}).raise_for_status()
    return Side(law.base, name, law.secrets, conversation, turn, law.widget)


def _ask_everything(client: httpx.Client, law: Side) -> str:
    """Ask about some secrets while they may be read; return the conversation."""
    conversation = client.post(f"{API}/conversations", json={"knowledge_base_ids": [law.base]}).json()["id"]
    for one in law.secrets[:2]:
        body = {"question": question_about(one.case), "stream": False}
        answer = client.post(f"{API}/conversations/{conversation}/turns", json=body).json()
        if one.canaries["text"] not in str(answer):
            raise RuntimeError(f"who may read case {one.case} was not told of it: {answer}")
    return str(conversation)


def question_about(case: str) -> str:
    return f"What is the verdict of case {case}?"


def _share(owner: httpx.Client, house: House, reader: Person | None) -> None:
    shares: list[dict[str, Any]] = [
        {"subject": {"kind": "user", "id": house.owner.id}, "level": "manager"},
        {"subject": {"kind": "department", "id": house.law}, "level": "reader"},
    ]
    if reader is not None:
        shares.append({"subject": {"kind": "user", "id": reader.id}, "level": "editor"})
    owner.put(f"{API}/knowledge-bases/{house.law_base}/shares", json={"shares": shares}).raise_for_status()
