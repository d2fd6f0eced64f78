"""Office files under a password, old and new: opened with it, then read like any other."""

from __future__ import annotations

import io
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import msoffcrypto  # type: ignore[import-untyped]
from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError, ParseError  # type: ignore[import-untyped]

from ingest.parsers.source import Source
from kb_platform.domain.document import ParsedDocument
from kb_platform.domain.errors import CorruptFile, PasswordRequired, UnsupportedFormat

_EVERYBODYS = "VelvetSweatshop"
"""The password that Excel itself tries first: files that are only protected against changes have it."""
_BROKEN = (ParseError, FileFormatError, OSError, ValueError, KeyError, IndexError, TypeError, AttributeError)


def is_encrypted(path: Path) -> bool:
    """Tell whether an Office file of the OLE kind needs a password to be read."""
    try:
        with path.open("rb") as file:
            return bool(msoffcrypto.OfficeFile(file).is_encrypted())
    except Exception:  # noqa: BLE001 - a file that this library cannot judge is left to its parser
        return False


def parse(source: Source) -> ParsedDocument:
    """Return what the file holds. Raises PasswordRequired without the right password, and what its parser raises."""
    from ingest.parsers import parse as parse_any

    with tempfile.TemporaryFile() as decrypted_file, source.path.open("rb") as file:
        _decrypt(file, decrypted_file, source)
        decrypted_file.seek(0)
        with tempfile.NamedTemporaryFile(prefix="kb-decrypted-") as opened:
            while step := decrypted_file.read(1 << 20):
                opened.write(step)
            opened.flush()
            if is_encrypted(Path(opened.name)):
                raise CorruptFile(source.file_name, "it is encrypted in a way that cannot be undone.")
            return parse_any(replace(source, path=Path(opened.name), password=""))


def _decrypt(file: Any, into: Any, source: Source) -> None:
    try:
        office = msoffcrypto.OfficeFile(file)
    except (*_BROKEN, DecryptionError) as error:
        raise CorruptFile(source.file_name, "its encryption is damaged.") from error
    for password in dict.fromkeys((source.password, _EVERYBODYS)):
        if not password:
            continue
        into.seek(0)
        into.truncate()
        try:
            office.load_key(password=password)
            packed = io.BytesIO()
            office.decrypt(packed)
            into.write(packed.getbuffer())
        except (InvalidKeyError, DecryptionError):
            continue
        except _BROKEN as error:
            raise UnsupportedFormat(
                source.file_name,
                "it is encrypted in an unknown way. Remove the password in Office and upload it again.",
            ) from error
        return
    if source.password:
        raise PasswordRequired(source.file_name, "the password does not open it. Upload it with the right password.")
    raise PasswordRequired(source.file_name, "it is protected by a password. Upload it with the password.")
