"""An archive becomes documents of their own, and nothing that it says of itself is believed."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest

from kb_platform.domain.errors import LimitExceeded, PasswordRequired, UnsupportedFormat
from web.unpacking import MIB, Refusal, UnpackLimits, with_archives_unpacked
from web.uploads import ReceivedFile

SUFFIXES = frozenset((".txt", ".pdf", ".zip"))


def packed(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def unpack(
    folder: Path, data: bytes, name: str = "rules.zip", password: str = "", limits: UnpackLimits | None = None
) -> tuple[dict[str, bytes], list[Refusal]]:
    """Return path → content of what became a document, and what was refused."""
    path = folder / "0"
    path.write_bytes(data)
    found, refused = {}, []
    for file in with_archives_unpacked([ReceivedFile("", name, path)], SUFFIXES, password, limits or UnpackLimits()):
        if isinstance(file, Refusal):
            refused.append(file)
        else:
            assert file.path is not None
            found[f"{file.folder}/{file.name}".lstrip("/")] = file.path.read_bytes()
    return found, refused


def test_each_file_of_an_archive_is_a_document_in_a_folder_of_its_name(tmp_path: Path) -> None:
    found, refused = unpack(tmp_path, packed({"2024/a.txt": b"one", "b.txt": b"two"}))
    assert found == {"rules/2024/a.txt": b"one", "rules/b.txt": b"two"}
    assert not refused
    assert not list(tmp_path.iterdir())


def test_a_folder_that_the_archive_has_itself_is_not_doubled(tmp_path: Path) -> None:
    assert list(unpack(tmp_path, packed({"rules/a.txt": b"x"}))[0]) == ["rules/a.txt"]


def test_names_of_chinese_windows_are_read(tmp_path: Path) -> None:
    data = packed({"XXXXXXXX.txt": b"x"}).replace(b"XXXXXXXX", "转专业法".encode("gb18030"))
    assert list(unpack(tmp_path, data)[0]) == ["rules/转专业法.txt"]


def test_names_never_lead_out_of_the_folder(tmp_path: Path) -> None:
    members = {
        "../../etc/cron.txt": b"x",
        "/abs/a.txt": b"y",
        "C:\\Windows\\b.txt": b"z",
        "evil\u202etxt.exe.txt": b"w",
    }
    found, _ = unpack(tmp_path, packed(members))
    assert all(path.startswith("rules/") and ".." not in path and "\u202e" not in path for path in found)
    assert len(found) == 4


def test_archives_in_archives_are_unpacked_but_not_for_ever(tmp_path: Path) -> None:
    data = packed({"deep.txt": b"innermost"})
    for depth in range(5):
        data = packed({f"level{depth}.zip": data, f"beside{depth}.txt": b"x"})
    found, refused = unpack(tmp_path, data)
    assert sorted(Path(path).name for path in found) == ["beside2.txt", "beside3.txt", "beside4.txt"]
    assert [type(each.error) for each in refused] == [LimitExceeded]


def test_what_cannot_be_read_is_named_and_noise_is_passed_over(tmp_path: Path) -> None:
    members = {"setup.exe": b"MZ", "__MACOSX/._a.txt": b"x", ".DS_Store": b"x", "~$a.txt": b"x", "a.txt": b"kept"}
    found, refused = unpack(tmp_path, packed(members))
    assert found == {"rules/a.txt": b"kept"}
    assert [(each.name, type(each.error)) for each in refused] == [("rules.zip/setup.exe", UnsupportedFormat)]


def test_a_bomb_is_stopped_while_it_unpacks_whatever_sizes_it_declares(tmp_path: Path) -> None:
    data = bytearray(packed({"bomb.txt": bytes(40 * MIB), "a.txt": b"kept"}))
    struct.pack_into("<I", data, data.find(b"PK\x01\x02") + 24, 100)
    found, refused = unpack(tmp_path, bytes(data))
    assert found == {"rules/a.txt": b"kept"}
    assert [each.name for each in refused] == ["rules.zip/bomb.txt"]


def test_an_archive_may_not_unpack_to_more_than_its_limits(tmp_path: Path) -> None:
    few = UnpackLimits(most_files=2)
    found, refused = unpack(tmp_path, packed({f"{n}.txt": b"x" for n in range(3)}), limits=few)
    assert (found, [type(each.error) for each in refused]) == ({}, [LimitExceeded])
    small = UnpackLimits(most_bytes=MIB)
    found, refused = unpack(
        tmp_path, packed({f"{n}.txt": b"x" * (MIB // 2) for n in range(9)}, zipfile.ZIP_STORED), limits=small
    )
    assert len(found) == 2
    assert [(each.name, type(each.error)) for each in refused] == [("rules.zip", LimitExceeded)]
    one = UnpackLimits(most_file_bytes=10)
    found, refused = unpack(tmp_path, packed({"a.txt": b"x" * 11, "b.txt": b"x"}), limits=one)
    assert (list(found), len(refused)) == (["rules/b.txt"], 1)


def test_an_encrypted_member_says_so(tmp_path: Path) -> None:
    data = bytearray(packed({"a.txt": b"secret" * 9, "b.txt": b"open"}))
    data[6] |= 1
    data[data.find(b"PK\x01\x02") + 8] |= 1
    for password in ("", "guess"):
        found, refused = unpack(tmp_path, bytes(data), password=password)
        assert found == {"rules/b.txt": b"open"}
        assert [type(each.error) for each in refused] == [PasswordRequired]


@pytest.mark.parametrize(
    "data", [b"PK\x03\x04 cut", packed({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<a/>"})]
)
def test_what_is_no_archive_is_left_to_its_parser(tmp_path: Path, data: bytes) -> None:
    assert list(unpack(tmp_path, data)[0]) == ["rules.zip"]


def test_a_directory_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    data = bytearray(packed({"a.txt": b"x"}))
    struct.pack_into("<I", data, data.rfind(b"PK\x05\x06") + 12, 900 * MIB)
    found, refused = unpack(tmp_path, bytes(data))
    assert (found, [type(each.error) for each in refused]) == ({}, [LimitExceeded])
