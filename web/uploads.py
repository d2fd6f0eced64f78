"""Multipart uploads, written to disk as they arrive.

FastAPI's own form parsing would take the whole body in before any check of who sends it; here the caller has been
checked first, and no file is ever held in memory.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from kb_platform.domain.errors import InvalidInput, TooLarge
from kb_platform.file_names import split_path

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MOST_FILES = 1000
MOST_PARTS = MOST_FILES + 100
MOST_FIELD_BYTES = 64 * 1024
FILES_FIELD = "files"
PASSWORD_FIELD = "password"  # noqa: S105 - a field's name
DUPLICATES_FIELD = "duplicates"
FOLDERS_FIELD = "keep_folders"
TEXT_FIELDS = (PASSWORD_FIELD, DUPLICATES_FIELD, FOLDERS_FIELD)

BROKEN = "The upload broke off or is not well-formed multipart/form-data."

_BROWSER_ESCAPES = {"%22": '"', "%0d": "\r", "%0a": "\n"}
"""The three characters that a browser writes differently in a file name (HTML, multipart/form-data encoding)."""


@dataclass(slots=True)
class ReceivedFile:
    """A file of an upload, with the folder that its sender gave; `path` is None when it was larger than allowed and
    is not kept."""

    folder: str
    name: str
    path: Path | None
    bytes: int = 0


@dataclass(slots=True)
class _Part:
    disposition: bytes = b""
    field_name: str = ""
    received: ReceivedFile | None = None
    open_file: IO[bytes] | None = None
    data: bytearray = field(default_factory=bytearray)


class Upload:
    """Reads one multipart body into a temporary folder, which is gone when the `with` block ends."""

    def __init__(self, folder: Path, content_type: str, most_file_bytes: int) -> None:
        """`most_file_bytes` bounds each file. Raises InvalidInput when this is not multipart/form-data."""
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            raise InvalidInput("Send the files as multipart/form-data in the field “files”.")
        folder.mkdir(parents=True, exist_ok=True)
        self.files: list[ReceivedFile] = []
        self.fields = dict.fromkeys(TEXT_FIELDS, "")
        self._most_file_bytes = most_file_bytes
        self._discarded = 0
        self._has_ended = False
        self._parts = 0
        self._temporary = tempfile.TemporaryDirectory(dir=folder, prefix="upload-")
        self._part = _Part()
        self._header_name = b""
        self._header_value = b""
        callbacks: MultipartCallbacks = {
            "on_part_begin": self._part_begins,
            "on_part_data": self._part_data,
            "on_part_end": self._part_ends,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value_part,
            "on_header_end": self._header_ends,
            "on_headers_finished": self._headers_finished,
            "on_end": self._ends,
        }
        self._parser = MultipartParser(options[b"boundary"], callbacks)

    def __enter__(self) -> Upload:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._part.open_file is not None:
            self._part.open_file.close()
        self._temporary.cleanup()

    async def receive(self, body: AsyncIterator[bytes]) -> None:
        """Read the body to its end. Raises InvalidInput when it is malformed, TooLarge when it goes on and on after
        a file that was too large."""
        try:
            async for piece in body:
                if piece:
                    await asyncio.to_thread(self._parser.write, piece)
        except FormParserError as error:
            raise InvalidInput(BROKEN, "broken_upload") from error
        if not self._has_ended:  # without its last boundary the last file may be half a file
            raise InvalidInput(BROKEN, "broken_upload")

    def _ends(self) -> None:
        self._has_ended = True

    def _part_begins(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise InvalidInput(f"One upload has at most {MOST_PARTS} parts.", "too_many_files")
        self._part = _Part()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _header_value_part(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _header_ends(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            self._part.disposition = self._header_value
        self._header_name = self._header_value = b""

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._part.disposition)
        self._part.field_name = options.get(b"name", b"").decode("utf-8", "replace")
        if self._part.field_name != FILES_FIELD:
            return
        if b"filename" not in options:
            raise InvalidInput("The field “files” holds no file.")
        if len(self.files) >= MOST_FILES:
            raise InvalidInput(f"One upload holds at most {MOST_FILES} files.", "too_many_files")
        path = Path(self._temporary.name) / str(len(self.files))
        self._part.received = ReceivedFile(*split_path(_decode(options[b"filename"])), path)
        self._part.open_file = path.open("wb")
        self.files.append(self._part.received)

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        received, file = self._part.received, self._part.open_file
        if received is None:
            if self._part.field_name in TEXT_FIELDS:
                if len(self._part.data) + end - start > MOST_FIELD_BYTES:
                    raise InvalidInput(f"The field “{self._part.field_name}” is too long.")
                self._part.data += data[start:end]
            return
        received.bytes += end - start
        if received.bytes <= self._most_file_bytes:
            assert file is not None
            file.write(data[start:end])
            return
        if received.path is not None and file is not None:
            file.close()
            received.path.unlink()
            received.path = None
        # Reading on lets the other files through and the sender hear the answer, but not for ever.
        self._discarded += end - start
        if self._discarded > self._most_file_bytes:
            raise too_large(received.name, self._most_file_bytes)

    def _part_ends(self) -> None:
        if self._part.open_file is not None:
            self._part.open_file.close()
        elif self._part.field_name in TEXT_FIELDS:
            self.fields[self._part.field_name] = self._part.data.decode("utf-8", "replace")


def too_large(name: str, most_file_bytes: int) -> TooLarge:
    return TooLarge(f"{name}: larger than the {most_file_bytes / 1024 / 1024:g} MiB that a file may have here.")


def _decode(name: bytes) -> str:
    try:
        text = name.decode("utf-8")
    except UnicodeDecodeError:
        text = name.decode("gb18030", "replace")  # old Windows programs send the system's encoding
    return re.sub("%(?:22|0[dD]|0[aA])", lambda match: _BROWSER_ESCAPES[match[0].lower()], text)
