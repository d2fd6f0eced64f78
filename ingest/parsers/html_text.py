"""The text of HTML elements, white space as a browser shows it."""

from __future__ import annotations

import re

from lxml import etree, html  # type: ignore[import-untyped]

from ingest.parsers.builder import one_line

BLOCKS = frozenset(
    [
        "p",
        "div",
        "section",
        "article",
        "main",
        "aside",
        "header",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "table",
        "pre",
        "blockquote",
        "figure",
        "figcaption",
        "hr",
        "form",
        "fieldset",
        "address",
        "body",
        "html",
        "details",
        "summary",
        "center",
        "tr",
        "td",
        "th",
        "tbody",
        "thead",
        "caption",
    ]
)
BREAK = "\x1f"
PARAGRAPH_BREAK = re.compile(rf"{BREAK}\s*{BREAK}")
_SOURCE_LINE_BREAK = re.compile(
    r"(?<=[\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef])[ \t]*\n\s*(?=[\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef])"
)


def text_of(element: html.HtmlElement) -> str:
    """Return an element's text with spaces where blocks and breaks inside it end."""
    parts: list[str] = []
    for event, node in etree.iterwalk(element, events=("start", "end")):
        if not isinstance(node.tag, str):
            if event == "end" and node is not element:
                parts.append(node.tail or "")
            continue
        if event == "start":
            if node.tag == "br":
                parts.append(BREAK)
            elif node.tag in BLOCKS:
                parts.append(" ")
            if node.tag == "img" and node.get("alt"):
                parts.append(f" {node.get('alt')} ")
            parts.append(node.text or "")
        else:
            if node.tag in BLOCKS:
                parts.append(" ")
            if node is not element:
                parts.append(node.tail or "")
    return "".join(parts)


def lines_of(text: str) -> str:
    """White space as a browser shows it: one space, none inside Chinese; `<br>` breaks the line."""
    healed = _SOURCE_LINE_BREAK.sub("", text)
    return "\n".join(shown for line in healed.split(BREAK) if (shown := one_line(line)))


def shown(text: str) -> str:
    return one_line(_SOURCE_LINE_BREAK.sub("", text.replace(BREAK, " ")))
