"""The comments on a workbook's cells, with who wrote them."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass

from lxml import etree  # type: ignore[import-untyped]

from ingest.parsers.builder import one_line
from ingest.parsers.office_xml import attribute, local, read_tree, relationships
from ingest.parsers.source import Source


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a cell (like B7); `author` is empty where the file does not say."""

    cell: str
    author: str
    text: str


def comments_of(archive: zipfile.ZipFile, source: Source) -> dict[str, list[Comment]]:
    """Return each sheet part's comments, older ones before threads, by the part's name.

    Raises CorruptFile, LimitExceeded.
    """
    found: dict[str, list[Comment]] = {}
    names = set(archive.namelist())
    persons = _persons(archive, names, source)
    for name in sorted(names):
        if not re.match(r"xl/worksheets/[^/]+\.xml$", name):
            continue
        parts = [(kind, path) for kind, path in relationships(archive, name, source).values() if path in names]
        for kind, path in sorted(parts):
            if kind == "comments":
                found.setdefault(name, []).extend(_notes(read_tree(archive, path, source)))
            elif kind == "threadedComment":
                found.setdefault(name, []).extend(_threads(read_tree(archive, path, source), persons))
    return found


def _persons(archive: zipfile.ZipFile, names: set[str], source: Source) -> dict[str, str]:
    persons: dict[str, str] = {}
    for name in sorted(names):
        if re.match(r"xl/persons/[^/]+\.xml$", name):
            for person in read_tree(archive, name, source).iter("{*}person"):
                persons[attribute(person, "id")] = one_line(attribute(person, "displayName"))
    return persons


def _notes(root: etree._Element) -> list[Comment]:
    authors = [one_line(author.text or "") for author in root.iter("{*}author")]
    notes = []
    for element in root.iter("{*}comment"):
        text = one_line("".join(inner.text or "" for inner in element.iter() if local(inner) == "t"))
        number = attribute(element, "authorId")
        author = authors[int(number)] if number.isdecimal() and int(number) < len(authors) else ""
        if text and not text.startswith("[Threaded comment]"):  # the thread itself is read from its own part
            # Excel writes the author's name at the head of the text as well
            notes.append(Comment(attribute(element, "ref"), "" if text.startswith(author) else author, text))
    return notes


def _threads(root: etree._Element, persons: dict[str, str]) -> list[Comment]:
    threads = []
    for element in root.iter("{*}threadedComment"):
        text = one_line("".join(inner.text or "" for inner in element.iter() if local(inner) == "text"))
        if text:
            author = persons.get(attribute(element, "personId"), "")
            threads.append(Comment(attribute(element, "ref"), author, text))
    return threads
