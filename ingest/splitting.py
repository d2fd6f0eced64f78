"""Divides a parsed document into passages by its structure.

A passage stays under one heading where that is long enough to stand alone, tables are cut only between rows, long
paragraphs at sentence ends of Chinese and English, and every passage knows the titles above it.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ingest.passage_context import Contexts, Tokenizer, heading_paths
from kb_platform.domain.chunk import Chunk
from kb_platform.domain.document import BlockKind, ParsedDocument

_MARGIN = 16
"""Tokens kept free for what the model puts around a passage (its prefix, start and end tokens)."""
_CONTEXT_TOKENS = 96
_SMALL = 48
"""A section with fewer tokens is joined with the next one of the same parent."""
_TOKENIZED_AT_ONCE = 20_000

_ROWS = re.compile(r"\n")
_CELLS = re.compile(r"(?<!\\)\|")
_SENTENCES = re.compile(
    r"[。！？；!?]+[”’」』）)\"']*(?![。！？；!?])"
    r"|(?<!\b[A-Z])(?<!\bDr)(?<!\bMr)(?<!\bMs)(?<!\bNo)(?<!\bvs)(?<!\be\.g)(?<!\bi\.e)(?<!\bFig)(?<!\bal)"
    r"[.;…]+[”’)\"'\]]*(?=\s)"
    r"|\n+"
)
_CLAUSES = re.compile(r"[，、：,:—]+[”’」』）)\"']*(?:(?<=[^\x00-\x7f])|(?=\s))")
_WORDS = re.compile(r"\s+")
_BOUNDARIES = {
    BlockKind.TABLE: (_ROWS, _CELLS, _SENTENCES, _CLAUSES, _WORDS),
    BlockKind.CODE: (_ROWS, _WORDS),
}
_TEXT_BOUNDARIES = (_SENTENCES, _CLAUSES, _WORDS)


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in tokens: what a passage grows to, what it may never exceed, and what its context may take."""

    target: int
    most: int
    context: int

    @classmethod
    def of(cls, chunk_tokens: int, max_tokens: int) -> Limits:
        """Return the limits for a model whose input holds `max_tokens`."""
        context = min(_CONTEXT_TOKENS, max_tokens // 4)
        most = max(8, max_tokens - context - _MARGIN)
        return cls(max(8, min(chunk_tokens, most)), most, context)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Characters of one block that are not divided further."""

    start: int
    end: int
    tokens: int
    block: int


@dataclass(slots=True)
class _Section:
    """Blocks under one heading, the heading included."""

    path: tuple[str, ...]
    parent: tuple[str, ...]
    blocks: list[list[_Piece]] = field(default_factory=list)
    has_body: bool = False

    @property
    def tokens(self) -> int:
        return sum(piece.tokens for block in self.blocks for piece in block)


def split(parsed: ParsedDocument, tokenizer: Tokenizer, limits: Limits) -> list[Chunk]:
    """Return the document's passages in order; they do not overlap and together they hold every block."""
    chunks: list[Chunk] = []
    contexts = Contexts(parsed, tokenizer, limits.context)
    for section in _joined(_sections(parsed, tokenizer, limits), limits):
        for pieces in _packed(section, parsed, limits):
            start, end = _trimmed(parsed.text, pieces[0].start, pieces[-1].end)
            if start == end:
                continue
            path, context, context_tokens = contexts.of(pieces[0].block, start)
            chunks.append(
                Chunk(
                    ordinal=len(chunks),
                    start=start,
                    end=end,
                    text=parsed.text[start:end],
                    heading_path=path,
                    context=context,
                    token_count=sum(piece.tokens for piece in pieces) + context_tokens,
                )
            )
    return chunks


def _sections(parsed: ParsedDocument, tokenizer: Tokenizer, limits: Limits) -> Iterator[_Section]:
    paths = heading_paths(parsed)
    section = _Section((), ())
    room = limits.target
    for number, block in enumerate(parsed.blocks):
        if block.kind == BlockKind.HEADING and section.has_body:
            yield section
            section = _Section(paths[number], paths[number][:-1])
            room = limits.target
        elif block.kind == BlockKind.HEADING:
            section.path, section.parent = paths[number], section.parent or paths[number][:-1]
        pieces = list(_pieces(parsed, number, tokenizer, max(8, room)))
        if block.kind == BlockKind.HEADING:
            room = max(limits.target // 2, room - sum(piece.tokens for piece in pieces))
        else:
            section.has_body = True
        section.blocks.append(pieces)
    if section.blocks:
        yield section


def _joined(sections: Iterator[_Section], limits: Limits) -> Iterator[_Section]:
    """Join sections too small to stand alone with what follows under the same parent."""
    waiting: _Section | None = None
    for section in sections:
        if waiting is None:
            waiting = section
            continue
        fits = waiting.tokens + section.tokens <= limits.target
        small = waiting.tokens < _SMALL or section.tokens < _SMALL
        if fits and ((small and waiting.parent == section.parent) or not section.has_body):
            waiting.blocks.extend(section.blocks)
            continue
        yield waiting
        waiting = section
    if waiting is not None:
        yield waiting


def _packed(section: _Section, parsed: ParsedDocument, limits: Limits) -> Iterator[list[_Piece]]:
    """Fill passages with whole blocks where they fit, and with a block's pieces where it does not."""
    done: list[list[_Piece]] = []
    open_pieces: list[_Piece] = []
    filled = 0

    def close() -> None:
        nonlocal open_pieces, filled
        if open_pieces:
            done.append(open_pieces)
        open_pieces, filled = [], 0

    for block in section.blocks:
        size = sum(piece.tokens for piece in block)
        only_titles = all(parsed.blocks[piece.block].kind == BlockKind.HEADING for piece in open_pieces)
        apart = filled + size > limits.target >= size and filled >= 0.4 * limits.target
        if apart and not only_titles:
            close()
        for piece in block:
            if filled + piece.tokens > limits.target and open_pieces:
                titles = all(parsed.blocks[open_.block].kind == BlockKind.HEADING for open_ in open_pieces)
                if not titles or filled + piece.tokens > limits.most:
                    close()
            open_pieces.append(piece)
            filled += piece.tokens
    close()
    if len(done) > 1:
        tail, before = (sum(piece.tokens for piece in pieces) for pieces in (done[-1], done[-2]))
        if tail < 0.15 * limits.target and tail + before <= min(limits.most, 1.25 * limits.target):
            done[-2].extend(done.pop())
    yield from done


def _pieces(parsed: ParsedDocument, number: int, tokenizer: Tokenizer, most: int) -> Iterator[_Piece]:
    block = parsed.blocks[number]
    text = parsed.block_text(block)
    starts = _token_starts(text, tokenizer)
    for start, end in _divide(text, 0, len(text), starts, most, _BOUNDARIES.get(block.kind, _TEXT_BOUNDARIES)):
        tokens = bisect_left(starts, end) - bisect_left(starts, start)
        yield _Piece(block.start + start, block.start + end, tokens, number)


def _token_starts(text: str, tokenizer: Tokenizer) -> list[int]:
    """Return where each token starts. Long text is tokenized in stretches, as no model sees it whole anyway."""
    starts: list[int] = []
    at = 0
    while at < len(text):
        end = min(len(text), at + _TOKENIZED_AT_ONCE)
        if end < len(text):
            end = max(text.rfind("\n", at + 1, end), text.rfind(" ", at + 1, end)) + 1 or end
        starts.extend(at + start for start, _ in tokenizer.token_offsets(text[at:end]))
        at = end
    return starts


def _divide(
    text: str, start: int, end: int, starts: Sequence[int], most: int, boundaries: Sequence[re.Pattern[str]]
) -> Iterator[tuple[int, int]]:
    """Yield stretches of [start, end) of at most `most` tokens, cut at the first kind of boundary that is enough."""
    tokens = bisect_left(starts, end) - bisect_left(starts, start)
    if tokens <= most:
        if start < end:
            yield start, end
        return
    if not boundaries:
        first, last = bisect_left(starts, start), bisect_left(starts, end)
        cuts = [start, *(starts[at] for at in range(first + most, last, most)), end]
        yield from itertools.pairwise(cuts)
        return
    at = start
    for match in boundaries[0].finditer(text, start, end):
        if match.end() > at:
            yield from _divide(text, at, match.end(), starts, most, boundaries[1:])
            at = match.end()
    yield from _divide(text, at, end, starts, most, boundaries[1:])


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
