"""Markdown: headings, paragraphs, lists, tables, code; link targets and raw HTML tags are not text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from ingest.parsers.builder import DocumentBuilder, one_line
from ingest.parsers.decoding import decode
from ingest.parsers.html import text_of_fragment
from ingest.parsers.scripts import join_lines
from ingest.parsers.source import Source
from ingest.parsers.tables import table_text
from ingest.parsers.text import paragraphs
from kb_platform.domain.document import BlockKind, FileFormat, ParsedDocument

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FRONT_MATTER_TITLE = re.compile(r"^title:\s*(.+)$", re.MULTILINE)
_MAX_NESTING = 100
_LATEX_BLOCK = re.compile(r"^\s*\$\$.*\$\$\s*$", re.DOTALL)


def parse(source: Source) -> ParsedDocument:
    """Return the file's blocks; each is anchored by its number. Raises NothingReadable, GarbledText, LimitExceeded."""
    text, encoding = decode(source.path.read_bytes(), source.file_name)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    builder = DocumentBuilder(FileFormat.MARKDOWN, source.file_name, source.max_characters)
    builder.metadata["encoding"] = encoding
    title = ""
    if front := _FRONT_MATTER.match(text):
        found = _FRONT_MATTER_TITLE.search(front.group(1))
        title = found.group(1).strip().strip("\"'") if found else ""
        text = text[front.end() :]
    add_markdown(builder, text)
    return builder.finish(title=title)


def add_markdown(builder: DocumentBuilder, text: str) -> None:
    """Add the blocks of a Markdown text."""
    tokens = MarkdownIt("commonmark", {"maxNesting": _MAX_NESTING}).enable(["table", "strikethrough"]).parse(text)
    at = 0
    depth = 0
    in_item = False
    while at < len(tokens):
        token = tokens[at]
        if token.type == "heading_open":
            builder.add_paragraph(BlockKind.HEADING, inline_text(tokens[at + 1]), int(token.tag[1]))
            at += 2
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            depth += 1
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            depth -= 1
        elif token.type == "list_item_open":
            in_item = True
        elif token.type == "inline":
            content = inline_text(token)
            if _LATEX_BLOCK.match(token.content):
                builder.add_paragraph(BlockKind.FORMULA, content)
            elif depth:
                builder.add_paragraph(BlockKind.LIST_ITEM if in_item else BlockKind.PARAGRAPH, content, depth)
            else:
                builder.add_paragraph(BlockKind.PARAGRAPH, content)
            in_item = False
        elif token.type in ("fence", "code_block"):
            builder.add_paragraph(BlockKind.CODE, token.content.strip("\n"))
        elif token.type == "html_block":
            builder.add_paragraph(BlockKind.PARAGRAPH, text_of_fragment(token.content))
        elif token.type == "table_open":
            end = next(index for index in range(at, len(tokens)) if tokens[index].type == "table_close")
            shown, header = table_text(_rows(tokens[at:end]), 1)
            builder.add_paragraph(BlockKind.TABLE, shown, header_rows=header)
            at = end
        at += 1
    if not len(builder):  # nested beyond what is parsed: then the words alone
        for paragraph in paragraphs(text):
            builder.add_paragraph(BlockKind.PARAGRAPH, paragraph)


def _rows(tokens: Sequence[Token]) -> list[list[str]]:
    rows: list[list[str]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(one_line(inline_text(token)))
    return rows


def inline_text(token: Token) -> str:
    """Return what an inline token shows: text, code, the words of links and pictures, line breaks healed."""
    lines = [""]
    for child in token.children or ():
        if child.type == "softbreak":
            lines.append("")
        elif child.type == "hardbreak":
            lines[-1] += "\n"
        elif child.type == "html_inline":
            if re.match(r"<br\s*/?>", child.content, re.IGNORECASE):
                lines[-1] += "\n"
        elif child.type == "image":
            lines[-1] += child.content
        else:
            lines[-1] += child.content
    return "\n".join(
        re.sub(r"[ \t]+", " ", line).strip() for line in join_lines([line for line in lines if line]).split("\n")
    ).strip("\n")
