"""`kb ask`: a question from the shell, with the answer as it comes and its sources."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from rich.console import Console

from kb_platform.domain.errors import InvalidInput
from web.cli.client import Data, ServerRefused, Url, call, connect, events, find_or_make_base

QUOTED_CHARACTERS = 160


def ask(
    question: Annotated[str, typer.Argument(help="The question; - reads it from standard input.")],
    base: Annotated[
        list[str] | None, typer.Option(help="Name of a knowledge base; give it several times for several.")
    ] = None,
    thinking: Annotated[bool, typer.Option(help="Let a reasoning model think first.")] = True,
    url: Url = None,
    data: Data = None,
) -> None:
    """Ask the knowledge bases (default: all). The answer goes to standard output, the rest to standard error."""
    text = sys.stdin.read().strip() if question == "-" else question
    aside = Console(stderr=True, highlight=False)
    with connect(url, data) as client:
        ids = [find_or_make_base(client, name, make=False) for name in base or []]
        ids = ids or [row["id"] for row in call(client, "GET", "/knowledge-bases")["knowledge_bases"]]
        if not ids:
            raise InvalidInput("There is no knowledge base yet: kb upload makes one.")
        conversation = call(client, "POST", "/conversations", json={"knowledge_base_ids": ids})
        path = f"/api/v1/conversations/{conversation['id']}/turns"
        sources: dict[int, dict[str, Any]] = {}
        citations: list[dict[str, Any]] = []
        with client.stream("POST", path, json={"question": text, "thinking": thinking}) as response:
            for name, event in events(response):
                if name == "sources":
                    sources = {source["number"]: source for source in event["sources"]}
                    speaker = event["model"] or "no model connected; the answer quotes the documents"
                    aside.print(f"[dim]{len(sources)} passages · {speaker}")
                elif name == "reasoning":
                    aside.print(event["text"], style="dim italic", end="")
                elif name == "answer":
                    print(event["text"], end="", flush=True)
                elif name == "citation":
                    citations.append(event["citation"])
                elif name == "error":
                    raise ServerRefused(event["message"])
    print(flush=True)
    _print_sources(aside, sources, citations)


def _print_sources(aside: Console, sources: dict[int, dict[str, Any]], citations: list[dict[str, Any]]) -> None:
    for number in sorted({citation["number"] for citation in citations} & sources.keys()):
        source = sources[number]
        support = next(citation["support"] for citation in citations if citation["number"] == number)
        place = " › ".join([source["document_name"], *source["heading_path"]])
        aside.print(f"\n[bold]\\[{number}][/bold] {place} [dim]({support})[/dim]")
        evidence = _evidence(source, citations)
        aside.print(
            f"    {evidence[:QUOTED_CHARACTERS]}{'…' if len(evidence) > QUOTED_CHARACTERS else ''}", markup=False
        )


def _evidence(source: dict[str, Any], citations: list[dict[str, Any]]) -> str:
    first = next(citation for citation in citations if citation["number"] == source["number"])
    start, end = first["evidence_start"] - source["start"], first["evidence_end"] - source["start"]
    words = source["text"][max(start, 0) : max(end, 0)] or source["text"]
    return " ".join(words.split())
