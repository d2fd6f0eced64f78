"""`kb index`: does the index hold what the database says, and how it is mended or made anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.progress import Progress

from kb_platform.domain.errors import IndexUnavailable
from kb_platform.settings import Settings
from web.cli import embedded
from web.cli.client import Data
from web.cli.instance import data_folder, instance_settings

if TYPE_CHECKING:
    from ingest.verification import Disagreements

app = typer.Typer(help="The vector index: compare it with the database, mend it, make it anew.", no_args_is_help=True)
SHOWN = 10


@app.command("verify")
def verify_index(
    data: Data = None,
    mend: bool = typer.Option(False, "--repair", help="Mend what can be mended."),
) -> None:
    """Compare database, index and files, both ways. Exit status 1 when they disagree (and were not repaired)."""
    from ingest.services import open_services  # brings torch: seconds, which no other command has to wait for
    from ingest.verification import repair, verify

    console = Console()
    with open_services(reachable_settings(data)) as services:
        found = verify(services)
        _print(console, found)
        if found and mend:
            with _progress(console, "indexing") as report:
                repair(found, services, report)
            found = verify(services)
            console.print("After the repair:")
            _print(console, found)
    if found:
        raise typer.Exit(1)


@app.command("rebuild")
def rebuild_index(data: Data = None) -> None:
    """Make the index from the database: after a loss, or for another embedding model.

    For another model: `KB_EMBEDDING__MODEL=… kb index rebuild` while the platform runs with the one before, then start
    it anew with that setting.
    """
    from ingest.services import open_services
    from ingest.verification import rebuild

    console = Console()
    with open_services(reachable_settings(data)) as services, _progress(console, "indexing") as report:
        documents = rebuild(services, report)
        name, points = services.index.collection, services.index.count()
    console.print(f"{documents} documents, {points} passages in the collection {name}.", highlight=False)


def reachable_settings(data: Data) -> Settings:
    """Return the settings of the instance with this data folder, pointed to its embedded parts where it runs.

    Raises IndexUnavailable when the embedded index is wanted and does not run."""
    settings = instance_settings(data)
    given = embedded.given_by(settings)
    folder = data_folder(data)
    changes: dict[str, object] = {}
    if not given.secret_key:
        secret = SecretStr(folder.secrets().secret_key)
        changes["security"] = settings.security.model_copy(update={"secret_key": secret})
    if not given.index:
        state = folder.running()
        port = next((one.port for one in state.processes if one.name == embedded.INDEX_NAME), 0) if state else 0
        if not port:
            raise IndexUnavailable(f"No platform runs with the data folder {folder.path}: start it first (`kb up`).")
        changes["index"] = settings.index.model_copy(
            update={"url": f"http://{embedded.LOOPBACK}:{port}", "api_key": SecretStr(folder.secrets().index_key)}
        )
    return settings.model_copy(update=changes)


@contextmanager
def _progress(console: Console, what: str) -> Iterator[Callable[[int, int], None]]:
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _print(console: Console, found: Disagreements) -> None:
    console.print(f"{found.documents} documents, {found.passages} passages", highlight=False)
    for what, items in (
        ("points without a passage", found.orphan_points),
        ("documents whose passages are not in the index as they should be", found.incorrect_documents),
        ("documents whose stored file is missing (upload them again)", found.missing_files),
    ):
        shown = ", ".join(items[:SHOWN]) + (" …" if len(items) > SHOWN else "")
        console.print(f"{len(items)} {what}{': ' if items else ''}{shown}", highlight=False)
    console.print(f"{found.unreferenced_files} stored files that nothing refers to (collected after an hour)")
