"""A file's name as its uploader wrote it: data to show, never a path to open."""

from __future__ import annotations

import re
import unicodedata

MOST_CHARACTERS = 255
MOST_SUFFIX_CHARACTERS = 16
MOST_FOLDER_CHARACTERS = 350
UNNAMED = "unnamed"

# Control and format characters: line breaks, NUL, and the overrides that make "fdp.exe" read as "exe.pdf".
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def clean_file_name(name: str) -> str:
    """Return the last part of a name or path, without hidden characters, in NFC, at most 255 characters long with
    its suffix kept. A name of which nothing is left becomes `unnamed`."""
    name = unicodedata.normalize("NFC", name)
    name = re.split(r"[/\\]", name)[-1]
    name = "".join(character for character in name if unicodedata.category(character) not in _HIDDEN)
    name = re.sub(r"\s+", " ", name).strip()
    if not name.strip(". "):
        return UNNAMED
    if len(name) <= MOST_CHARACTERS:
        return name
    stem, dot, suffix = name.rpartition(".")
    if not stem or len(suffix) > MOST_SUFFIX_CHARACTERS:
        return name[:MOST_CHARACTERS].rstrip()
    return stem[: MOST_CHARACTERS - len(suffix) - 1].rstrip() + dot + suffix


def clean_folder(path: str) -> str:
    """Return a folder's path with `/` between its cleaned parts; `..`, `.`, drives and empty parts are left out. What
    is longer than 350 characters loses its deepest parts."""
    parts = [clean_file_name(part) for part in re.split(r"[/\\]", path) if part.strip(". ") and not part.endswith(":")]
    while len("/".join(parts)) > MOST_FOLDER_CHARACTERS:
        parts.pop()
    return "/".join(parts)


def split_path(path: str) -> tuple[str, str]:
    """Return the cleaned folder and file name of an uploaded file's relative path."""
    folder, _, _ = path.replace("\\", "/").rpartition("/")
    return clean_folder(folder), clean_file_name(path)


def join_path(folder: str, name: str) -> str:
    """Return what a live document is known by within its knowledge base."""
    return f"{folder}/{name}" if folder else name
