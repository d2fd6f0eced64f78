"""Files that hurt careless parsers, made by generator."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.pdf_files import Page, Text, pdf

TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


@dataclass(frozen=True)
class Hostile:
    name: str
    make: Callable[[], bytes]
    ends_well: bool = False
    """It holds text that can be read in spite of all."""


def zipped(parts: dict[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def docx(document: bytes | str) -> bytes:
    return zipped({"[Content_Types].xml": TYPES, "word/document.xml": document})


def lying_sizes(data: bytes, size: int = 100) -> bytes:
    """Say in the archive's directory that every part unpacks to `size` bytes."""
    changed = bytearray(data)
    at = 0
    while (at := changed.find(b"PK\x01\x02", at)) >= 0:
        struct.pack_into("<I", changed, at + 24, size)
        at += 4
    return bytes(changed)


def paragraphs(count: int) -> str:
    return f'<w:document xmlns:w="{W}"><w:body>{"<w:p><w:r><w:t>a</w:t></w:r></w:p>" * count}</w:body></w:document>'


def entity_bomb() -> str:
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    return (
        f'<!DOCTYPE x [<!ENTITY e0 "boom">{levels}]><w:document xmlns:w="{W}"><w:body><w:p><w:r><w:t>&e9;</w:t></w:r>'
        "</w:p></w:body></w:document>"
    )


def external_entity() -> str:
    return (
        f'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><w:document xmlns:w="{W}"><w:body><w:p><w:r>'
        "<w:t>plain &f;</w:t></w:r></w:p></w:body></w:document>"
    )


def nested_tables(depth: int) -> str:
    opening, closing = "<w:tbl><w:tr><w:tc>", "</w:tc></w:tr></w:tbl>"
    inner = "<w:p><w:r><w:t>deep</w:t></w:r></w:p>"
    return f'<w:document xmlns:w="{W}"><w:body>{opening * depth}{inner}{closing * depth}</w:body></w:document>'


def workbook(sheet: str) -> bytes:
    return zipped(
        {
            "[Content_Types].xml": '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/'
            'content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships'
            '+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
            'spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/'
            'vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
            "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
            'officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{S}" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/'
            'relationships"><sheets><sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
            'relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
            'relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{S}">{sheet}</worksheet>',
        }
    )


def cell(place: str, text: str = "x") -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def far_cells() -> bytes:
    rows = "".join(f'<row r="{row}">{cell(f"A{row}")}{cell(f"XFD{row}")}</row>' for row in range(1, 1_000_001, 20_000))
    return workbook(f'<dimension ref="A1:XFD1048576"/><sheetData>{rows}</sheetData>')


def long_cell() -> bytes:
    long = "y" * 120_000_000
    return workbook(f'<sheetData><row r="1">{cell("A1", long)}</row></sheetData>')


def many_merges() -> bytes:
    merges = "".join(f'<mergeCell ref="A{row}:XFD1048576"/>' for row in range(1, 30_000))
    return workbook(f'<sheetData><row r="1">{cell("A1")}</row></sheetData><mergeCells>{merges}</mergeCells>')


def png(width: int, height: int) -> bytes:
    """A picture of one grey, small as a file whatever its size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    row = b"\x00" + b"\x80" * width
    body = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def lying_png() -> bytes:
    data = bytearray(png(10, 10))
    struct.pack_into(">II", data, 16, 60_000, 60_000)
    struct.pack_into(">I", data, 29, zlib.crc32(bytes(data[12:29])))
    return bytes(data)


def pdf_object(body: str) -> bytes:
    return f"%PDF-1.4\n{body}\ntrailer << /Root 1 0 R >>\n".encode("latin-1")


CATALOG = "1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj"


def pdf_bomb() -> bytes:
    packed = zlib.compress(zlib.compress(b"BT (x) Tj ET " * 8_000_000, 9), 9)
    head = (
        f"%PDF-1.4\n{CATALOG}\n2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj\n"
        "3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >> endobj\n"
        f"4 0 obj << /Filter [/FlateDecode /FlateDecode] /Length {len(packed)} >> stream\n"
    )
    return head.encode() + packed + b"\nendstream endobj\ntrailer << /Root 1 0 R >>\n"


def hostile() -> Iterator[Hostile]:
    """Yield each hostile file."""
    yield Hostile("bomb.docx", lambda: docx(paragraphs(1_200_000)))
    yield Hostile("lying.docx", lambda: lying_sizes(docx(paragraphs(1_200_000))))
    yield Hostile("lying-small.docx", lambda: lying_sizes(docx(paragraphs(50)), 10))
    yield Hostile("spaces.docx", lambda: docx(" " * 150_000_000))
    yield Hostile("entities.docx", lambda: docx(entity_bomb()))
    yield Hostile("external.docx", lambda: docx(external_entity()), ends_well=True)
    yield Hostile("nested.docx", lambda: docx(nested_tables(20_000)))
    yield Hostile("nested-some.docx", lambda: docx(nested_tables(60)), ends_well=True)
    yield Hostile("no-document.docx", lambda: zipped({"[Content_Types].xml": TYPES, "word/other.xml": "<a/>"}))
    yield Hostile("not-xml.docx", lambda: docx("\x00\x01 no xml"))
    yield Hostile(
        "many-parts.docx", lambda: zipped({f"word/{n}.xml": "" for n in range(30_000)} | {"[Content_Types].xml": TYPES})
    )
    yield Hostile(
        "slip.docx",
        lambda: zipped({"[Content_Types].xml": TYPES, "../../../tmp/kb-slip": "x", "word/document.xml": paragraphs(3)}),
        ends_well=True,
    )
    yield Hostile("far.xlsx", far_cells, ends_well=True)
    yield Hostile("merges.xlsx", many_merges, ends_well=True)
    yield Hostile("bomb.xlsx", long_cell)
    yield Hostile(
        "rows.xlsx",
        lambda: workbook("<sheetData>" + "".join(f'<row r="{n}"/>' for n in range(1, 200_000)) + "</sheetData>"),
    )
    yield Hostile("huge.png", lambda: png(11_000, 11_000))
    yield Hostile("large.png", lambda: png(8_000, 6_000))
    yield Hostile("lying.png", lying_png)
    yield Hostile("cut.png", lambda: png(500, 500)[:60])
    yield Hostile("cut.pdf", lambda: pdf([Page([Text(72, 700, "words")])])[:300])
    yield Hostile(
        "loop.pdf",
        lambda: pdf_object(f"{CATALOG} 2 0 obj << /Type /Pages /Kids [2 0 R] /Count 1 >> endobj"),
    )
    yield Hostile(
        "million-pages.pdf",
        lambda: pdf_object(f"{CATALOG} 2 0 obj << /Type /Pages /Kids [] /Count 2000000000 >> endobj"),
    )
    yield Hostile("bomb.pdf", pdf_bomb)
    yield Hostile("huge-page.pdf", lambda: pdf([Page([Text(72, 700, "words")], width=2e9, height=2e9)]))
    yield Hostile("flat-page.pdf", lambda: pdf([Page([Text(0, 0, "words")], width=0, height=0)]))
    yield Hostile(
        "far-text.pdf", lambda: pdf([Page([Text(9e9, -9e9, "words"), Text(72, 700, "here")])]), ends_well=True
    )
    yield Hostile("deep.html", lambda: b"<div>" * 300_000 + b"deep")
    yield Hostile(
        "wide.html",
        lambda: b"<table><tr>" + b"<td colspan=9999 rowspan=9999>x</td>" * 3_000 + b"</tr></table>",
        ends_well=True,
    )
    yield Hostile("deep.json", lambda: b"[" * 200_000)
    yield Hostile("deep.md", lambda: b">" * 50_000 + b" quote", ends_well=True)
    yield Hostile("brackets.md", lambda: b"[" * 50_000 + b"a" + b"](b)" * 50_000, ends_well=True)
    yield Hostile("stars.md", lambda: b"*a _b " * 30_000, ends_well=True)
    yield Hostile("nul.txt", lambda: b"text\x00with\x00nul\x00bytes and more words here")
    yield Hostile("bidi.txt", lambda: "pay \u202e001\u202c to\x07 me\u2066 now\ufeff".encode(), ends_well=True)
    yield Hostile("surrogate.json", lambda: rb'{"a": "\ud800 words \udfff"}', ends_well=True)
    yield Hostile("long-line.txt", lambda: b"x" * 30_000_000)
    yield Hostile("long-field.csv", lambda: b'a,"' + b"x" * 5_000_000)
    yield Hostile("columns.csv", lambda: b"," * 3_000_000 + b"x", ends_well=True)
    yield Hostile("quotes.csv", lambda: b'"' * 1_000_001)
