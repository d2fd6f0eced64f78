"""HTML: the main content's headings, paragraphs, lists, tables and code; navigation and scripts are not."""

from __future__ import annotations

import re

from lxml import etree, html  # type: ignore[import-untyped]

from ingest.parsers.builder import DocumentBuilder, one_line
from ingest.parsers.decoding import decode
from ingest.parsers.html_tables import grid, is_layout
from ingest.parsers.html_text import BLOCKS, BREAK, PARAGRAPH_BREAK, lines_of, shown, text_of
from ingest.parsers.source import Source
from ingest.parsers.tables import table_text
from kb_platform.domain.document import BlockKind, FileFormat, ParsedDocument
from kb_platform.domain.errors import CorruptFile

_DROPPED = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "svg",
        "canvas",
        "iframe",
        "object",
        "embed",
        "head",
        "select",
        "option",
        "button",
        "input",
        "textarea",
        "audio",
        "video",
        "map",
        "link",
        "meta",
        "dialog",
    ]
)
_LANDMARKS = frozenset(("navigation", "banner", "contentinfo", "search", "menu", "menubar", "dialog"))
_CHROME = re.compile(
    r"(?:^|[\s_-])(?:nav(?:bar|igation|box)?|menu|sidebar|breadcrumbs?|cookie|pagination|footer|masthead|skip-link|"
    r"mw-editsection|toc|catlinks|noprint|printfooter|jump-link|share|social)(?:$|[\s_-])"
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LIST_PARENTS = frozenset(("ul", "ol", "menu"))
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_LEAST_SHARE = 0.2


def parse(source: Source) -> ParsedDocument:
    """Return the page's content; each block is anchored by its number.

    Raises NothingReadable, GarbledText, CorruptFile, LimitExceeded.
    """
    text, encoding = _decoded(source)
    builder = DocumentBuilder(FileFormat.HTML, source.file_name, source.max_characters)
    builder.metadata["encoding"] = encoding
    root = _tree(text, source)
    title = root.findtext(".//title") or ""
    shown = len(root.text_content())
    _drop(root)
    content = _main_content(root)
    if len(text_of(content).strip()) < _LEAST_SHARE * shown:
        whole = _tree(text, source)
        _drop(whole, chrome=False)
        if len(text_of(content).strip()) < _LEAST_SHARE * len(text_of(whole).strip()):
            content = whole  # a page of nothing but menus is about its menus
    _Walk(builder).run(content)
    return builder.finish(title=title, nothing_readable="the page holds no text (its content may come from scripts).")


def _tree(text: str, source: Source) -> html.HtmlElement:
    try:
        return html.document_fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text) or "<html/>", parser=_parser())
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise CorruptFile(source.file_name, f"its HTML cannot be read ({error}).") from error


def text_of_fragment(fragment: str) -> str:
    """Return the text of a piece of HTML inside another format."""
    try:
        root = html.fragment_fromstring(fragment, create_parent="div", parser=_parser())
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return ""
    _drop(root)
    return shown(text_of(root))


def _parser() -> html.HTMLParser:
    return html.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, huge_tree=True, recover=True)


def _decoded(source: Source) -> tuple[str, str]:
    data = source.path.read_bytes()
    declared = _META_CHARSET.search(data[:4096])
    if declared and not data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        name = declared.group(1).decode("ascii").lower()
        name = {"gb2312": "gb18030", "gbk": "gb18030", "iso-8859-1": "cp1252", "latin1": "cp1252"}.get(name, name)
        try:
            return data.decode(name), name
        except (LookupError, UnicodeDecodeError):
            pass  # the page says what it is not
    return decode(data, source.file_name)


def _drop(root: html.HtmlElement, chrome: bool = True) -> None:
    """Remove what is no content (with `chrome`, navigation too), keeping the text that follows it."""
    for element in list(root.iter(etree.Element)):
        if element is root or element.getparent() is None or element.tag in ("body", "html"):
            continue
        if element.tag in _DROPPED or _is_hidden(element) or (chrome and _is_chrome(element)):
            element.drop_tree()


def _is_hidden(element: html.HtmlElement) -> bool:
    return (
        element.get("hidden") is not None
        or element.get("aria-hidden") == "true"
        or bool(_HIDDEN_STYLE.search(element.get("style", "")))
    )


def _is_chrome(element: html.HtmlElement) -> bool:
    if element.tag == "nav" or element.get("role") in _LANDMARKS:
        return True
    if element.tag in ("footer", "header") and element.getparent().tag == "body":
        return element.find(".//h1") is None
    names = f"{element.get('class', '')} {element.get('id', '')}".lower()
    if not _CHROME.search(names) or element.tag in ("main", "article", "p"):
        return False
    words = len(element.text_content())
    links = sum(len(link.text_content()) for link in element.iter("a"))
    return words < 200 or links > 0.5 * words


def _main_content(root: html.HtmlElement) -> html.HtmlElement:
    """Return the element marked as the main content when it holds a good part of the text, else everything."""
    everything = len(root.text_content())
    marked = [*root.iter("main"), *root.xpath("//*[@role='main']")]
    if not marked:
        articles = list(root.iter("article"))
        marked = articles if len(articles) == 1 else []
    for element in marked:
        if len(element.text_content()) >= 0.4 * everything:
            return element
    return root


class _Walk:
    """One pass over the tree in document order, without recursion: inline text gathers until a block begins or ends."""

    def __init__(self, builder: DocumentBuilder) -> None:
        self._builder = builder
        self._pending: list[str] = []
        self._kind = BlockKind.PARAGRAPH
        self._level = 0
        self._lists = 0

    def run(self, root: html.HtmlElement) -> None:
        walk = etree.iterwalk(root, events=("start", "end"))
        for event, node in walk:
            tag = node.tag if isinstance(node.tag, str) else ""
            if event == "start":
                self._start(walk, node, tag)
            else:
                self._end(tag)
            if event == "end" and node is not root and node.tail:
                self._pending.append(node.tail)
        self._flush()

    def _start(self, walk: etree.iterwalk, node: html.HtmlElement, tag: str) -> None:
        if tag in BLOCKS:
            self._flush()
        if tag in _HEADINGS:
            self._builder.add_paragraph(BlockKind.HEADING, shown(text_of(node)), _HEADINGS[tag])
            walk.skip_subtree()
        elif tag == "pre":
            self._builder.add_paragraph(BlockKind.CODE, node.text_content().strip("\n"))
            walk.skip_subtree()
        elif tag == "table" and not is_layout(node):
            self._table(node)
            walk.skip_subtree()
        else:
            if tag in _LIST_PARENTS:
                self._lists += 1
            elif tag in ("li", "dt", "dd"):
                self._kind, self._level = BlockKind.LIST_ITEM, max(1, self._lists)
            elif tag in ("figcaption", "caption"):
                self._kind = BlockKind.CAPTION
            elif tag == "br":
                self._pending.append(BREAK)
            elif tag == "img" and (alt := one_line(node.get("alt", ""))):
                self._pending.append(f" {alt} ")
            self._pending.append(node.text or "")

    def _end(self, tag: str) -> None:
        if tag in BLOCKS:
            self._flush()
        if tag in _LIST_PARENTS:
            self._lists = max(0, self._lists - 1)

    def _flush(self) -> None:
        for paragraph in PARAGRAPH_BREAK.split("".join(self._pending)):
            self._builder.add_paragraph(self._kind, lines_of(paragraph), self._level)
        self._pending.clear()
        self._kind, self._level = BlockKind.PARAGRAPH, 0

    def _table(self, table: html.HtmlElement) -> None:
        rows, header = grid(table)
        caption = table.find("caption")
        if caption is not None:
            self._builder.add_paragraph(BlockKind.CAPTION, shown(text_of(caption)))
        text, lines = table_text(rows, header)
        self._builder.add_paragraph(BlockKind.TABLE, text, header_rows=lines)
