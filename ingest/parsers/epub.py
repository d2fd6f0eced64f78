"""Electronic books (EPUB 2 and 3): the chapters in the order of the spine, read as web pages are."""

from __future__ import annotations

import posixpath
import zipfile
from urllib.parse import unquote

from ingest.parsers.archive import open_archive, read_whole
from ingest.parsers.builder import DocumentBuilder, one_line
from ingest.parsers.members import add_parsed, stored
from ingest.parsers.office_xml import attribute, local, read_optional_tree, read_tree
from ingest.parsers.source import Source
from kb_platform.domain.document import FileFormat, PageCoverage, PageStatus, ParsedDocument
from kb_platform.domain.errors import CorruptFile, NothingReadable, UnreadableFile, UnsupportedFormat

_CONTAINER = "META-INF/container.xml"
_PAGES = frozenset(("application/xhtml+xml", "text/html", "application/x-dtbook+xml", ""))
_FONT_SCRAMBLING = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_MOST_CHAPTERS = 5_000
_MEMORY_SHARE = 16


def parse(source: Source) -> ParsedDocument:
    """Return the book's text; each block is anchored by its number, the coverage counts chapters.

    Raises CorruptFile, UnsupportedFormat (copy protection), NothingReadable, LimitExceeded.
    """
    builder = DocumentBuilder(FileFormat.EPUB, source.file_name, source.max_characters)
    with open_archive(source) as archive:
        _refuse_protected(archive, source)
        package = _package(archive, source)
        root = read_tree(archive, package, source)
        title = next((one_line(each.text or "") for each in root.iter("{*}title") if (each.text or "").strip()), "")
        builder.metadata["creator"] = ", ".join(each.text or "" for each in root.iter("{*}creator"))
        chapters = _chapters(root, package)
        if not chapters:
            raise CorruptFile(source.file_name, "its list of chapters is missing or damaged.")
        names = set(archive.namelist())
        pages = []
        for number, name in enumerate(chapters[:_MOST_CHAPTERS], 1):
            pages.append(_add_chapter(builder, archive, name, name in names, number, source))
            source.progress(number, len(chapters))
        if len(chapters) > _MOST_CHAPTERS:
            builder.warn(f"It has {len(chapters):,} chapters; {_MOST_CHAPTERS:,} were read.")
    return builder.finish(title=title, pages=pages, nothing_readable="its chapters hold no text.")


def _package(archive: zipfile.ZipFile, source: Source) -> str:
    container = read_optional_tree(archive, _CONTAINER, source)
    for element in container.iter("{*}rootfile") if container is not None else ():
        path = posixpath.normpath(attribute(element, "full-path"))
        if path in archive.namelist():
            return path
    raise CorruptFile(source.file_name, "its table of parts is missing. Download the book again.")


def _refuse_protected(archive: zipfile.ZipFile, source: Source) -> None:
    tree = read_optional_tree(archive, "META-INF/encryption.xml", source)
    methods = [attribute(each, "Algorithm") for each in tree.iter("{*}EncryptionMethod")] if tree is not None else []
    if any(method not in _FONT_SCRAMBLING for method in methods):
        raise UnsupportedFormat(source.file_name, "the book is copy-protected (DRM). Upload a copy without protection.")


def _chapters(root: object, package: str) -> list[str]:
    """Return the archive's names of the pages that the spine lists, tables of contents left out."""
    folder = posixpath.dirname(package)
    pages: dict[str, str] = {}
    for item in root.iter("{*}item"):  # type: ignore[attr-defined]
        contents = "nav" in attribute(item, "properties").split()
        if attribute(item, "media-type") in _PAGES and not contents:
            href = unquote(attribute(item, "href").partition("#")[0])
            pages[attribute(item, "id")] = posixpath.normpath(posixpath.join(folder, href))
    spine = [attribute(each, "idref") for each in root.iter("{*}itemref") if local(each) == "itemref"]  # type: ignore[attr-defined]
    return list(dict.fromkeys(pages[key] for key in spine if key in pages))


def _add_chapter(
    builder: DocumentBuilder, archive: zipfile.ZipFile, name: str, is_there: bool, number: int, source: Source
) -> PageCoverage:
    from ingest.parsers import html

    label = posixpath.basename(name)
    try:
        if not is_there:
            raise CorruptFile(source.file_name, f"its chapter {label} is missing.")
        data = read_whole(archive, name, source, source.memory_mib * (1 << 20) // _MEMORY_SHARE)
        with stored(data, label, source) as inner:
            parsed = html.parse(inner)
    except NothingReadable:
        return PageCoverage(number, PageStatus.EMPTY, 0, label)
    except UnreadableFile as error:
        builder.warn(f"Chapter {label} cannot be read: {error.reason}")
        return PageCoverage(number, PageStatus.FAILED, 0, label, error.reason)
    before = builder.characters
    add_parsed(builder, parsed, deeper=0)
    return PageCoverage(number, PageStatus.TEXT, builder.characters - before, label)
