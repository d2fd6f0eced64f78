"""One module a format. `parse` finds out which one reads a file."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from ingest.parsers.detect import SUFFIXES, detect
from ingest.parsers.source import Source
from kb_platform.domain.document import ParsedDocument

SUPPORTED_SUFFIXES: tuple[str, ...] = tuple(SUFFIXES)

_ZIPPED = frozenset(("docx", "pptx", "xlsx"))


def parse(source: Source) -> ParsedDocument:
    """Return what the file holds. Only the modules of its format are imported.

    Raises UnreadableFile (one of its subclasses) with a reason a person can act on. Meant to run in a child process
    with limits (`ingest.sandbox`).
    """
    from dataclasses import replace

    detected = detect(source)
    if detected.parser in _ZIPPED:
        from ingest.parsers.archive import check_archive

        check_archive(source)
    module = import_module(f"ingest.parsers.{detected.parser}")
    parsed = cast(ParsedDocument, module.parse(source))
    if detected.warning:
        parsed = replace(parsed, warnings=(detected.warning, *parsed.warnings))
    return parsed
