"""From an uploaded file to what a reader sees of it."""

from __future__ import annotations

import io
import uuid
import zipfile
from urllib.parse import quote

import httpx
import pytest
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject
from sqlalchemy import select

from kb_platform.database.tables import DocumentVersion
from tests.integration.api.conftest import RULES, ReadAll, Rules, Running, upload


def test_an_upload_is_accepted_at_once_and_read_later(editor: httpx.Client, base: str, read_all: ReadAll) -> None:
    answer = upload(editor, base, ("办法.md", RULES), ("notes.txt", b"Office hours are on Monday."))
    assert answer.status_code == 202
    assert [(d["name"], d["state"], d["is_searchable"]) for d in answer.json()["documents"]] == [
        ("办法.md", "queued", False),
        ("notes.txt", "queued", False),
    ]
    read_all(base)
    documents = editor.get(f"/api/v1/knowledge-bases/{base}/documents").json()["documents"]
    assert [(d["name"], d["state"], d["is_searchable"]) for d in documents] == [
        ("notes.txt", "ready", True),
        ("办法.md", "ready", True),
    ]
    found = editor.get(f"/api/v1/knowledge-bases/{base}").json()
    assert (found["document_count"], found["ready_count"]) == (2, 2)


def test_the_original_comes_back_as_an_attachment_under_its_name(
    editor: httpx.Client, reader: httpx.Client, base: str
) -> None:
    name = '转专业 "办法" (1).html'
    data = b"<script>alert(1)</script>"
    document_id = upload(editor, base, (name, data)).json()["documents"][0]["id"]
    answer = reader.get(f"/api/v1/documents/{document_id}/original")
    assert answer.content == data
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert f"filename*=UTF-8''{quote(name, safe='')}" in answer.headers["content-disposition"]


def test_content_and_highlights_agree_about_every_character(reader: httpx.Client, rules: Rules) -> None:
    path = f"/api/v1/documents/{rules.id}"
    content = reader.get(f"{path}/content").json()
    text = content["text"]
    assert content["version_id"] == rules.version_id
    assert {"heading", "paragraph", "table"} <= {block["kind"] for block in content["blocks"]}
    start = text.index("平均绩点不得低于3.2")
    end = start + len("平均绩点不得低于3.2")
    segments = reader.get(f"{path}/highlights", params={"start": start, "end": end}).json()["segments"]
    assert "".join(text[segment["start"] : segment["end"]] for segment in segments) == text[start:end]
    assert segments[0]["anchor"]["type"] == "paragraph"


@pytest.mark.parametrize("range_", [(5, 5), (6, 5), (0, 10**9), (-1, 4)])
def test_highlights_outside_the_text_are_refused(reader: httpx.Client, rules: Rules, range_: tuple[int, int]) -> None:
    parameters = {"start": range_[0], "end": range_[1]}
    assert reader.get(f"/api/v1/documents/{rules.id}/highlights", params=parameters).status_code == 422


def test_content_of_what_has_not_been_read_is_a_conflict(editor: httpx.Client, base: str) -> None:
    document_id = upload(editor, base, ("a.txt", b"later")).json()["documents"][0]["id"]
    assert editor.get(f"/api/v1/documents/{document_id}/content").status_code == 409


def test_an_upload_of_the_same_name_is_a_new_version_and_the_old_one_answers_until_it_is_read(
    editor: httpx.Client, base: str, read_all: ReadAll
) -> None:
    upload(editor, base, ("办法.md", RULES))
    read_all(base)
    (first,) = editor.get(f"/api/v1/knowledge-bases/{base}/documents").json()["documents"]
    newer = RULES + "第三条 新。".encode()
    second = upload(editor, base, ("办法.md", newer)).json()["documents"][0]
    assert (second["id"], second["state"], second["is_replacing"], second["is_searchable"]) == (
        first["id"],
        "queued",
        True,
        True,
    )
    assert second["version_id"] == first["version_id"]
    assert (
        upload(editor, base, ("办法.md", RULES + "第三条 新。".encode())).json()["documents"][0] == second
    )  # unchanged
    read_all(base)
    path = f"/api/v1/documents/{first['id']}"
    now = editor.get(path).json()
    assert (now["state"], now["is_replacing"], now["version_number"]) == ("ready", False, 2)
    assert "第三条" in editor.get(f"{path}/content").json()["text"]
    old = editor.get(f"{path}/content", params={"version_id": first["version_id"]}).json()
    assert old["version_id"] == first["version_id"]
    assert "第三条" not in old["text"]


def test_a_file_that_cannot_be_read_says_why_and_can_be_tried_again(
    editor: httpx.Client, base: str, read_all: ReadAll
) -> None:
    document_id = upload(editor, base, ("empty.txt", b"")).json()["documents"][0]["id"]
    path = f"/api/v1/documents/{document_id}"
    assert editor.post(f"{path}/retry").status_code == 409
    read_all(base)
    failed = editor.get(path).json()
    assert failed["state"] == "failed"
    assert failed["error_code"]
    assert failed["error_message"]
    assert not failed["is_searchable"]
    answer = editor.post(f"{path}/retry", json={"password": "x"})
    assert (answer.status_code, answer.json()["state"], answer.json()["error_code"]) == (202, "queued", "")


def test_a_deleted_document_is_gone_at_once_in_every_form(editor: httpx.Client, base: str, read_all: ReadAll) -> None:
    document_id = upload(editor, base, ("办法.md", RULES)).json()["documents"][0]["id"]
    read_all(base)
    path = f"/api/v1/documents/{document_id}"
    assert search(editor, base, "转专业绩点")
    assert editor.delete(path).status_code == 204
    for suffix in ("", "/original", "/content", "/pages/1", "/highlights?start=0&end=3"):
        assert editor.get(path + suffix).status_code == 404, suffix
    assert search(editor, base, "转专业绩点") == []
    assert editor.get(f"/api/v1/knowledge-bases/{base}/documents").json() == {"documents": []}


def search(client: httpx.Client, base: str, query: str) -> list[dict[str, object]]:
    answer = client.post("/api/v1/searches", json={"query": query, "knowledge_base_ids": [base]})
    assert answer.status_code == 200, answer.text
    hits: list[dict[str, object]] = answer.json()["hits"]
    return hits


def test_a_search_finds_the_passage_with_its_place_and_scores(reader: httpx.Client, rules: Rules) -> None:
    best = search(reader, rules.base, "转专业的绩点要求是多少？")[0]
    assert best["document_id"] == rules.id
    assert "3.2" in str(best["text"])
    text = reader.get(f"/api/v1/documents/{rules.id}/content").json()["text"]
    assert text[best["start"] : best["end"]] == best["text"]


def test_a_search_stays_inside_the_knowledge_bases_asked_for(editor: httpx.Client, rules: Rules) -> None:
    other = editor.post("/api/v1/knowledge-bases", json={"name": "empty"}).json()["id"]
    assert search(editor, other, "转专业绩点") == []


def test_a_file_that_is_too_large_is_refused_by_name(server: Running, editor: httpx.Client, base: str) -> None:
    limit = server.services.settings.server.max_upload_mib * 1024 * 1024
    answer = upload(editor, base, ("巨大.pdf", b"x" * (limit + 1)))
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too_large"
    assert "巨大.pdf" in answer.json()["error"]["message"]
    assert editor.get(f"/api/v1/knowledge-bases/{base}/documents").json()["documents"] == []
    mixed = upload(editor, base, ("巨大.pdf", b"x" * (limit + 1)), ("small.txt", b"y"))
    assert mixed.status_code == 202
    assert [document["name"] for document in mixed.json()["documents"]] == ["small.txt"]
    assert [(file["name"], file["code"]) for file in mixed.json()["rejected"]] == [("巨大.pdf", "too_large")]
    assert list((server.services.files.folder / "incoming").iterdir()) == []


def test_an_upload_without_files_is_refused(editor: httpx.Client, base: str) -> None:
    path = f"/api/v1/knowledge-bases/{base}/documents"
    assert editor.post(path).status_code == 422
    assert editor.post(path, json={"files": []}).status_code == 422
    assert editor.post(path, files={"other": ("a.txt", b"x")}).status_code == 422


def test_an_upload_to_an_unknown_knowledge_base_is_refused_before_it_is_stored(
    server: Running, editor: httpx.Client
) -> None:
    before = set(server.services.files.digests())
    assert upload(editor, str(uuid.uuid4()), ("a.txt", uuid.uuid4().bytes)).status_code == 404
    assert set(server.services.files.digests()) == before


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd", "a/b\\c.txt", "x\x07y.txt", "\u202egnp.exe", "很长" * 300 + ".txt"]
)
def test_a_hostile_name_is_only_data(editor: httpx.Client, base: str, name: str) -> None:
    document = upload(editor, base, (name, b"x")).json()["documents"][0]
    assert len(document["name"]) <= 255
    assert not set(document["name"]) & set("/\\\x07\u202e")
    assert editor.get(f"/api/v1/documents/{document['id']}/original").content == b"x"


def a_pdf(*, password: str = "") -> bytes:
    """A page of one line, 200 by 100 points."""
    content = b"BT /F1 12 Tf 20 50 Td (Office hours are on Monday.) Tj ET"
    writer = PdfWriter()
    page = writer.add_blank_page(200, 100)
    font = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
    helvetica = DictionaryObject({NameObject(key): NameObject(value) for key, value in font.items()})
    fonts = DictionaryObject({NameObject("/F1"): helvetica})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    stream = DecodedStreamObject()
    stream.set_data(content)
    page[NameObject("/Contents")] = writer._add_object(stream)
    if password:
        writer.encrypt(password)
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def test_a_pdf_shows_its_page_and_the_box_of_a_passage(
    server: Running, editor: httpx.Client, base: str, read_all: ReadAll
) -> None:
    document_id = upload(editor, base, ("hours.pdf", a_pdf())).json()["documents"][0]["id"]
    read_all(base)
    path = f"/api/v1/documents/{document_id}"
    (page,) = editor.get(path).json()["coverage"]
    assert (page["number"], page["status"]) == (1, "text")
    for _ in range(2):  # drawn, then out of the cache
        answer = editor.get(f"{path}/pages/1", params={"width": 700})
        assert answer.headers["content-type"] == "image/png"
        assert Image.open(io.BytesIO(answer.content)).size == (800, 400)
    text = editor.get(f"{path}/content").json()["text"]
    start = text.index("Monday")
    (segment,) = editor.get(f"{path}/highlights", params={"start": start, "end": start + 6}).json()["segments"]
    anchor = segment["anchor"]
    assert (anchor["type"], anchor["page"], anchor["edges"]) == ("page", 1, [])
    assert 0.5 < anchor["x0"] < anchor["x1"] < 1
    assert 0.3 < anchor["y0"] < anchor["y1"] < 0.6
    for number in (0, 2, 10**12):
        assert editor.get(f"{path}/pages/{number}").status_code == 404


def test_a_text_file_has_no_pages(reader: httpx.Client, rules: Rules) -> None:
    assert reader.get(f"/api/v1/documents/{rules.id}/pages/1").status_code == 404


def test_an_encrypted_pdf_asks_for_its_password_takes_it_and_shows_its_page(
    server: Running, editor: httpx.Client, base: str, read_all: ReadAll
) -> None:
    document_id = upload(editor, base, ("secret.pdf", a_pdf(password="开门"))).json()["documents"][0]["id"]
    path = f"/api/v1/documents/{document_id}"
    read_all(base)
    assert (editor.get(path).json()["state"], editor.get(path).json()["error_code"]) == ("failed", "password_required")
    editor.post(f"{path}/retry", json={"password": "开门"})
    read_all(base)
    assert editor.get(path).json()["state"] == "ready"
    assert editor.get(f"{path}/pages/1").headers["content-type"] == "image/png"
    with server.services.database.reading() as session:
        version = session.scalars(select(DocumentVersion).where(DocumentVersion.document_id == document_id)).one()
    assert "开门" not in version.encrypted_password


def test_the_files_of_an_archive_become_documents_in_its_folder(
    editor: httpx.Client, base: str, read_all: ReadAll
) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("2024/办法.md", RULES)
        archive.writestr("setup.exe", b"MZ")
    answer = upload(editor, base, ("规章.zip", packed.getvalue())).json()
    assert [(d["name"], d["folder"]) for d in answer["documents"]] == [("办法.md", "规章/2024")]
    assert [(file["name"], file["code"]) for file in answer["rejected"]] == [
        ("规章.zip/setup.exe", "unsupported_format")
    ]
    read_all(base)
    documents = editor.get(f"/api/v1/knowledge-bases/{base}/documents").json()["documents"]
    assert [(d["name"], d["state"]) for d in documents] == [("办法.md", "ready")]
