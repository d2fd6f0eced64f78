from __future__ import annotations

import os
from pathlib import Path

import pytest

from kb_platform.database.tables import DocumentVersion
from kb_platform.domain.document import Block, BlockKind, FileFormat, ParsedDocument, dump_parsed
from kb_platform.domain.errors import Conflict, NotFound
from kb_platform.files import FileStore
from web.originals import PARSED_KEPT, Originals, prune


@pytest.fixture
def files(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files")


@pytest.fixture
def originals(files: FileStore, tmp_path: Path) -> Originals:
    return Originals(files, tmp_path / "cache")


def stored(files: FileStore, text: str) -> DocumentVersion:
    parsed = ParsedDocument(FileFormat.TEXT, "", text, (Block(BlockKind.PARAGRAPH, 0, len(text)),))
    return DocumentVersion(parsed_sha256=files.put([dump_parsed(parsed)]).sha256)


def test_a_parsed_document_is_read_once_while_it_is_looked_at(files: FileStore, originals: Originals) -> None:
    version = stored(files, "hello")
    first = originals.parsed(version)
    files.delete(version.parsed_sha256)
    assert originals.parsed(version) is first


def test_only_the_last_few_are_kept(files: FileStore, originals: Originals) -> None:
    versions = [stored(files, f"text {number}") for number in range(PARSED_KEPT + 1)]
    for version in versions:
        originals.parsed(version)
        files.delete(version.parsed_sha256)
    originals.parsed(versions[-1])
    with pytest.raises(NotFound):
        originals.parsed(versions[0])


def test_what_has_not_been_read_is_a_conflict(originals: Originals) -> None:
    with pytest.raises(Conflict):
        originals.parsed(DocumentVersion(parsed_sha256=""))


def test_a_full_cache_forgets_what_was_not_looked_at_for_longest(tmp_path: Path) -> None:
    pictures = [tmp_path / "ab" / f"digest{number}" / "1-800.png" for number in range(10)]
    for age, picture in enumerate(pictures):
        picture.parent.mkdir(parents=True)
        picture.write_bytes(b"x" * 100)
        os.utime(picture, (1_000_000 - age, 1_000_000 - age))
    prune(tmp_path, most_bytes=1000)
    assert all(picture.exists() for picture in pictures)
    prune(tmp_path, most_bytes=999)
    assert [picture.exists() for picture in pictures] == [True] * 4 + [False] * 6
