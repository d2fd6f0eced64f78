"""Tables as Markdown: one row a line, every cell a run with its own place in the original."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.parsers.builder import Run, one_line
from kb_platform.domain.document import Anchor

Cell = tuple[str, Anchor | None]


def escaped(text: str) -> str:
    """Return the text as it stands in a Markdown cell: one line, bars escaped."""
    return one_line(text).replace("|", "\\|")


def table_runs(rows: Sequence[Sequence[Cell]], header_rows: int = 0) -> tuple[list[Run], int]:
    """Return the runs of a table and how many lines its header takes (0, or the rule line counted).

    Rows are padded to the widest. The first `header_rows` rows are the header.
    """
    width = max((len(row) for row in rows), default=0)
    runs: list[Run] = []
    for number, row in enumerate(rows):
        runs.append(Run("\n| " if number else "| "))
        for column in range(width):
            text, anchor = row[column] if column < len(row) else ("", None)
            if shown := escaped(text):
                runs.append(Run(shown, anchor))
            runs.append(Run(" | " if column < width - 1 else " |"))
        if number + 1 == header_rows:
            runs.append(Run("\n|" + " --- |" * width))
    return runs, header_rows + 1 if 0 < header_rows <= len(rows) else 0


def table_text(rows: Sequence[Sequence[str]], header_rows: int = 0) -> tuple[str, int]:
    """Return a table's Markdown and its header's lines, for formats that anchor a table as a whole."""
    runs, lines = table_runs([[(text, None) for text in row] for row in rows], header_rows)
    return "".join(run.text for run in runs), lines
