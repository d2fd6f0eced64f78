"""OLE containers (the envelope of .msg, .doc, .xls), made by hand."""

from __future__ import annotations

import struct

SECTOR, MINI = 512, 64
FREE, END, FAT_SECTOR = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
Tree = dict[str, "bytes | Tree"]


def ole(tree: Tree) -> bytes:
    """Return a container with these streams (bytes) and storages (dictionaries); no more than about 120 sectors a FAT
    sector, so up to 7 MB."""
    entries: list[dict[str, object]] = [{"name": "Root Entry", "kind": 5, "data": b"", "child": FREE, "right": FREE}]
    _add(entries, 0, tree)
    mini, mini_fat = bytearray(), []
    sectors: list[bytes] = []
    fat: list[int] = []

    def keep(data: bytes) -> int:
        if not data:
            return END
        first = len(sectors)
        count = -(-len(data) // SECTOR)
        for at in range(count):
            sectors.append(data[at * SECTOR : (at + 1) * SECTOR].ljust(SECTOR, b"\0"))
            fat.append(first + at + 1 if at + 1 < count else END)
        return first

    for entry in entries[1:]:
        data = entry["data"]
        assert isinstance(data, bytes)
        if entry["kind"] == 2 and len(data) < 4096:
            entry["start"] = len(mini_fat) if data else END
            count = -(-len(data) // MINI)
            mini_fat.extend([*range(len(mini_fat) + 1, len(mini_fat) + count), END] if count else [])
            mini += data.ljust(count * MINI, b"\0")
        else:
            entry["start"] = keep(data) if entry["kind"] == 2 else 0
    entries[0]["start"], entries[0]["data"] = keep(bytes(mini)), bytes(mini)
    mini_fat_data = b"".join(struct.pack("<I", number) for number in mini_fat)
    mini_start = keep(mini_fat_data + b"\xff" * (-len(mini_fat_data) % SECTOR))
    directory = keep(b"".join(_entry(entry) for entry in entries))
    fat_count = 1
    while (len(fat) + fat_count) * 4 > fat_count * SECTOR:
        fat_count += 1
    fat_at = list(range(len(sectors), len(sectors) + fat_count))
    table = b"".join(struct.pack("<I", number) for number in [*fat, *[FAT_SECTOR] * fat_count])
    table = table.ljust(fat_count * SECTOR, b"\xff")
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, fat_count, directory, 0, 4096, mini_start, len(mini_fat_data) > 0, END, 0)
    header += b"".join(struct.pack("<I", number) for number in fat_at).ljust(436, b"\xff")
    return header + b"".join(sectors) + table


def _add(entries: list[dict[str, object]], parent: int, tree: Tree) -> None:
    before = -1
    for name, content in tree.items():
        number = len(entries)
        is_stream = isinstance(content, bytes)
        entries.append(
            {
                "name": name,
                "kind": 2 if is_stream else 1,
                "data": content if is_stream else b"",
                "child": FREE,
                "right": FREE,
            }
        )
        entries[parent if before < 0 else before]["child" if before < 0 else "right"] = number
        before = number
        if isinstance(content, dict):
            _add(entries, number, content)


def _entry(entry: dict[str, object]) -> bytes:
    name = (str(entry["name"]) + "\0").encode("utf-16-le")
    data = entry["data"]
    assert isinstance(data, bytes)
    return (
        name.ljust(64, b"\0")
        + struct.pack("<HBBIII", len(name), entry["kind"], 1, FREE, entry["right"], entry["child"])
        + bytes(36)
        + struct.pack("<IQ", entry["start"], len(data))
    )


def outlook_message(
    subject: str, body: str, attachments: dict[str, bytes | Tree] | None = None, is_embedded: bool = False, **texts: str
) -> Tree:
    """Return the streams of a .msg; `texts` are further properties (`0C1A="sender"`)."""
    header = bytes(24 if is_embedded else 32)
    tree: Tree = {"__properties_version1.0": header}
    for tag, text in {"0037": subject, "1000": body, **texts}.items():
        tree[f"__substg1.0_{tag.upper()}001F"] = text.encode("utf-16-le")
    for number, (name, content) in enumerate((attachments or {}).items()):
        inside: Tree = {"__properties_version1.0": bytes(8), "__substg1.0_3707001F": name.encode("utf-16-le")}
        inside["__substg1.0_37010102" if isinstance(content, bytes) else "__substg1.0_3701000D"] = content
        tree[f"__attach_version1.0_#{number:08X}"] = inside
    return tree
