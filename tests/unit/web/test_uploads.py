from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from kb_platform.domain.errors import InvalidInput, TooLarge
from web.uploads import MOST_FILES, MOST_PARTS, Upload

Parts = list[tuple[str, tuple[str, bytes]]]


def encoded(files: Parts, data: dict[str, str] | None = None) -> tuple[str, bytes]:
    """Return the content type and the body that an HTTP client sends."""
    request = httpx.Request("POST", "http://localhost", files=files, data=data)
    return request.headers["content-type"], request.read()


async def pieces(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


async def receive(
    folder: Path, content_type: str, body: bytes, piece: int = 7, most: int = 10_000
) -> dict[str, object]:
    with Upload(folder, content_type, most) as upload:
        await upload.receive(pieces(body, piece))
        files = [(file.name, file.path.read_bytes() if file.path else None) for file in upload.files]
        return {"files": files, "password": upload.fields["password"]}


@pytest.mark.parametrize("piece", [1, 2, 13, 64, 100_000])
async def test_files_arrive_whole_however_the_body_is_cut(tmp_path: Path, piece: int) -> None:
    files: Parts = [
        ("files", ("办法.pdf", bytes(range(256)) * 8)),
        ("files", ('a "b".txt', b"\r\n--boundary\r\n\x00")),
        ("files", ("empty.txt", b"")),
    ]
    content_type, body = encoded(files, {"password": "口令 1"})
    received = await receive(tmp_path, content_type, body, piece)
    assert received["files"] == [(name, data) for _, (name, data) in files]
    assert received["password"] == "口令 1"


async def test_nothing_is_left_of_an_upload(tmp_path: Path) -> None:
    await receive(tmp_path, *encoded([("files", ("a.txt", b"x"))]))
    with pytest.raises(InvalidInput):
        await receive(
            tmp_path, "multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="files"; fil'
        )
    assert list(tmp_path.iterdir()) == []


async def test_a_file_that_is_too_large_is_named_and_the_others_go_through(tmp_path: Path) -> None:
    content_type, body = encoded([("files", ("big.bin", b"x" * 101)), ("files", ("small.txt", b"y" * 100))])
    received = await receive(tmp_path, content_type, body, most=100)
    assert received["files"] == [("big.bin", None), ("small.txt", b"y" * 100)]


async def test_an_endless_file_is_cut_off(tmp_path: Path) -> None:
    content_type, body = encoded([("files", ("endless.bin", b"x" * 5000))])
    with pytest.raises(TooLarge, match=r"endless\.bin"):
        await receive(tmp_path, content_type, body, most=100)


async def test_paths_and_hidden_characters_do_not_survive_in_names(tmp_path: Path) -> None:
    content_type, body = encoded([("files", ("../../x\u202ecod.exe", b"1"))])
    assert (await receive(tmp_path, content_type, body))["files"] == [("xcod.exe", b"1")]


async def test_a_name_in_the_old_chinese_encoding_is_read(tmp_path: Path) -> None:
    head = '--b\r\nContent-Disposition: form-data; name="files"; filename="学生手册.txt"\r\n\r\n'.encode("gb18030")
    received = await receive(tmp_path, "multipart/form-data; boundary=b", head + b"hi\r\n--b--\r\n")
    assert received["files"] == [("学生手册.txt", b"hi")]


@pytest.mark.parametrize("content_type", ["", "application/json", "multipart/form-data", "multipart/mixed; boundary=b"])
async def test_what_is_no_form_is_refused(tmp_path: Path, content_type: str) -> None:
    with pytest.raises(InvalidInput, match="multipart/form-data"):
        await receive(tmp_path, content_type, b"")


@pytest.mark.parametrize("body", [b"", b"nonsense", b"--b\r\n", b"--b\r\nContent-Disposition: form-data\r\n\r\nx"])
async def test_a_broken_body_is_refused(tmp_path: Path, body: bytes) -> None:
    with pytest.raises(InvalidInput):
        await receive(tmp_path, "multipart/form-data; boundary=b", body)


async def test_too_many_files_are_refused(tmp_path: Path) -> None:
    content_type, body = encoded([("files", (f"{number}.txt", b"")) for number in range(MOST_FILES + 1)])
    with pytest.raises(InvalidInput, match=str(MOST_FILES)):
        await receive(tmp_path, content_type, body, piece=65536)


async def test_a_text_field_named_files_is_no_file(tmp_path: Path) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="files"\r\n\r\nhello\r\n--b--\r\n'
    with pytest.raises(InvalidInput, match="no file"):
        await receive(tmp_path, "multipart/form-data; boundary=b", body)


async def test_parts_and_their_headers_are_bounded(tmp_path: Path) -> None:
    kind = "multipart/form-data; boundary=b"
    part = b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n\r\n'
    with pytest.raises(InvalidInput, match="parts"):
        await receive(tmp_path, kind, part * (MOST_PARTS + 1) + b"--b--\r\n", piece=4096)
    endless = b"--b\r\nContent-Disposition: form-data; name=" + b"x" * 20_000
    with pytest.raises(InvalidInput):
        await receive(tmp_path, kind, endless, piece=4096)
