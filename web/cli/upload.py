"""`kb upload`: files and folders into a knowledge base, followed until each is ready or has failed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from kb_platform.domain.errors import InvalidInput
from web.cli.client import Data, ServerRefused, Url, call, connect, events, find_or_make_base

UNFINISHED = {"queued", "parsing", "embedding", "paused"}
BATCH = 20
SHOWN_WHILE_WORKING = 25

Documents = dict[str, dict[str, Any]]


def upload(
    paths: Annotated[list[Path], typer.Argument(exists=True, help="Files, or folders with files.")],
    base: Annotated[str, typer.Option(help="Name of the knowledge base; made where there is none.")] = "Documents",
    keep_duplicates: Annotated[
        bool, typer.Option("--keep-duplicates", help="Take files, too, whose content is there under another name.")
    ] = False,
    url: Url = None,
    data: Data = None,
) -> None:
    """Upload files and wait until they are ready. Exit status 1 when one failed."""
    console = Console()
    with connect(url, data) as client:
        system = call(client, "GET", "/system")
        files = list(_files(paths, set(system["formats"])))
        if not files:
            raise InvalidInput(f"There is no file of a readable kind ({' '.join(system['formats'])}).")
        base_id = find_or_make_base(client, base, make=True)
        documents: Documents = {}
        refused: list[tuple[str, str]] = []
        skipped: list[tuple[str, str]] = []
        for start in range(0, len(files), BATCH):
            sent = _send(client, base_id, files[start : start + BATCH], documents, refused, keep_duplicates)
            skipped += [(file["name"], file["document_path"]) for file in sent]
            console.print(f"{min(start + BATCH, len(files))} of {len(files)} files sent", highlight=False)
        with Live(_table(documents, refused, False), console=console, refresh_per_second=4, transient=True) as live:
            _follow(client, base_id, documents, lambda: live.update(_table(documents, refused, False)))
    console.print(_table(documents, refused, True))
    for name, there in skipped:
        console.print(f"{name}: not taken, the same content is there as {there} (--keep-duplicates takes it)")
    failed = [document for document in documents.values() if document["state"] == "failed"]
    console.print(f"{len(documents) - len(failed)} ready, {len(failed) + len(refused)} failed", highlight=False)
    if failed or refused:
        raise typer.Exit(1)


def _files(paths: list[Path], suffixes: set[str]) -> Iterator[tuple[str, Path]]:
    """Yield the files that were named, whatever their kind, and those of a readable kind in the folders, with the name
    that each is to have: its path from the folder on."""
    for path in paths:
        if path.is_file():
            yield path.name, path
        else:
            for inner in sorted(path.rglob("*")):
                if inner.is_file() and inner.suffix.lower() in suffixes and not inner.name.startswith("."):
                    yield (Path(path.resolve().name) / inner.relative_to(path)).as_posix(), inner


def _send(
    client: httpx.Client,
    base_id: str,
    files: list[tuple[str, Path]],
    documents: Documents,
    refused: list[tuple[str, str]],
    keep_duplicates: bool,
) -> list[dict[str, str]]:
    """Send the files; returns those that were not taken since their content is there."""
    fields = {"keep_folders": "true", "duplicates": "keep" if keep_duplicates else "offer"}
    with ExitStack() as opened:
        parts = [("files", (name, opened.enter_context(path.open("rb")))) for name, path in files]
        try:
            result = call(client, "POST", f"/knowledge-bases/{base_id}/documents", files=parts, data=fields)
        except ServerRefused as error:
            if len(files) == 1:
                refused.append((files[0][0], error.message))
                return []
            result = None
    if result is None:  # all were refused at once: ask for each one's own reason
        return [
            skipped for file in files for skipped in _send(client, base_id, [file], documents, refused, keep_duplicates)
        ]
    documents.update({document["id"]: document for document in result["documents"]})
    refused.extend((file["name"], file["message"]) for file in result["rejected"])
    return list(result["duplicates"])


def _follow(client: httpx.Client, base_id: str, documents: Documents, changed: Callable[[], None]) -> None:
    """Keep the documents up to date until none is unfinished; a broken stream is taken up again."""
    while _is_unfinished(documents):
        try:
            with client.stream("GET", f"/api/v1/knowledge-bases/{base_id}/events") as response:
                for name, event in events(response):
                    _apply(name, event, documents)
                    changed()
                    if not _is_unfinished(documents):
                        return
        except httpx.HTTPError:
            time.sleep(1)


def _apply(name: str, event: dict[str, Any], documents: Documents) -> None:
    if name == "snapshot":
        there = {document["id"]: document for document in event["documents"]}
        for document_id in list(documents):
            documents.pop(document_id)
            if document_id in there:
                documents[document_id] = there[document_id]
    elif name == "document" and event["id"] in documents:
        documents[event["id"]] = event
    elif name == "deleted":
        documents.pop(event["id"], None)


def _is_unfinished(documents: Documents) -> bool:
    return any(document["state"] in UNFINISHED for document in documents.values())


def _table(documents: Documents, refused: list[tuple[str, str]], finished: bool) -> Table:
    rows = list(documents.values())
    if not finished:
        rows = [row for row in rows if row["state"] in UNFINISHED] + [
            row for row in rows if row["state"] not in UNFINISHED
        ]
        rows = rows[:SHOWN_WHILE_WORKING]
    table = Table("file", "state", "pages", "passages", "", box=None, pad_edge=False)
    for row in rows:
        pages = f"{row['pages_done']}/{row['pages_total']}" if row["pages_total"] else ""
        passages = f"{row['chunks_done']}/{row['chunks_total']}" if row["chunks_total"] else ""
        colour = {"ready": "green", "failed": "red"}.get(row["state"], "yellow")
        table.add_row(row["name"], f"[{colour}]{row['state']}", pages, passages, row["error_message"])
    for name, message in refused:
        table.add_row(name, "[red]refused", "", "", message)
    return table
