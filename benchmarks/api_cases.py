"""Requests that make no sense, to every operation of the API: generated from its description by Schemathesis.

Half of the requests keep to the description and half break it, and half name things that exist. Counted is every answer
that says the server made a mistake: a status of 500 and above, except 503, by which it says that a part is off (here
the job queue and every model), or a stream with an internal error in it.
"""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import httpx
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok

from benchmarks.figures import Figure, progress
from benchmarks.hostile_world import World

CASES = 10_600
"""Some operations take fewer requests than their share: ten thousand and a few hundred are then sent."""
QUICK_CASES = 300
ENDLESS = frozenset({"watch_documents"})
SLOW = frozenset({"ask", "create_chat_completion", "search", "measure_chunk", "connect_model_endpoint"})
"""Each of these searches, answers or looks for a host: they get a quarter of the cases."""
SECONDS = 60
TEXT = b"# Rules\n\nThe library is open from 8:00 to 22:00.\n"


@dataclass
class Tally:
    """How many requests were sent, and what came back that must not."""

    sent: int = 0
    errors: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)


def measure_server_errors(world: World, quick: bool) -> Iterator[Figure]:
    """Yield how many requests were answered with a server error."""
    tally = server_errors(world, QUICK_CASES if quick else CASES)
    progress(f"answers by status: {dict(sorted(tally.statuses.items()))}")
    for error in tally.errors:
        progress(error)
    yield Figure("hostile", "server_errors", len(tally.errors), "requests", tally.sent)


def server_errors(world: World, least: int) -> Tally:
    """Send at least so many requests, shared out among all operations."""
    description = world.served.app.openapi()
    operations = [found.ok() for found in schemathesis.openapi.from_dict(description).get_all_operations()
                  if isinstance(found, Ok)]  # fmt: skip
    tally = Tally()
    shares = {operation.label: 1 if _name(operation) in SLOW else 4 for operation in operations}
    for number, operation in enumerate(operations):
        most = max(2, math.ceil(least * shares[operation.label] / sum(shares.values()) / 2))
        progress(f"operations {number}/{len(operations)}: {operation.label}, {tally.sent} requests sent")
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            _attack(world, operation, mode, most, tally)
    return tally


def _attack(world: World, operation: Any, mode: GenerationMode, most: int, tally: Tally) -> None:
    """Send up to `most` requests to an operation, as a newly signed-in administrator among newly made things."""
    with closing(world.administrator()) as client:
        known = _things(client)
        session = requests.Session()
        session.trust_env = False
        session.headers["Authorization"] = client.headers["Authorization"]

        def send(case: Case[Any], names_what_exists: bool) -> None:
            if names_what_exists:
                case.path_parameters = {
                    name: known.get(name, value) for name, value in (case.path_parameters or {}).items()
                }
            _send(session, world.url, case, _name(operation), tally)

        try:
            strategy = operation.as_strategy(generation_mode=mode)
            run = given(strategy, st.booleans())(send)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                settings(
                    max_examples=most, database=None, deadline=None, derandomize=True, phases=(Phase.generate,),
                    suppress_health_check=list(HealthCheck),
                )(run)()  # fmt: skip
        except Exception as error:  # noqa: BLE001 - what cannot be generated is said, and is no answer of the server
            progress(f"{operation.label}: no {mode.value} requests ({type(error).__name__}: {str(error)[:100]})")


def _send(session: requests.Session, url: str, case: Case[Any], name: str, tally: Tally) -> None:
    arguments = case.as_transport_kwargs(base_url=url)
    arguments["headers"] = {**(arguments.get("headers") or {}), **session.headers, "X-KB-Request": "1"}
    arguments["cookies"] = None
    try:
        with session.request(**arguments, stream=True, timeout=SECONDS, allow_redirects=False) as answer:
            body = b"" if name in ENDLESS else answer.content
            status = answer.status_code
    except (UnicodeError, ValueError, requests.exceptions.InvalidHeader, requests.exceptions.InvalidURL):
        return  # no client could send this
    except requests.exceptions.RequestException as error:
        tally.errors.append(f"{case.method} {case.formatted_path}: no answer ({type(error).__name__})")
        return
    tally.sent += 1
    tally.statuses[status] += 1
    if (status >= 500 and status != 503) or b'"internal_error"' in body:
        tally.errors.append(f"{case.method} {case.formatted_path} {status}: {_shown(arguments)}")


def _shown(arguments: dict[str, Any]) -> str:
    return repr({name: arguments.get(name) for name in ("params", "json", "data", "files")})[:500]


def _name(operation: Any) -> str:
    return str(operation.definition.raw.get("operationId", ""))


def _things(client: httpx.Client) -> dict[str, str]:
    """Make one of what paths can name; return the ids by the parameters' names."""
    api = "/api/v1"

    def made(path: str, body: dict[str, Any]) -> str:
        answer = client.post(f"{api}/{path}", json=body)
        answer.raise_for_status()
        return str(answer.json()["id"])

    base = made("knowledge-bases", {"name": "Rules"})
    files = [("files", ("rules.md", TEXT))]
    document = client.post(f"{api}/knowledge-bases/{base}/documents", files=files).json()["documents"][0]["id"]
    return {
        "knowledge_base_id": base,
        "document_id": document,
        "conversation_id": made("conversations", {"knowledge_base_ids": [base]}),
        "api_key_id": made("api-keys", {"name": "k"}),
        "invitation_id": made("invitations", {}),
        "number": "1",
        "model": "kb:Rules",
    }
