"""JSON as text: one `path: value` line a value, one block an entry of the outermost list or object."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ingest.parsers.builder import DocumentBuilder, one_line
from ingest.parsers.decoding import decode
from ingest.parsers.source import Source
from kb_platform.domain.document import BlockKind, FileFormat, ParsedDocument
from kb_platform.domain.errors import CorruptFile


def parse(source: Source) -> ParsedDocument:
    """Return the values of a JSON or JSON Lines file, each with the names that lead to it.

    Raises CorruptFile where the syntax breaks, NothingReadable, GarbledText, LimitExceeded.
    """
    text, encoding = decode(source.path.read_bytes(), source.file_name)
    builder = DocumentBuilder(FileFormat.TEXT, source.file_name, source.max_characters)
    builder.metadata["encoding"] = encoding
    for entry in _entries(text, source):
        builder.add_paragraph(BlockKind.PARAGRAPH, "\n".join(_lines(entry)))
    return builder.finish()


def _entries(text: str, source: Source) -> Iterator[Any]:
    try:
        if source.suffix in (".jsonl", ".ndjson"):
            yield from (json.loads(line) for line in text.splitlines() if line.strip())
            return
        value = json.loads(text)
    except ValueError as error:
        raise CorruptFile(source.file_name, f"it is not valid JSON ({error}).") from error
    except RecursionError as error:
        raise CorruptFile(source.file_name, "its JSON is nested too deeply.") from error
    yield from _divided(value)


def _divided(value: Any) -> Iterator[Any]:
    """A list's items; of an object, its short values together and each of its long lists' items alone."""
    if isinstance(value, list):
        yield from value
        return
    if not isinstance(value, dict):
        yield value
        return
    simple = {key: item for key, item in value.items() if not isinstance(item, list | dict)}
    if simple:
        yield simple
    for key, item in value.items():
        if isinstance(item, list) and any(isinstance(entry, dict) for entry in item):
            yield from item
        elif isinstance(item, list | dict):
            yield {key: item}


def _lines(value: Any) -> Iterator[str]:
    """Yield `name: value` lines of nested data, without recursion."""
    stack: list[tuple[str, Any]] = [("", value)]
    while stack:
        path, item = stack.pop()
        if isinstance(item, dict):
            stack.extend((f"{path}.{key}" if path else str(key), item[key]) for key in reversed(item))
        elif isinstance(item, list):
            if all(not isinstance(entry, list | dict) for entry in item):
                stack.append((path, ", ".join(_shown(entry) for entry in item)))
            else:
                stack.extend((path, entry) for entry in reversed(item))
        elif (shown := _shown(item)) != "":
            yield f"{path}: {shown}" if path else shown


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return one_line(value)
    return "" if value is None else json.dumps(value, ensure_ascii=False)
