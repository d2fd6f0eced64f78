"""Every route, asked by every kind of caller, held against the table of what is allowed.

A request that is refused must change nothing in the database, and one about what may not be known must be answered like
one about what does not exist.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import Table

from benchmarks.house import House, Person, add_key, add_person, open_session, suspended
from benchmarks.route_objects import Nothing, Objects, World
from benchmarks.route_requests import HIDDEN, MCP_PATH, MCP_TOOLS, Sent, request_of
from benchmarks.route_table import CALLERS, Row
from kb_platform.database.engine import Database
from kb_platform.database.tables import Base, Role
from kb_platform.domain.access import Right

REFUSED = frozenset({401, 403, 404})
WATCHES = frozenset({"watch_documents"})
CHANGED_BY_ASKING = frozenset({"audit_events", "audit_chain"})
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Wrong:
    """A cell of the table that the application does not keep."""

    row: str
    caller: str
    said: str

    def __str__(self) -> str:
        return f"{self.row}, {self.caller}: {self.said}"


@dataclass(frozen=True, slots=True)
class Credential:
    """What a caller sends, and who they are."""

    caller: str
    token: str
    person: Person


def credentials(database: Database, house: House) -> list[Credential]:
    """Return what each kind of caller sends; for `gone` there are four ways."""
    admin = house.administrator
    gone = add_person(database, Role.EDITOR, house.law)
    ended = [
        open_session(database, house.owner.id, hours=-1),
        add_key(database, house.owner, is_expired=True),
        *suspended(database, gone),
    ]
    tokens = {
        "nobody": [""],
        "gone": ended,
        "stranger": [house.stranger.token],
        "reader": [house.reader.token],
        "editor": [house.editor.token],
        "manager": [house.manager.token],
        "admin": [admin.token],
        "elsewhere": [add_key(database, admin, knowledge_base_ids=[house.medicine_base])],
        **{str(right): [add_key(database, admin, [right])] for right in Right},
    }
    people = {"nobody": house.reader, "gone": gone, **{name: getattr(house, name, admin) for name in CALLERS[2:]}}
    return [Credential(caller, token, people[caller]) for caller in CALLERS for token in tokens[caller]]


def addresses(app: FastAPI) -> dict[str, tuple[str, str]]:
    """Return method and path of each operation: of those that the OpenAPI description has, of the MCP tools, and of
    what else answers."""
    described = {
        operation["operationId"]: (method.upper(), path)
        for path, methods in app.openapi()["paths"].items()
        for method, operation in methods.items()
    }
    tools = {f"mcp_{tool}": ("POST", MCP_PATH) for tool in MCP_TOOLS}
    return {**described, **HIDDEN, **tools}


def undescribed_paths(app: FastAPI) -> set[str]:
    """Return the paths that the application answers and the OpenAPI description leaves out."""
    return set(_undescribed(app.router.routes))


def check_routes(world: World, rows: Sequence[Row]) -> Iterator[tuple[int, list[Wrong]]]:
    """Yield, for each row, how many cells it has and which of them are wrong."""
    places = addresses(world.served.app)
    callers = credentials(world.served.services.database, world.house)
    with httpx.Client(base_url=world.served.url, timeout=60, trust_env=False) as client:
        for row in rows:
            check = _RowCheck(client, world, row, *places[row.operation])
            yield len(callers), [*check.refused(callers), *check.let_in(callers)]


class _RowCheck:
    def __init__(self, client: httpx.Client, world: World, row: Row, method: str, path: str) -> None:
        self._client, self._world, self._row = client, world, row
        self._method, self._path = method, path

    def refused(self, callers: Sequence[Credential]) -> Iterator[Wrong]:
        """Everything that is refused at once: nothing may have changed after it."""
        wanted = [one for one in callers if self._row.statuses[one.caller] in REFUSED]
        requests = [(one, request_of(self._row.operation, self._objects(one))) for one in wanted]
        before = _contents(self._world.served.services.database)
        for one, sent in requests:
            status, said = self._send(one, sent)
            yield from self._differs(one, status, said)
            if status == 404:
                nothing = request_of(self._row.operation, Nothing(self._world, self._row.of, one.caller, one.person))
                if self._send(one, nothing) != (status, said):
                    yield Wrong(self._row.name, one.caller, "answers otherwise for what does not exist")
        changed = [
            name for name, rows in _contents(self._world.served.services.database).items() if before[name] != rows
        ]
        if changed:
            yield Wrong(self._row.name, "refused callers", f"changed {', '.join(changed)}")

    def let_in(self, callers: Sequence[Credential]) -> Iterator[Wrong]:
        for one in callers:
            if self._row.statuses[one.caller] not in REFUSED:
                sent = request_of(self._row.operation, self._objects(one))
                yield from self._differs(one, *self._send(one, sent))

    def _objects(self, one: Credential) -> Objects:
        return Objects(self._world, self._row.of, one.caller, one.person)

    def _differs(self, one: Credential, status: int, said: str) -> Iterator[Wrong]:
        expected = self._row.statuses[one.caller]
        if status != expected:
            yield Wrong(self._row.name, one.caller, f"{status} instead of {expected}: {said[:160]}")

    def _send(self, one: Credential, sent: Sent) -> tuple[int, str]:
        """Return the status, and what was said with ids and the like blotted out."""
        path = self._path
        for name, value in sent.path.items():
            path = path.replace(f"{{{name}}}", value)
        token = sent.token or one.token
        headers = {**sent.headers, **({"Authorization": f"Bearer {token}"} if token else {})}
        self._client.cookies.clear()  # a sign-in before this one left one
        request = self._client.build_request(
            self._method, path, params=sent.params, json=sent.json, files=sent.files, headers=headers
        )
        answer = self._client.send(request, stream=True)
        try:
            if self._row.operation in WATCHES and answer.is_success:
                return answer.status_code, ""
            text = answer.read().decode("utf-8", "replace")
        finally:
            answer.close()
        return _meant(self._row.operation, answer.status_code, text), _ID.sub("ID", text)


def _meant(operation: str, status: int, text: str) -> int:
    """Return the status; of tools and of changes of many documents, which answer 200 and say inside what was refused,
    the one that the same refusal has elsewhere."""
    if status != 200 or not (operation.startswith("mcp_") or operation == "change_documents"):
        return status
    if operation == "change_documents":
        failed = json.loads(text)["failed"]
        return _STATUS_OF_CODE.get(failed[0]["code"], 500) if failed else status
    message = next(line for line in text.splitlines() if line.startswith(("data: {", "{"))).removeprefix("data: ")
    result: dict[str, Any] = json.loads(message).get("result", {})
    if "content" not in result:
        return 500
    if not result.get("isError"):
        return status
    said = json.dumps(result["content"])
    return next((number for code, number in _STATUS_OF_CODE.items() if f"{code}: " in said), 500)


_STATUS_OF_CODE = {"not_authenticated": 401, "not_allowed": 403, "not_found": 404}


def _contents(database: Database) -> dict[str, int]:
    """Return a digest of what each table holds, but for what every request may leave: the audit, and when a key was
    last used."""
    with database.reading() as session:
        return {
            table.name: hash(tuple(session.connection().exec_driver_sql(_everything(table)).all()))
            for table in Base.metadata.sorted_tables
            if table.name not in CHANGED_BY_ASKING
        }


def _everything(table: Table) -> str:
    columns = ", ".join(f'"{column.name}"' for column in table.columns if column.name != "last_used_at")
    return f'SELECT {columns} FROM "{table.name}"'


def _undescribed(routes: Sequence[Any]) -> Iterator[str]:
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from _undescribed(inner.routes)
        elif not getattr(route, "operation_id", None) or not route.include_in_schema:
            yield route.path
