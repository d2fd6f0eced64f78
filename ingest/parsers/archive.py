"""Zip-based Office files are measured before they are parsed: what they unpack to is counted, not believed."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

from ingest.parsers.source import Source
from kb_platform.domain.errors import CorruptFile, LimitExceeded

_STEP = 1 << 20
_MAX_ENTRIES = 20_000
_XML_SHARE = 16
"""An XML part of n bytes costs up to this many times n in memory once it is a tree."""
_MAX_TOTAL_MIB = 2_048


def check_archive(source: Source) -> None:
    """Unpack every XML part once, keeping nothing, and stop where one is too large to be parsed in `memory_mib`.

    Raises LimitExceeded, CorruptFile.
    """
    part_limit = source.memory_mib * (1 << 20) // _XML_SHARE
    total_limit = min(_MAX_TOTAL_MIB, source.memory_mib) << 20
    total = 0
    with open_archive(source) as archive:
        entries = archive.infolist()
        if len(entries) > _MAX_ENTRIES:
            raise LimitExceeded(source.file_name, f"it unpacks to more than {_MAX_ENTRIES:,} parts.")
        for entry in entries:
            if not entry.filename.endswith((".xml", ".rels", ".vml")):
                continue
            part = 0
            streamed = entry.filename.startswith("xl/")  # read row by row, never as a tree
            for step in unpacked(archive, entry, source):
                part += len(step)
                total += len(step)
                if (part > part_limit and not streamed) or total > total_limit:
                    raise LimitExceeded(
                        source.file_name,
                        f"its part {entry.filename} unpacks to more than {min(part, total) >> 20:,} MiB. "
                        "Split the document, or remove what swells it.",
                    )


def open_archive(source: Source) -> zipfile.ZipFile:
    """Open the file as a zip. Raises CorruptFile."""
    try:
        return zipfile.ZipFile(source.path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise CorruptFile(source.file_name, "it is damaged or not fully uploaded.") from error


def unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, source: Source) -> Iterator[bytes]:
    """Yield an entry's bytes in steps. Raises CorruptFile where they cannot be unpacked."""
    try:
        with archive.open(entry) as stream:
            while step := stream.read(_STEP):
                yield step
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise CorruptFile(
            source.file_name, f"its part {entry.filename} is damaged. Open the file in Office and save it again."
        ) from error


def open_part(archive: zipfile.ZipFile, name: str, source: Source) -> IO[bytes]:
    """Open a part for reading. Raises CorruptFile when it is missing."""
    try:
        return archive.open(name)
    except (KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise CorruptFile(
            source.file_name, f"its part {name} is missing or damaged. Open the file in Office and save it again."
        ) from error


def read_whole(archive: zipfile.ZipFile, name: str, source: Source, most_bytes: int) -> bytes:
    """Return a part's bytes, counted as they are unpacked.

    Raises LimitExceeded when there are more than `most_bytes`, CorruptFile.
    """
    parts: list[bytes] = []
    total = 0
    open_part(archive, name, source).close()
    for step in unpacked(archive, archive.getinfo(name), source):
        total += len(step)
        if total > most_bytes:
            raise LimitExceeded(source.file_name, f"its part {name} unpacks to more than {most_bytes >> 20:,} MiB.")
        parts.append(step)
    return b"".join(parts)
