"""A ZIP archive inside a message: each member read by its own parser, one after the other.

An archive that is uploaded comes here only where nothing unpacked it before (see `web.unpacking`).
"""

from __future__ import annotations

import zipfile

from ingest.parsers.archive import open_archive, read_whole
from ingest.parsers.builder import DocumentBuilder
from ingest.parsers.members import MOST_MEMBERS, add_member
from ingest.parsers.source import Source
from kb_platform.domain.document import FileFormat, PageCoverage, PageStatus, ParsedDocument
from kb_platform.domain.errors import LimitExceeded, NothingReadable, PasswordRequired, UnreadableFile
from kb_platform.zip_members import is_noise, member_name

_MEMORY_SHARE = 4
_ENCRYPTED = 0x1


def parse(source: Source) -> ParsedDocument:
    """Return the archive's members as parts under their names.

    Raises LimitExceeded (too many members, or they unpack to too much), PasswordRequired (all are encrypted),
    NothingReadable.
    """
    builder = DocumentBuilder(FileFormat.ZIP, source.file_name, source.max_characters)
    pages: list[PageCoverage] = []
    left = source.memory_mib * (1 << 20) // _MEMORY_SHARE
    with open_archive(source) as archive:
        members = [each for each in archive.infolist() if not each.is_dir() and not is_noise(member_name(each))]
        if len(members) > MOST_MEMBERS:
            raise LimitExceeded(source.file_name, f"it holds more than {MOST_MEMBERS:,} files. Upload it in pieces.")
        if members and all(each.flag_bits & _ENCRYPTED for each in members):
            raise PasswordRequired(source.file_name, "its files are encrypted. Unpack it and upload the files.")
        for number, each in enumerate(members, 1):
            page, taken = _add(builder, archive, each, number, left, source)
            left -= taken
            pages.append(page)
            source.progress(number, len(members))
    if not any(page.characters for page in pages):
        raise NothingReadable(source.file_name, _reason(pages))
    return builder.finish(pages=pages)


def _add(
    builder: DocumentBuilder, archive: zipfile.ZipFile, member: zipfile.ZipInfo, number: int, left: int, source: Source
) -> tuple[PageCoverage, int]:
    name = member_name(member)
    try:
        if member.flag_bits & _ENCRYPTED:
            raise PasswordRequired(name, "it is encrypted in the archive. Unpack it and upload it by itself.")
        data = read_whole(archive, member.filename, source, left)
    except LimitExceeded:
        raise
    except UnreadableFile as error:
        builder.warn(f"{name}: {error.reason}")
        return PageCoverage(number, PageStatus.FAILED, 0, name, error.reason), 0
    return add_member(builder, name, data, number, source), len(data)


def _reason(pages: list[PageCoverage]) -> str:
    reasons = [f"{page.label}: {page.reason}" for page in pages if page.reason]
    return f"none of its files can be read ({reasons[0].rstrip('.')})." if reasons else "the archive holds no files."
