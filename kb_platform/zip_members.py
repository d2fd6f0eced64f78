"""Names of the files in a ZIP archive."""

from __future__ import annotations

import re
import zipfile

_UTF8_NAME = 0x800
_NOISE = re.compile(r"(?:^|/)(?:\.[^/]+|~\$[^/]*|Thumbs\.db|desktop\.ini|__MACOSX(?:/.*)?)$", re.IGNORECASE)


def member_name(member: zipfile.ZipInfo) -> str:
    """Return a member's path as its maker meant it: UTF-8 where the archive says so, else what Chinese Windows writes
    (GB18030) where the bytes fit, else the code page of DOS."""
    name = member.filename
    if not member.flag_bits & _UTF8_NAME:
        try:
            raw = name.encode("cp437")
        except UnicodeEncodeError:
            return name
        for encoding in ("utf-8", "gb18030"):
            try:
                return raw.decode(encoding)
            except UnicodeDecodeError:
                continue
    return name


def is_noise(name: str) -> bool:
    """Tell whether every folder has such a file and nobody means to upload it."""
    return bool(_NOISE.search(name.replace("\\", "/")))
