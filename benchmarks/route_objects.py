"""What the routes of the table are tried on: objects of Law, made when a request names them, or ids of nothing."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import select

from benchmarks.house import House, Person, add_base, add_key, add_person, open_session
from benchmarks.served_app import ServedApp, reading
from kb_platform import conversations, document_changes, invitations, people, widgets
from kb_platform.api_keys import api_keys
from kb_platform.database.tables import (
    ChunkEdit,
    ChunkRow,
    Document,
    DocumentVersion,
    ModelEndpoint,
    Role,
    TurnState,
    VersionState,
)
from kb_platform.documents import add_document
from kb_platform.domain.access import Subject, SubjectKind
from kb_platform.shares import set_restrictions

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class World:
    """A house whose knowledge base holds two documents that were read, the second one for its owner alone."""

    served: ServedApp
    house: House
    document: str
    restricted: str
    chunk: str


def build_world(served: ServedApp, house: House) -> World:
    """Put two documents into Law's knowledge base and read them."""
    services = served.services
    ids = [
        add_document(
            services.database,
            services.files,
            house.law_base,
            f"{name}.pdf",
            [one_page_pdf(f"The {name} of the faculty of law has twelve members.")],
            house.owner.id,
        ).document_id
        for name in ("council", "senate")
    ]
    reading(services)(house.law_base)
    with services.database.writing() as session:
        readers = [Subject(SubjectKind.USER, house.owner.id)]
        set_restrictions(session, session.get_one(Document, ids[1]), readers)
        versions = select(Document.current_version_id).where(Document.id == ids[0])
        chunk = session.scalars(select(ChunkRow.id).where(ChunkRow.version_id.in_(versions))).first()
    if chunk is None:
        raise RuntimeError("the document was not read")
    return World(served, house, ids[0], ids[1], chunk)


class Objects:
    """The objects of one request, each made when it is named first. `of` is the row's: the caller's `own` conversation
    or somebody else's, an ordinary document or a `restricted` one."""

    def __init__(self, world: World, of: str, caller: str, person: Person) -> None:
        self.world, self.of, self.caller, self.person = world, of, caller, person
        self._database = world.served.services.database

    @cached_property
    def number(self) -> int:
        return next(_numbers)

    @cached_property
    def fresh_session(self) -> str:
        return open_session(self._database, self.person.id)

    @cached_property
    def law(self) -> str:
        return self.world.house.law

    @cached_property
    def law_base(self) -> str:
        return self.world.house.law_base

    @cached_property
    def base(self) -> str:
        house = self.world.house
        return add_base(self._database, house.owner, house.law, house.editor)

    @cached_property
    def read_document(self) -> str:
        return self.world.restricted if self.of == "restricted" else self.world.document

    @cached_property
    def chunk(self) -> str:
        return self.world.chunk

    @cached_property
    def edit(self) -> str:
        with self._database.writing() as session:
            row = ChunkEdit(
                document_id=self.world.document,
                text_hash=uuid.uuid4().hex * 2,
                original_text="no passage says this",
                is_enabled=False,
                created_by=self.world.house.owner.id,
            )
            session.add(row)
            session.flush()
            return row.id

    @cached_property
    def ready_document(self) -> str:
        return self._document(VersionState.READY)

    @cached_property
    def failed_document(self) -> str:
        return self._document(VersionState.FAILED)

    @cached_property
    def queued_document(self) -> str:
        return self._document(VersionState.QUEUED)

    @cached_property
    def paused_document(self) -> str:
        made = self._document(VersionState.QUEUED)
        document_changes.pause_document(self._database, made)
        return made

    @cached_property
    def conversation(self) -> str:
        owner = self.person if self.of == "own" else self.world.house.owner
        with self._database.writing() as session:
            row = conversations.add_conversation(session, owner.id, [self.law_base])
            turn = conversations.begin_turn(session, row, "How many members?")
            turn.state, turn.answer = TurnState.DONE, "Twelve."
            self._turn = turn.id
            return row.id

    @cached_property
    def turn(self) -> str:
        return self._turn if self.conversation else ""

    @cached_property
    def user(self) -> str:
        return add_person(self._database, Role.READER, self.law).id

    @cached_property
    def department(self) -> str:
        with self._database.writing() as session:
            return people.add_department(session, f"Institute {self.number}", self.law).id

    @cached_property
    def group(self) -> str:
        with self._database.writing() as session:
            return people.add_group(session, f"Group {self.number}", self.law).id

    @cached_property
    def missing(self) -> str:
        return str(uuid.uuid4())

    @cached_property
    def widget(self) -> str:
        key = self.world.served.services.settings.security.secret_key
        with self._database.writing() as session:
            owner, sites = self.world.house.owner, ["https://www.example.edu"]
            return widgets.add_widget(session, key, owner.id, self.law_base, "Chat", sites, needs_token=False).row.id

    @cached_property
    def invitation(self) -> str:
        with self._database.writing() as session:
            owner = self.world.house.manager
            made = invitations.add_invitation(session, owner.id, Role.READER, self.law, "", days=1)
            self._invitation_token = made.token
            return made.row.id

    @cached_property
    def invitation_token(self) -> str:
        return self._invitation_token if self.invitation else ""

    @cached_property
    def key(self) -> str:
        owner = self.person if self.of == "own" else self.world.house.owner
        add_key(self._database, owner)
        return api_keys(self._database, owner.id)[0].id

    @cached_property
    def endpoint(self) -> str:
        with self._database.writing() as session:
            row = ModelEndpoint(name="m", base_url="http://127.0.0.1:1/v1", model="m", is_enabled=False)
            session.add(row)
            session.flush()
            return row.id

    def _document(self, state: VersionState) -> str:
        services, house = self.world.served.services, self.world.house
        content = [f"Note {self.number}".encode()]
        name = f"note {self.number}.txt"
        made = add_document(services.database, services.files, house.law_base, name, content, house.owner.id)
        with self._database.writing() as session:
            version = session.get_one(DocumentVersion, made.version_id)
            version.state = state
            document = session.get_one(Document, made.document_id)
            document.current_version_id = version.id if state is VersionState.READY else None
            if self.of == "restricted":
                set_restrictions(session, document, [Subject(SubjectKind.USER, house.owner.id)])
        return made.document_id


class Nothing(Objects):
    """The same request about objects that there are not."""

    def __getattribute__(self, name: str) -> Any:
        if isinstance(Objects.__dict__.get(name), cached_property) and name != "number":
            return str(uuid.uuid4())
        return super().__getattribute__(name)


def one_page_pdf(text: str) -> bytes:
    """Return a PDF of one page with a line of plain ASCII."""
    stream = f"BT /F1 12 Tf 60 760 Td ({text}) Tj ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        "/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
    ]
    written, places = "%PDF-1.4\n", []
    for number, one in enumerate(objects, start=1):
        places.append(len(written))
        written += f"{number} 0 obj\n{one}\nendobj\n"
    entries = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    written += f"xref\n0 {size}\n0000000000 65535 f \n{entries}"
    written += f"trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{written.index('xref')}\n%%EOF\n"
    return written.encode("ascii")
