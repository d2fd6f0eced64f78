"""Watching a knowledge base live."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import httpx

from tests.integration.api.conftest import RULES, ReadAll, upload

Events = queue.Queue[tuple[str, Any]]


@contextmanager
def watching(client: httpx.Client, base: str) -> Iterator[Events]:
    """Collect the events of a knowledge base in a thread; the queue ends with ("end", None)."""
    events: Events = queue.Queue()
    with client.stream("GET", f"/api/v1/knowledge-bases/{base}/events") as response:
        assert response.headers["x-accel-buffering"] == "no"

        def collect() -> None:
            name = ""
            try:
                for line in response.iter_lines():
                    if line.startswith("event: "):
                        name = line.removeprefix("event: ")
                    elif line.startswith("data: "):
                        events.put((name, json.loads(line.removeprefix("data: "))))
            except (httpx.HTTPError, httpx.StreamError):
                pass
            events.put(("end", None))

        threading.Thread(target=collect, daemon=True).start()
        yield events


def test_states_arrive_as_they_change_and_only_then(
    editor: httpx.Client, reader: httpx.Client, base: str, read_all: ReadAll
) -> None:
    with watching(reader, base) as events:
        assert events.get(timeout=5) == ("snapshot", {"documents": []})
        document = upload(editor, base, ("办法.md", RULES)).json()["documents"][0]
        assert events.get(timeout=5) == ("document", document)
        read_all(base)
        seen = [events.get(timeout=5)]
        while seen[-1][1]["state"] != "ready":
            seen.append(events.get(timeout=5))
        assert all(before != after for before, after in pairwise(seen))
        editor.delete(f"/api/v1/documents/{document['id']}")
        assert events.get(timeout=5) == ("deleted", {"id": document["id"]})
        assert events.empty()


def test_the_snapshot_holds_what_is_there(editor: httpx.Client, base: str) -> None:
    document = upload(editor, base, ("a.txt", b"x")).json()["documents"][0]
    with watching(editor, base) as events:
        assert events.get(timeout=5) == ("snapshot", {"documents": [document]})


def test_the_stream_of_a_deleted_knowledge_base_ends(editor: httpx.Client, reader: httpx.Client, base: str) -> None:
    with watching(reader, base) as events:
        events.get(timeout=5)
        editor.delete(f"/api/v1/knowledge-bases/{base}")
        assert events.get(timeout=5) == ("end", None)
