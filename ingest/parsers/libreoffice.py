"""Files of other office programs (.doc, .ppt, .rtf, OpenDocument …), converted by LibreOffice where it is installed."""

from __future__ import annotations

import ctypes
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ingest.parsers.detect import detect
from ingest.parsers.source import Source
from kb_platform.domain.document import ParsedDocument
from kb_platform.domain.errors import CorruptFile, LimitExceeded, UnreadableFile, UnsupportedFormat

CONVERT_SECONDS = 150
_PR_SET_PDEATHSIG = 1
_PROFILE_MADE = 81
"""Exit status of the first start with a new profile: it wants to be started again."""
_PROGRAMS = ("/usr/lib/libreoffice/program/soffice.bin", "/opt/libreoffice/program/soffice.bin")


@dataclass(frozen=True, slots=True)
class _Conversion:
    what: str
    suffix: str
    target: str
    package: str


_CONVERSIONS = {
    "doc": _Conversion("a Word 97-2003 document (.doc)", ".doc", "docx", "libreoffice-writer-nogui"),
    "rtf": _Conversion("a Rich Text file (.rtf)", ".rtf", "docx", "libreoffice-writer-nogui"),
    "odt": _Conversion("an OpenDocument text (.odt)", ".odt", "docx", "libreoffice-writer-nogui"),
    "ppt": _Conversion("a PowerPoint 97-2003 presentation (.ppt)", ".ppt", "pptx", "libreoffice-impress-nogui"),
    "odp": _Conversion("an OpenDocument presentation (.odp)", ".odp", "pptx", "libreoffice-impress-nogui"),
    "ods": _Conversion("an OpenDocument spreadsheet (.ods)", ".ods", "xlsx", "libreoffice-calc-nogui"),
}


def soffice() -> str:
    """Return the path of LibreOffice's program; empty when it is not installed."""
    for path in _PROGRAMS:
        if Path(path).exists():
            return path
    return shutil.which("soffice") or shutil.which("libreoffice") or ""


def parse(source: Source) -> ParsedDocument:
    """Return what the file holds, read from the converted file.

    Raises UnsupportedFormat where LibreOffice (or its part for this kind) is not installed, CorruptFile when it
    cannot read the file, LimitExceeded when that takes too long.
    """
    from ingest.parsers import parse as parse_any

    kind = detect(source).kind
    with converted(kind, source) as path:
        name = f"{Path(source.file_name).stem}.{_CONVERSIONS[kind].target}"
        try:
            return parse_any(replace(source, path=path, file_name=name))
        except UnreadableFile as error:  # the uploader knows the file by its own name
            raise type(error)(source.file_name, error.reason) from error


@contextmanager
def converted(kind: str, source: Source) -> Iterator[Path]:
    """Convert a file to the Office format of today; the result is gone when the block ends."""
    conversion = _CONVERSIONS[kind]
    program = soffice()
    if not program:
        raise UnsupportedFormat(source.file_name, _advice(conversion))
    with tempfile.TemporaryDirectory(prefix="kb-convert-") as folder:
        given = Path(folder, f"given{conversion.suffix}")
        given.symlink_to(source.path.resolve())
        made = Path(folder, "made", f"given.{conversion.target}")
        said = _run(program, given, conversion.target, Path(folder), source)
        if not made.exists():
            if "no export filter" in said or not _has_part(program, kind):
                raise UnsupportedFormat(source.file_name, _advice(conversion))
            raise CorruptFile(
                source.file_name,
                f"it is {conversion.what} that LibreOffice cannot read. Open it where it was made and save it as "
                f".{conversion.target}.",
            )
        yield made


def _run(program: str, given: Path, target: str, folder: Path, source: Source) -> str:
    """Run LibreOffice with a profile of its own, and return what it said."""
    command = [
        program,
        f"-env:UserInstallation=file://{folder}/profile",
        "--headless",
        "--norestore",
        "--nologo",
        "--nodefault",
        "--nolockcheck",
        "--nofirststartwizard",
        "--convert-to",
        target,
        "--outdir",
        str(folder / "made"),
        str(given),
    ]
    deadline = time.monotonic() + CONVERT_SECONDS
    try:
        for _ in range(2):
            run = subprocess.run(  # noqa: S603 - a fixed command; the file's name is ours
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=max(1.0, deadline - time.monotonic()),
                cwd=folder,
                preexec_fn=_die_with_parent,
                check=False,
            )
            if run.returncode != _PROFILE_MADE:
                break
    except subprocess.TimeoutExpired as error:
        raise LimitExceeded(
            source.file_name, f"converting it takes longer than {CONVERT_SECONDS} s. Save it as .{target}."
        ) from error
    except OSError as error:
        raise UnsupportedFormat(source.file_name, f"LibreOffice cannot be started ({error}).") from error
    return run.stdout.decode("utf-8", "replace")


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _has_part(program: str, kind: str) -> bool:
    library = {"docx": "libswlo.so", "pptx": "libsdlo.so", "xlsx": "libsclo.so"}[_CONVERSIONS[kind].target]
    return Path(program).resolve().with_name(library).exists()


def _advice(conversion: _Conversion) -> str:
    return (
        f"it is {conversion.what}. Save it as .{conversion.target}, or have LibreOffice installed where files are read "
        f"(Debian: {conversion.package})."
    )
