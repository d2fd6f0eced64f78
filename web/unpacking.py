"""Uploaded ZIP archives: each file in one becomes a document of its own, in a folder named after the archive, so that
a citation opens that very file. Nothing that an archive says of itself is believed: entries and bytes are counted."""

from __future__ import annotations

import os
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from kb_platform.domain.errors import (
    CorruptFile,
    InvalidInput,
    LimitExceeded,
    PasswordRequired,
    UnreadableFile,
    UnsupportedFormat,
)
from kb_platform.file_names import join_path, split_path
from kb_platform.zip_members import is_noise, member_name
from web.uploads import ReceivedFile

MIB = 1024 * 1024
MOST_DEPTH = 3
_DIRECTORY_BYTES = 8 * MIB
_STEP = MIB
_ENCRYPTED = 0x1
_AES = 99
_END = b"PK\x05\x06"
_END64 = b"PK\x06\x06"
_OFFICE_PARTS = frozenset(("[Content_Types].xml", "mimetype", "META-INF/container.xml"))


@dataclass(frozen=True, slots=True)
class UnpackLimits:
    """What one uploaded archive, archives inside it counted, may unpack to. A file that is larger than
    `ratio_from_bytes` may be `most_ratio` times as large as it is packed."""

    most_files: int = 1000
    most_bytes: int = 4096 * MIB
    most_file_bytes: int = 512 * MIB
    most_ratio: int = 200
    ratio_from_bytes: int = 32 * MIB


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that cannot be taken, and why."""

    name: str
    error: InvalidInput


@dataclass(slots=True)
class _Budget:
    files: int
    bytes: int


def with_archives_unpacked(
    files: Iterable[ReceivedFile], suffixes: frozenset[str], password: str, limits: UnpackLimits
) -> Iterator[ReceivedFile | Refusal]:
    """Yield the files, in the place of a ZIP archive those inside it, one after the other: each is on disk, beside the
    archive, only until the next is asked for.

    `suffixes` are those of files that can be read (others inside an archive are refused), `password` opens encrypted
    members.
    """
    for file in files:
        if file.path is None or not _is_archive(file):
            yield file
        else:
            yield from _unpack(file, suffixes, password, limits, _Budget(limits.most_files, limits.most_bytes), 1)
            file.path.unlink(missing_ok=True)


def _is_archive(file: ReceivedFile) -> bool:
    """Tell whether a file is an archive to be unpacked: by its name, and no Office file or book under such a name."""
    if file.path is None or not file.name.lower().endswith(".zip") or not zipfile.is_zipfile(file.path):
        return False
    try:
        _check_directory(file.path, file.name)
        with zipfile.ZipFile(file.path) as archive:
            return _OFFICE_PARTS.isdisjoint(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error):
        return False  # the parser says what is wrong with it
    except LimitExceeded:
        return True


def _unpack(
    file: ReceivedFile, suffixes: frozenset[str], password: str, limits: UnpackLimits, budget: _Budget, depth: int
) -> Iterator[ReceivedFile | Refusal]:
    assert file.path is not None
    try:
        _check_directory(file.path, file.name)
        with zipfile.ZipFile(file.path) as archive:
            members = [member for member in archive.infolist() if _is_wanted(member)]
            if len(members) > budget.files:
                raise LimitExceeded(file.name, f"it holds more than {limits.most_files:,} files. Upload it in pieces.")
            if not members:
                raise UnsupportedFormat(file.name, "the archive holds no files.")
            budget.files -= len(members)
            for member in members:
                yield from _member(archive, member, file, suffixes, password, limits, budget, depth)
    except LimitExceeded as error:
        yield Refusal(file.name, error)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error):
        yield Refusal(file.name, CorruptFile(file.name, "the archive is damaged or not fully uploaded."))
    except UnsupportedFormat as error:
        yield Refusal(file.name, error)


def _is_wanted(member: zipfile.ZipInfo) -> bool:
    is_link = member.external_attr >> 16 & 0o170000 == 0o120000
    return not member.is_dir() and not is_link and not is_noise(member_name(member))


def _member(
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    file: ReceivedFile,
    suffixes: frozenset[str],
    password: str,
    limits: UnpackLimits,
    budget: _Budget,
    depth: int,
) -> Iterator[ReceivedFile | Refusal]:
    folder, name = split_path(member_name(member))
    found = ReceivedFile(_folder_of(file, folder), name, None)
    shown = f"{file.name}/{join_path(folder, name)}"
    suffix = Path(name).suffix.lower()
    try:
        if suffix and suffix not in suffixes:
            raise UnsupportedFormat(shown, f"files that end in {suffix} cannot be read.")
        if suffix == ".zip" and depth >= MOST_DEPTH:
            raise LimitExceeded(
                shown, f"archives are nested more than {MOST_DEPTH} deep. Unpack it and upload the files."
            )
        assert file.path is not None
        with tempfile.NamedTemporaryFile(dir=file.path.parent, prefix="member-", delete=False) as kept:
            path = Path(kept.name)
        try:
            size = _write(archive, member, path, shown, password, limits, budget)
            received = replace(found, path=path, bytes=size)
            if _is_archive(received):
                yield from _unpack(received, suffixes, password, limits, budget, depth + 1)
            else:
                yield received
        finally:
            path.unlink(missing_ok=True)
    except UnreadableFile as error:
        if isinstance(error, LimitExceeded) and budget.bytes < 0:
            raise
        yield Refusal(shown, error)


def _folder_of(archive: ReceivedFile, folder: str) -> str:
    """Return where a member lies: in a folder named after its archive, unless the archive has that folder itself."""
    stem = Path(archive.name).stem
    inside = folder if folder.split("/")[0] == stem else join_path(stem, folder).rstrip("/")
    return join_path(archive.folder, inside)


def _write(
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    path: Path,
    shown: str,
    password: str,
    limits: UnpackLimits,
    budget: _Budget,
) -> int:
    """Unpack a member to a file and return its size. Raises UnreadableFile."""
    size = 0
    try:
        with (
            archive.open(member, pwd=password.encode() if password else None) as stream,
            path.open("wb") as out,
        ):
            while step := stream.read(_STEP):
                size += len(step)
                budget.bytes -= len(step)
                _check_size(size, member, shown, limits, budget)
                out.write(step)
    except RuntimeError as error:  # what zipfile says of passwords
        if not member.flag_bits & _ENCRYPTED:
            raise CorruptFile(shown, "it is damaged in the archive.") from error
        reason = (
            "the password does not open it" if password else "it is encrypted; upload the archive with its password"
        )
        raise PasswordRequired(shown, f"{reason}.") from error
    except NotImplementedError as error:
        how = "encrypted with AES" if member.compress_type == _AES else "packed in a way that is not known here"
        raise UnsupportedFormat(shown, f"it is {how}. Unpack it and upload it by itself.") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError) as error:
        raise CorruptFile(shown, "it is damaged in the archive.") from error
    return size


def _check_size(size: int, member: zipfile.ZipInfo, shown: str, limits: UnpackLimits, budget: _Budget) -> None:
    if budget.bytes < 0:
        raise LimitExceeded(
            shown, f"the archive unpacks to more than {limits.most_bytes // MIB:,} MiB. Upload it in pieces."
        )
    if size > limits.most_file_bytes:
        raise LimitExceeded(shown, f"it is larger than the {limits.most_file_bytes // MIB:,} MiB that a file may have.")
    if size > limits.ratio_from_bytes and size > limits.most_ratio * max(1, member.compress_size):
        raise LimitExceeded(
            shown, f"it unpacks to more than {limits.most_ratio} times its packed size. Upload it by itself."
        )


def _check_directory(path: Path, name: str) -> None:
    """Refuse an archive whose directory alone would fill the memory. Raises LimitExceeded, BadZipFile."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 66_000))
        tail = file.read()
    at = tail.rfind(_END)
    if at < 0:
        raise zipfile.BadZipFile
    directory = struct.unpack_from("<I", tail, at + 12)[0]
    if directory == 0xFFFFFFFF and (wide := tail.rfind(_END64)) >= 0:
        directory = struct.unpack_from("<Q", tail, wide + 40)[0]
    if directory > _DIRECTORY_BYTES:
        raise LimitExceeded(name, "it holds too many files. Upload it in pieces.")
