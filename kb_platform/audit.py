"""The audit: an append-only chain of who did what to which object, when, from where, with which result.

Each event's hash is SHA-256 over its canonical JSON, which holds the hash of the event before. Where the chain ends
is signed with a key made from the platform's secret key, so that events cut off at the end are noticed as well as
those changed, removed or put in between. Several processes write: the chain's row is their lock.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from pydantic import SecretStr
from sqlalchemy import Row, Table, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kb_platform.database.audit_tables import AuditChain, AuditEvent
from kb_platform.database.engine import Database
from kb_platform.database.tables import now

CHAIN = 1
EVENTS, CHAINS = (cast(Table, mapped.__table__) for mapped in (AuditEvent, AuditChain))
_HASHED = (
    "number",
    "at",
    "action",
    "user_id",
    "user",
    "credential",
    "credential_id",
    "objects",
    "details",
    "address",
    "user_agent",
    "status",
    "previous_hash",
)
"""A list and not whatever the table has: a column that comes later must not change the hashes of older events."""
# Plain statements, made once: with mapped objects an event takes three times as long, before every answer that changes
# something.
_LENGTHEN = (
    update(CHAINS).where(CHAINS.c.id == CHAIN).values(last_number=CHAINS.c.last_number + 1).returning(*CHAINS.columns)
)
_APPEND = insert(EVENTS)
_SIGN = (
    update(CHAINS)
    .where(CHAINS.c.id == CHAIN)
    .values(last_hash=bindparam("new_hash"), signature=bindparam("new_signature"))
)
READ_AT_ONCE = 2000
MOST_DETAIL_CHARACTERS = 4000
MOST_ITEMS = 1000
"""As many as one upload has files."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be kept. Times, numbers and hashes are the chain's business."""

    action: str
    status: int
    user_id: str = ""
    user: str = ""
    credential: str = ""
    credential_id: str = ""
    objects: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    address: str = ""
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """What looking through the chain found: `problem` is empty where nothing is wrong, `broken` the first event that
    is (0 where it is none in particular)."""

    events: int
    first_number: int
    last_number: int
    last_hash: str
    broken: int = 0
    problem: str = ""


def append_event(database: Database, secret_key: SecretStr, entry: Entry) -> int:
    """Append an event in a transaction of its own and return its number."""
    with database.writing() as session:
        chain = _lengthened(session)
        event = {
            "number": chain.last_number,
            "at": now(),
            "action": _text(entry.action, 64),
            "user_id": _text(entry.user_id, 36),
            "user": _text(entry.user, 320),
            "credential": _text(entry.credential, 16),
            "credential_id": _text(entry.credential_id, 64),
            "objects": _storable(entry.objects),
            "details": _storable(entry.details),
            "address": _text(entry.address, 64),
            "user_agent": _text(entry.user_agent, 255),
            "status": entry.status,
            "previous_hash": chain.last_hash,
        }
        event["hash"] = last_hash = _hash(event)
        signature = _signature(secret_key, chain.first_number, chain.anchor_hash, chain.last_number, last_hash)
        connection = session.connection()
        connection.execute(_APPEND, event)
        connection.execute(_SIGN, {"new_hash": last_hash, "new_signature": signature})
        return int(chain.last_number)


def verify(database: Database, secret_key: SecretStr, known: tuple[int, str] | None = None) -> Verification:
    """Look through the whole chain. `known` is the number and hash of an event as somebody noted it elsewhere: it
    also notices a whole database that was put back to an earlier state."""
    with database.reading() as session:
        if session.get_bind().dialect.name == "postgresql":  # others go on appending meanwhile; SQLite reads one state
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        chain = session.get(AuditChain, CHAIN)
        if chain is None:
            count = session.scalar(select(func.count()).select_from(AuditEvent)) or 0
            problem = "the row that says where the chain ends is missing" if count or known else ""
            return Verification(count, 1, 0, "", 0, problem)
        count = 0
        broken, problem = 0, ""
        expected, previous = chain.first_number, chain.anchor_hash
        known_hash = ""
        for event in _all(session):
            count += 1
            if not problem:
                problem = _problem(event, expected, previous)
                broken = (expected if event.number > expected else event.number) if problem else 0
            if known is not None and event.number == known[0]:
                known_hash = event.hash
            expected, previous = event.number + 1, event.hash
        if not problem and (expected - 1, previous) != (chain.last_number, chain.last_hash):
            broken = expected
            problem = f"the chain should end with event {chain.last_number}: its end was cut off or changed"
        if not problem and not hmac.compare_digest(chain.signature, _signature_of(chain, secret_key)):
            problem = "the signature of the chain's end is wrong: it was not written with this secret key"
        if not problem and known is not None and known[0] >= chain.first_number and known_hash != known[1]:
            broken, problem = known[0], "this event is not the one that was noted: the chain was made anew or put back"
        return Verification(count, chain.first_number, chain.last_number, chain.last_hash, broken, problem)


def prune(database: Database, secret_key: SecretStr, retention_days: int) -> int:
    """Remove events older than this and return how many; 0 days keeps all. What stays can still be verified: the
    hash of the last removed event is the chain's anchor."""
    if retention_days <= 0:
        return 0
    with database.writing() as session:
        chain = _lock(session)
        oldest_kept = session.scalar(
            select(func.min(AuditEvent.number)).where(AuditEvent.at >= now() - timedelta(days=retention_days))
        )
        first = oldest_kept if oldest_kept is not None else chain.last_number + 1
        if first <= chain.first_number:
            return 0
        anchor = session.get(AuditEvent, first - 1)
        if anchor is None:  # removed by somebody else: `verify` has to say so, not an anchor that hides it
            return 0
        chain.anchor_hash, chain.first_number = anchor.hash, first
        _sign(chain, secret_key)
        removed = session.execute(delete(AuditEvent).where(AuditEvent.number < first))
        return int(getattr(removed, "rowcount", 0))


def hash_of(event: AuditEvent) -> str:
    """Return the SHA-256 over the event's canonical JSON: keys sorted, no white space, UTF-8, times in UTC."""
    return _hash({name: getattr(event, name) for name in _HASHED})


def _hash(event: Mapping[str, Any]) -> str:
    return hashlib.sha256(_canonical({**event, "at": _time(event["at"])})).hexdigest()


def _lengthened(session: Session) -> Row[Any]:
    """Return the chain with the next event's number and the last one's hash, locked until the transaction ends."""
    connection = session.connection()
    row = connection.execute(_LENGTHEN).one_or_none()
    if row is None:
        _lock(session)
        row = connection.execute(_LENGTHEN).one()
    return row


def _lock(session: Session) -> AuditChain:
    """Return the chain's row, locked until the transaction ends."""
    touched = update(AuditChain).where(AuditChain.id == CHAIN).values(last_number=AuditChain.last_number)
    if not getattr(session.execute(touched), "rowcount", 0):
        try:
            with session.begin_nested():
                session.add(AuditChain(id=CHAIN, first_number=1, anchor_hash="", last_number=0, last_hash=""))
        except IntegrityError:  # another process was first
            session.execute(touched)
    return session.get_one(AuditChain, CHAIN, populate_existing=True)


def _sign(chain: AuditChain, secret_key: SecretStr) -> None:
    chain.signature = _signature_of(chain, secret_key)


def _signature_of(chain: AuditChain, secret_key: SecretStr) -> str:
    return _signature(secret_key, chain.first_number, chain.anchor_hash, chain.last_number, chain.last_hash)


def _signature(secret_key: SecretStr, first_number: int, anchor_hash: str, last_number: int, last_hash: str) -> str:
    key = hashlib.sha256(b"audit chain\x00" + secret_key.get_secret_value().encode()).digest()
    signed = [first_number, anchor_hash, last_number, last_hash]
    return hmac.new(key, _canonical(signed), hashlib.sha256).hexdigest()


def _all(session: Session) -> Iterator[AuditEvent]:
    last = -1
    while True:
        page = session.scalars(
            select(AuditEvent).where(AuditEvent.number > last).order_by(AuditEvent.number).limit(READ_AT_ONCE)
        ).all()
        if not page:
            return
        yield from page
        last = page[-1].number
        session.expunge_all()


def _problem(event: AuditEvent, expected: int, previous: str) -> str:
    if event.number != expected:
        return f"event {expected} is missing" if event.number > expected else f"event {event.number} was put in"
    if event.previous_hash != previous:
        return f"event {event.number} does not follow the one before it"
    if event.hash != hash_of(event):
        return f"event {event.number} was changed"
    return ""


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _time(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")


def _text(text: str, most: int = MOST_DETAIL_CHARACTERS) -> str:
    """Return what every database keeps: no NUL, no half of a surrogate pair, not too long."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()[:most]


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return {_text(str(key), 64): _storable(item) for key, item in list(value.items())[:MOST_ITEMS]}
    if isinstance(value, list | tuple):
        return [_storable(item) for item in value[:MOST_ITEMS]]
    return value if value is None or isinstance(value, bool | int) else _text(str(value))
