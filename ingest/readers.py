"""llama-index readers as parsers: their Documents become a parsed document with blocks and offsets."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from llama_index.core.readers.base import BaseReader
from llama_index.core.schema import Document, MetadataMode

from ingest.parsers.builder import DocumentBuilder, cleaned
from ingest.parsers.source import Source
from ingest.parsers.text import paragraphs
from kb_platform.domain.document import BlockKind, FileFormat, PageCoverage, PageStatus, ParsedDocument
from kb_platform.domain.errors import SettingsError, UnreadableFile

_MAX_CHARACTERS = 20_000_000


def read_with(reader: str, source: Source) -> ParsedDocument:
    """Return what the reader class of this dotted path makes of the file.

    Raises SettingsError when there is no such reader, UnreadableFile when it fails.
    """
    module_name, _, class_name = reader.rpartition(".")
    try:
        found = getattr(importlib.import_module(module_name), class_name)()
    except (ImportError, AttributeError, ValueError) as error:
        raise SettingsError(f"ingest.readers: {reader} cannot be used ({error})") from error
    if not isinstance(found, BaseReader):
        raise SettingsError(f"ingest.readers: {reader} is no llama-index reader")
    try:
        documents = found.load_data(source.path)
    except Exception as error:
        raise UnreadableFile(source.file_name, f"the reader {class_name} cannot read it ({error}).") from error
    return from_llama_documents(documents, source.file_name, source.max_characters)


def from_llama_documents(
    documents: Sequence[Document], file_name: str, max_characters: int = _MAX_CHARACTERS
) -> ParsedDocument:
    """Return the documents of any llama-index reader as one parsed document: a page each, a block a paragraph.

    Raises NothingReadable when they hold no text.
    """
    builder = DocumentBuilder(FileFormat.OTHER, file_name, max_characters)
    pages = []
    for number, document in enumerate(documents, 1):
        before = builder.characters
        for paragraph in paragraphs(cleaned(document.get_content(metadata_mode=MetadataMode.NONE))):
            builder.add_paragraph(BlockKind.PARAGRAPH, paragraph)
        characters = builder.characters - before
        label = str(document.metadata.get("page_label", ""))
        pages.append(PageCoverage(number, PageStatus.TEXT if characters else PageStatus.EMPTY, characters, label))
    title = str(documents[0].metadata.get("title", "")) if documents else ""
    return builder.finish(title=title, pages=pages)
