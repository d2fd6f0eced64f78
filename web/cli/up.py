"""`kb up`, `down`, `status`, `logs`: the instance of this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from kb_platform.domain.errors import KnowledgeBaseError
from web.cli.background import start_in_background
from web.cli.client import Data, LocalKey, call, open_client
from web.cli.instance import Folder, RunState, Say, birth_of, data_folder, instance_settings

STOP_SECONDS = 20.0


class NotRunning(KnowledgeBaseError):
    """There is no instance with this data folder."""


def supervise(folder: Folder, port: int | None, say: Say, ready: Say) -> None:
    """Run the instance of the folder in this process until a signal comes. Raises AlreadyRunning, StartFailed."""
    from web.cli.supervisor import Supervisor  # here: it takes a second that the other commands need not wait

    settings = instance_settings(folder.path)
    if port is not None:
        settings = settings.model_copy(update={"server": settings.server.model_copy(update={"port": port})})
    with folder.hold():
        Supervisor(folder, settings, say).run(ready)


def up(
    detach: Annotated[bool, typer.Option("-d", "--detach", help="Run in the background.")] = False,
    port: Annotated[int | None, typer.Option(help="Port of the website (default: 8080).")] = None,
    data: Data = None,
) -> None:
    """Start the platform; Ctrl-C stops it. Its data stays for the next start."""
    folder = data_folder(data)
    typer.echo("Starting …")
    if detach:
        typer.echo(start_in_background(folder, port))
        typer.echo("Stop:      ./kb down" + (f" --data {data}" if data else ""))
        return
    supervise(folder, port, typer.echo, lambda text: typer.echo(f"{text}\nStop:      Ctrl-C"))
    typer.echo("Stopped.")


def down(data: Data = None) -> None:
    """Stop the instance that runs in the background."""
    folder = data_folder(data)
    pid = folder.supervisor()
    if not pid:
        typer.echo("Not running.")
        return
    birth = birth_of(pid)
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while birth_of(pid) == birth:
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)  # its processes end with it
            deadline += STOP_SECONDS
        time.sleep(0.1)
    typer.echo("Stopped.")


def status(data: Data = None) -> None:
    """Show the processes of the instance and how many documents it holds. Exit status 1: not running or not ready."""
    folder = data_folder(data)
    state = folder.running()
    if state is None:
        typer.echo("Starting." if folder.supervisor() else "Not running.")
        raise typer.Exit(1)
    table = Table("process", "pid", "port", "ready", "restarts", box=None, pad_edge=False)
    for process in state.processes:
        ready = "yes" if process.ready else "no"
        table.add_row(process.name, str(process.pid), str(process.port or ""), ready, str(process.restarts))
    console = Console()
    console.print(f"Running at {state.url} since {state.started_at} (supervisor {state.pid}, data {folder.path})")
    console.print(table)
    counts = _count_documents(state, folder)
    console.print(counts or "The website does not answer.")
    if not counts or not all(process.ready for process in state.processes):
        raise typer.Exit(1)


def logs(
    name: Annotated[str, typer.Argument(help="A process's name; empty: all.")] = "",
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on as lines come.")] = False,
    lines: Annotated[int, typer.Option("-n", "--lines", help="Lines of each log.")] = 50,
    data: Data = None,
) -> None:
    """Show the logs of the processes."""
    folder = data_folder(data)
    files = sorted(path for path in folder.logs.glob("*.log") if path.stem.isalpha() and name in ("", path.stem))
    if not files:
        raise NotRunning(f"There is no log {name} in {folder.logs}.".replace("  ", " "))
    command = ["tail", "-n", str(lines), *(["-F"] if follow else []), *map(str, files)]
    raise typer.Exit(subprocess.run(command, check=False).returncode)


def _count_documents(state: RunState, folder: Folder) -> str:
    try:
        with open_client(state.url, LocalKey(folder)) as client:
            bases = call(client, "GET", "/knowledge-bases")["knowledge_bases"]
    except KnowledgeBaseError:
        return ""
    documents = sum(base["document_count"] for base in bases)
    ready = sum(base["ready_count"] for base in bases)
    return f"knowledge bases: {len(bases)}, documents: {documents}, ready: {ready}"
