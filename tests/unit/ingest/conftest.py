"""Files for the parsers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.parsers import parse
from ingest.parsers.source import Source
from kb_platform.domain.document import Block, BlockKind, ParsedDocument

MakeFile = Callable[[str, bytes | str], Path]
ParseFile = Callable[..., ParsedDocument]


@pytest.fixture
def parsed(tmp_path: Path) -> ParseFile:
    """Parse bytes (or text, as UTF-8) under a file name."""

    def make(name: str, content: bytes | str, **options: object) -> ParsedDocument:
        path = tmp_path / "stored"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return parse(Source(path, name, options.pop("max_characters", 1_000_000), **options))  # type: ignore[arg-type]

    return make


def texts(document: ParsedDocument, *kinds: BlockKind) -> list[str]:
    """Return the texts of the blocks of these kinds (all without kinds)."""
    return [document.block_text(block) for block in document.blocks if not kinds or block.kind in kinds]


def kinds(document: ParsedDocument) -> list[tuple[BlockKind, int]]:
    return [(block.kind, block.level) for block in document.blocks]


def first(document: ParsedDocument, kind: BlockKind) -> Block:
    return next(block for block in document.blocks if block.kind == kind)
