"""`kb eval`: how well a knowledge base finds, answers, cites and abstains, on questions with known answers."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from inference.evaluation.metrics import LOWER_IS_BETTER, METRICS
from inference.evaluation.runs import (
    Difference,
    Run,
    changed_questions,
    compare,
    from_json,
    make_run,
    missed_limits,
    parse_limit,
    to_json,
)
from kb_platform.domain.errors import InvalidInput
from web.cli.client import Data, Url, call, connect, find_or_make_base
from web.cli.evaluating import evaluate_question, upload_passages
from web.cli.evaluation_page import page_of
from web.cli.question_files import load_passages, load_questions

app = typer.Typer(help="Measure a knowledge base on questions with known answers.", no_args_is_help=True)
Set = Annotated[Path, typer.Argument(help="Folder with queries.jsonl (and corpus.jsonl), a .jsonl or a .csv file.")]
Questions = Annotated[int, typer.Option("--questions", help="So many of the questions, always the same (0: all).")]
Base = Annotated[str, typer.Option("--base", help="Name of the knowledge base.")]
SHOWN_CHANGES = 10


@app.command()
def load(
    question_set: Set,
    base: Base,
    questions: Questions = 0,
    passages: Annotated[int, typer.Option(help="So many passages, those of the questions first (0: all).")] = 0,
    url: Url = None,
    data: Data = None,
) -> None:
    """Put a set's passages into a knowledge base as documents whose names carry their ids, and wait for them."""
    console = Console(stderr=True, highlight=False)
    files = load_passages(question_set, load_questions(question_set, questions), passages)
    with connect(url, data) as client, Progress(console=console, transient=True) as bar:
        task = bar.add_task(f"{len(files)} passages", total=len(files))
        base_id = find_or_make_base(client, base, make=True)
        refused = upload_passages(client, base_id, files, lambda done: bar.update(task, completed=done))
    for reason in refused:
        console.print(reason)
    console.print(f"{len(files) - len(refused)} of {len(files)} passages are in “{base}”")
    if refused:
        raise typer.Exit(1)


@app.command()
def run(
    question_set: Set,
    base: Base,
    questions: Questions = 0,
    answers: Annotated[bool, typer.Option("--answers/--search-only", help="Ask too, or only search.")] = True,
    thinking: Annotated[bool, typer.Option(help="Let a reasoning model think first.")] = True,
    out: Annotated[Path | None, typer.Option(help="File for the result as JSON.")] = None,
    html: Annotated[Path | None, typer.Option(help="File for the result as one HTML page.")] = None,
    fail_below: Annotated[
        list[str] | None,
        typer.Option(help="recall@10=.8: exit status 1 when the metric is worse; may be given several times."),
    ] = None,
    url: Url = None,
    data: Data = None,
) -> None:
    """Put the questions to a knowledge base. The table goes to standard output, progress to standard error."""
    limits = [parse_limit(text) for text in fail_below or []]
    asked = load_questions(question_set, questions)
    console = Console(highlight=False, width=None if os.isatty(1) else 120)
    with connect(url, data) as client, Progress(console=Console(stderr=True), transient=True) as bar:
        base_id = find_or_make_base(client, base, make=False)
        system = call(client, "GET", "/system")
        task = bar.add_task(f"{len(asked)} questions", total=len(asked))
        results = []
        for question in asked:
            results.append(evaluate_question(client, base_id, question, answers, thinking))
            bar.advance(task)
    about = {
        "questions": question_set.name,
        "knowledge base": base,
        "answered by": (system["model"] or system["answerer"]) if answers else "search only",
        "embedding": system["embedding_model"],
        "version": system["version"],
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    made = make_run(about, results)
    console.print(_table(made))
    for path, text in ((out, to_json), (html, page_of)):
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text(made), "utf-8")
    missed = missed_limits(made, limits)
    for sentence in missed:
        console.print(f"[red]✗[/red] {sentence}")
    if missed or all(result.error for result in results):
        raise typer.Exit(1)


@app.command("compare")
def compare_runs(
    before: Annotated[Path, typer.Argument(help="JSON of the run before.")],
    after: Annotated[Path, typer.Argument(help="JSON of the run after.")],
    metric: Annotated[str, typer.Option(help="Metric whose changed questions are listed.")] = "recall@10",
    fail_worse: Annotated[bool, typer.Option(help="Exit status 1 when a metric got clearly worse.")] = False,
) -> None:
    """Compare two runs question by question: what changed, and whether it is more than chance (paired bootstrap)."""
    one, other = (from_json(_read(path)) for path in (before, after))
    differences = compare(one, other)
    console = Console(highlight=False, width=None if os.isatty(1) else 120)
    console.print(_differences(differences))
    changed = changed_questions(one, other, metric)
    if changed:
        console.print(f"\n{metric}: {len(changed)} questions changed")
        kept = changed if len(changed) <= 2 * SHOWN_CHANGES else [*changed[:SHOWN_CHANGES], *changed[-SHOWN_CHANGES:]]
        for result, was, is_now in kept:
            console.print(f"  {was:.2f} → {is_now:.2f}  {result.question}", markup=False)
    if fail_worse and any(difference.verdict == "worse" for difference in differences):
        raise typer.Exit(1)


def _table(made: Run) -> Table:
    table = Table("metric", "mean", "95 % interval", "questions", title=" · ".join(made.about.values()), title_style="")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, mean in ((name, made.metrics[name]) for name in METRICS if name in made.metrics):
        label = f"{name} ↓" if name in LOWER_IS_BETTER else name
        digits = 0 if name == "tokens" else 3
        interval = f"{mean.low:.{digits}f} … {mean.high:.{digits}f}"
        table.add_row(label, f"{mean.value:.{digits}f}", interval, str(mean.n))
    return table


def _differences(differences: list[Difference]) -> Table:
    table = Table("metric", "before", "after", "change", "95 % interval", "questions", "")
    for column in table.columns[1:6]:
        column.justify = "right"
    colours = {"better": "green", "worse": "red", "same": "dim"}
    for d in differences:
        interval = f"{d.low:+.3f} … {d.high:+.3f}"
        verdict = f"[{colours[d.verdict]}]{d.verdict}"
        table.add_row(d.metric, f"{d.before:.3f}", f"{d.after:.3f}", f"{d.change:+.3f}", interval, str(d.n), verdict)
    return table


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} cannot be read: {error}") from error
