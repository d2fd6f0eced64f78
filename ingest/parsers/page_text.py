"""Pages of lines become a document: running heads dropped, headings found, lines healed into paragraphs."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ingest.parsers.builder import DocumentBuilder, Run
from ingest.parsers.page_lines import Line, PageContent, TableArea, anchor_of, by_baseline, part_of, pieces_of
from ingest.parsers.page_style import Layout, Sizes, pitch_of, reach_of, running_heads, sizes_of
from ingest.parsers.scripts import ARTICLE, LIST_MARK, chinese_heading_level, ends_sentence, glue, is_cjk, words_of
from ingest.parsers.tables import escaped
from kb_platform.domain.document import BlockKind, PageAnchor

_NUMBERED = re.compile(r"^(\d{1,2}(?:\.\d{1,2}){0,4})[.、]?\s+\S|^(\d{1,2}(?:\.\d{1,2}){1,4})\s*[^\d\s.%]")
_LEADERS = re.compile(r"\s*(?:[.·…‥]\s*){5,}(\d*|[ivxlc]*)\s*$")
_CAPTION = re.compile(r"^(?:fig(?:ure)?\.?|table|chart|图|表|圖)\s*\d+(?:[-.]\d+)*[.:：\s]", re.IGNORECASE)
_INNER_SENTENCE_END = re.compile(r"[a-z\d)][.!?;] [A-Z]|[。！？；]")
_HEADING_CHARACTERS = 160


@dataclass(slots=True)
class _Paragraph:
    kind: BlockKind
    level: int = 0
    lines: list[tuple[Line, PageContent]] = field(default_factory=list)

    @property
    def last(self) -> Line:
        return self.lines[-1][0]

    @property
    def text(self) -> str:
        return " ".join(line.text for line, _ in self.lines)


def add_pages(builder: DocumentBuilder, pages: Sequence[PageContent], outline: Mapping[str, int] | None = None) -> None:
    """Add the blocks of laid out pages.

    `outline` gives the levels of the titles in the file's table of contents, by their text without blanks.
    """
    running = running_heads(pages)
    if running and all((page.number, part.order) in running for page in pages for part in page.parts):
        running = set()  # pages of nothing but numbers
    sizes = sizes_of(pages, running)
    words = words_of(line.text for page in pages for line in page.lines)
    open_paragraph: _Paragraph | None = None
    for page in pages:
        parts = [part for part in page.parts if not (isinstance(part, Line) and (page.number, part.order) in running)]
        layout = Layout(reach_of(parts), pitch_of(parts))
        for part in parts:
            if isinstance(part, TableArea):
                _close(builder, open_paragraph, words)
                open_paragraph = None
                _add_table(builder, part, page)
                continue
            kind, level = _kind(part, sizes, outline or {})
            if open_paragraph is not None and _goes_on(open_paragraph, part, kind, level, page, layout):
                open_paragraph.lines.append((part, page))
                continue
            _close(builder, open_paragraph, words)
            open_paragraph = _Paragraph(kind, level, [(part, page)])
    _close(builder, open_paragraph, words)


def _leaders(text: str) -> re.Match[str] | None:
    """Return the row of dots before a page number at the line's end."""
    # counting is much cheaper than searching, and hardly any line has five
    return _LEADERS.search(text) if sum(map(text.count, ".·…‥")) >= 5 else None


def _kind(line: Line, sizes: Sizes, outline: Mapping[str, int]) -> tuple[BlockKind, int]:
    text = line.text.strip()
    if _leaders(text) or (line.height > line.x1 - line.x0 and len(text) > 2):
        return BlockKind.PARAGRAPH, 0
    if level := outline.get("".join(text.split()).lower(), 0):
        return BlockKind.HEADING, level
    if _CAPTION.match(text) and len(text) < 200:
        return BlockKind.CAPTION, 0
    if len(text) <= _HEADING_CHARACTERS and (level := _heading_level(line, text, sizes)) and _is_words(text):
        return BlockKind.HEADING, level
    if LIST_MARK.match(text):
        return BlockKind.LIST_ITEM, 1
    return BlockKind.PARAGRAPH, 0


def _heading_level(line: Line, text: str, sizes: Sizes) -> int:
    """Return the level of a line set like a heading; 0 when it is not."""
    if level := chinese_heading_level(text):
        return level
    if (level := sizes.level(line.size)) and not (ends_sentence(text) and len(text) > 60):
        return level
    if not line.bold or ends_sentence(text):
        return 0
    if numbered := _NUMBERED.match(text):
        number = numbered.group(1) or numbered.group(2)
        return min(5, number.count(".") + 1 + bool(sizes.headings)) if len(text) < 90 else 0
    if len(text) < 60 and not LIST_MARK.match(text) and (text[:1].isupper() or is_cjk(text[:1])):
        return min(5, len(sizes.headings) + 2)
    return 0


def _is_words(text: str) -> bool:
    letters = sum(map(str.isalpha, text))
    return letters >= max(2, 0.5 * len("".join(text.split())))


def _goes_on(
    paragraph: _Paragraph,
    line: Line,
    kind: BlockKind,
    level: int,
    page: PageContent,
    layout: Layout,
) -> bool:
    """Tell whether the line continues the paragraph."""
    last, last_page = paragraph.lines[-1]
    text, before = line.text.strip(), last.text.strip()
    if not before:
        return True
    if _cuts_word(before, text) and last_page is page and 0 < line.middle - last.middle < 2 * line.height:
        return abs(line.size - last.size) < 0.1 * last.size and line.x0 < last.x1
    if kind == BlockKind.HEADING or paragraph.kind == BlockKind.HEADING:
        return (
            kind == paragraph.kind
            and level == paragraph.level
            and last_page is page
            and abs(line.size - last.size) < 0.1 * last.size
            and line.bold == last.bold
            and 0 < line.middle - last.middle < max(1.9 * line.height, 1.2 * layout.pitch)
            and not _NUMBERED.match(text)
            and not chinese_heading_level(text)
            and len(paragraph.text) + len(text) < 2 * _HEADING_CHARACTERS
        )
    if kind in (BlockKind.LIST_ITEM, BlockKind.CAPTION) or ARTICLE.match(text) or _leaders(before):
        return False
    if before[-1].isdigit() and _leaders(text):
        return False  # two entries of a table of contents
    if abs(line.size - last.size) > 0.2 * max(last.size, line.size) and len(text) > 3 and len(before) > 3:
        return False
    below = last_page is page and line.middle - last.middle > 0
    if not below or line.x0 > last.x1 or line.x1 < last.x0:
        return paragraph.kind != BlockKind.CAPTION and _runs_over(before, text, last, line)
    step = line.middle - last.middle
    if step > 1.35 * layout.pitch and step > 1.25 * line.height:
        return False
    reach = layout.reach.get(last.order, last.x1)
    short = last.x1 < reach - max(2.5 * last.size, 0.12 * (reach - last.x0))
    if short and (ends_sentence(before) or not _joins_short(before, text)):
        return False
    first_left = paragraph.lines[0][0].x0
    indented = line.x0 > last.x0 + 0.8 * line.size and line.x0 > first_left + 0.5 * line.size
    if indented and paragraph.kind == BlockKind.PARAGRAPH and (ends_sentence(before) or not text[:1].islower()):
        return len(paragraph.lines) == 1 and not ends_sentence(before) and not short
    return not (ends_sentence(before) and paragraph.kind == BlockKind.PARAGRAPH and line.x0 > last.x0 + 0.8 * line.size)


def _cuts_word(before: str, text: str) -> bool:
    return len(before) > 1 and before[-1] in "-\u2010" and before[-2].isalpha() and text[:1].islower()


def _joins_short(before: str, text: str) -> bool:
    """A short line goes on only where its words do: a word cut by a hyphen, a lower-case beginning."""
    return before[-1] in "-,，、" or text[:1].islower()


def _runs_over(before: str, text: str, last: Line, line: Line) -> bool:
    """Tell whether a paragraph goes on in the next column or on the next page."""
    if ends_sentence(before) or before[-1] in ":：" or abs(line.size - last.size) > 0.1 * last.size:
        return False
    if _cuts_word(before, text):
        return True
    if text[:1].islower() and len(before) > 30:
        return True
    return is_cjk(before[-1]) and before[-1].isalpha() and is_cjk(text[0]) and text[0].isalpha() and len(before) > 15


def _close(builder: DocumentBuilder, paragraph: _Paragraph | None, words: Collection[str]) -> None:
    if paragraph is None:
        return
    kind, level = paragraph.kind, paragraph.level
    if kind == BlockKind.HEADING and _is_text(paragraph):
        kind, level = BlockKind.PARAGRAPH, 0
    builder.add(kind, _runs(paragraph.lines, words), level)


def _is_text(paragraph: _Paragraph) -> bool:
    """Tell whether what is set like a heading reads like a paragraph: long, or sentences."""
    text = paragraph.text
    if len(text) > _HEADING_CHARACTERS or len(paragraph.lines) > 4:
        return True
    cjk = sum(map(is_cjk, text))
    return len(text) + cjk > 60 and (ends_sentence(text) or bool(_INNER_SENTENCE_END.search(text)))


def _runs(lines: Sequence[tuple[Line, PageContent]], words: Collection[str] = ()) -> Iterator[Run]:
    """Yield the lines as runs, hyphens at line ends dropped, with what joins them between."""
    for number, (line, page) in enumerate(lines, 1):
        entry = _entry(line)
        *before, last = _without_leaders(line, *entry, page) if entry else _pieces(line, page)
        yield from before
        if number == len(lines):
            yield last
        elif entry:
            yield last
            yield Run("\n")
        else:
            drop, between = glue(line.text.rstrip(), lines[number][0].text.lstrip(), words)
            yield _without_end(last, drop) if drop else last
            yield Run(between)


def _pieces(line: Line, page: PageContent) -> Iterator[Run]:
    """Yield a line as one run, or each of its pieces as one and what stands between them."""
    end = 0
    for at, piece in pieces_of(line):
        if at > end:
            yield Run(line.text[end:at])
        yield Run(piece.text, anchor_of(piece, page))
        end = at + len(piece.text)
    if end == 0:
        yield Run(line.text, anchor_of(line, page))


def _without_end(run: Run, characters: int) -> Run:
    """Leave out a run's last characters, and blanks after them."""
    text, anchor = run.text.rstrip()[:-characters], run.anchor
    if isinstance(anchor, PageAnchor):
        edges = anchor.edges[: len(text) + 1]
        anchor = replace(anchor, x1=edges[-1] if edges else anchor.x1, edges=edges)
    return Run(text, anchor)


def _entry(line: Line) -> tuple[Line, re.Match[str]] | None:
    """Return the entry of a table of contents that a line is, or that its last piece is, and the dots in it."""
    for part in (line, *line.pieces[-1:]):
        if part.edges and (leaders := _leaders(part.text)) and leaders.start():
            return part, leaders
    return None


def _without_leaders(line: Line, entry: Line, leaders: re.Match[str], page: PageContent) -> Iterator[Run]:
    """Yield a line that is an entry of a table of contents, or ends with one: title … page, without the dots."""
    if entry is not line:
        yield from _pieces(replace(line, pieces=line.pieces[:-1]), page)
        yield Run(" ")
    title = part_of(entry, 0, leaders.start())
    number = part_of(entry, leaders.start(1), len(entry.text))
    if title is not None:
        yield from _pieces(title, page)
    if number is not None:
        yield Run(" … ")
        yield from _pieces(number, page)


def _add_table(builder: DocumentBuilder, table: TableArea, page: PageContent) -> None:
    header = table.header_rows or _header_rows(table)
    runs: list[Run] = []
    width = len(table.rows[0])
    for number, row in enumerate(table.rows):
        runs.append(Run("\n| " if number else "| "))
        for column, cell in enumerate(row):
            runs.extend(_cell_runs(cell, page))
            runs.append(Run(" | " if column < width - 1 else " |"))
        if number + 1 == header:
            runs.append(Run("\n|" + " --- |" * width))
    builder.add(BlockKind.TABLE, runs, header_rows=header + 1 if header else 0)


def _cell_runs(cell: Sequence[Line], page: PageContent) -> Iterator[Run]:
    for run in _runs([(line, page) for line in _row_by_row(cell)]):
        shown = escaped(run.text) if run.anchor is not None else run.text
        if shown == run.text or not isinstance(run.anchor, PageAnchor):
            yield run
        elif shown:
            yield Run(shown, replace(run.anchor, edges=()))


def _row_by_row(lines: Sequence[Line]) -> list[Line]:
    """Return a cell's lines from the top, those beside one another from the left."""
    return [line for row in by_baseline(lines) for line in sorted(row, key=lambda line: line.x0)]


def _header_rows(table: TableArea) -> int:
    first = table.rows[0]
    texts = ["".join(line.text for line in cell) for cell in first]
    filled = [text for text in texts if text.strip()]
    words = all(not re.fullmatch(r"[-+(]?[$€£¥￥]?[\d.,\s]+[%)]?", text) for text in filled)
    return 1 if len(table.rows) > 1 and len(filled) >= 2 and words and max(map(len, filled)) <= 60 else 0
