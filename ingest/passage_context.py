"""What goes before a passage when it is embedded: the titles above it, a table's header."""

from __future__ import annotations

from typing import Protocol

from kb_platform.domain.document import Block, BlockKind, ParsedDocument


class Tokenizer(Protocol):
    """What sizes are counted with: the embedding model (`kb_platform.embedding.EmbeddingModel`)."""

    @property
    def max_tokens(self) -> int: ...

    def count_tokens(self, text: str) -> int: ...

    def token_offsets(self, text: str) -> list[tuple[int, int]]: ...


def heading_paths(parsed: ParsedDocument) -> list[tuple[str, ...]]:
    """Return for each block the titles that it stands under, outermost first; a heading's own title is its last."""
    paths: list[tuple[str, ...]] = []
    open_headings: list[tuple[int, str]] = []
    path: tuple[str, ...] = ()
    for block in parsed.blocks:
        if block.kind == BlockKind.HEADING:
            level = block.level or 1
            while open_headings and open_headings[-1][0] >= level:
                open_headings.pop()
            open_headings.append((level, " ".join(parsed.block_text(block).split())))
            path = tuple(title for _, title in open_headings)
        paths.append(path)
    return paths


class Contexts:
    """What goes before a passage when it is embedded: titles above it, and a table's header where it begins below."""

    def __init__(self, parsed: ParsedDocument, tokenizer: Tokenizer, limit: int) -> None:
        self._parsed = parsed
        self._tokenizer = tokenizer
        self._limit = limit
        self._paths = heading_paths(parsed)
        self._counted: dict[str, int] = {}

    def of(self, number: int, start: int) -> tuple[tuple[str, ...], str, int]:
        """Return heading path, context and the context's tokens of a passage that starts at `start` in this block."""
        block = self._parsed.blocks[number]
        path = self._paths[number]
        shown = number
        while shown < len(self._parsed.blocks) - 1 and self._parsed.blocks[shown].kind == BlockKind.HEADING:
            shown += 1  # titles that the passage itself begins with
        full_path = self._paths[shown] if shown > number else path
        above = path[:-1] if block.kind == BlockKind.HEADING and start == block.start else path
        titles = list(above)
        own = path[-1] if block.kind == BlockKind.HEADING and path else ""
        if self._parsed.title and self._parsed.title not in (own, *titles[:1]):
            titles.insert(0, self._parsed.title)
        lines = []
        header = self._header(block, start)
        budget = self._limit - (self._count(header) if header else 0)
        if titles:
            lines.append(self._fit_titles(titles, max(16, budget)))
        if header:
            lines.append(header)
        context = "\n".join(line for line in lines if line)
        return full_path, context, self._count(context) if context else 0

    def _header(self, block: Block, start: int) -> str:
        if not block.header_rows or start == block.start:
            return ""
        lines = self._parsed.text[block.start : start].split("\n", block.header_rows)
        header = "\n".join(line for line in lines[: block.header_rows] if not line.startswith("| ---"))
        return self._cut(header, self._limit - 24)

    def _fit_titles(self, titles: list[str], budget: int) -> str:
        while len(titles) > 1 and self._count(" > ".join(titles)) > budget:
            titles = titles[1:]
        return self._cut(" > ".join(titles), budget)

    def _cut(self, text: str, tokens: int) -> str:
        if self._count(text) <= tokens:
            return text
        offsets = self._tokenizer.token_offsets(text)[: max(1, tokens - 2)]
        return text[: offsets[-1][1]].rstrip() + "…" if offsets else ""

    def _count(self, text: str) -> int:
        if text not in self._counted:
            self._counted[text] = self._tokenizer.count_tokens(text)
        return self._counted[text]
