"""Hostile files that hold files: messages, archives, books, old and encrypted Office files; and hostile names."""

from __future__ import annotations

import base64
import io
import struct
from collections.abc import Iterator

from tests.faults.hostile_files import (
    CATALOG,
    TYPES,
    Hostile,
    W,
    docx,
    entity_bomb,
    lying_sizes,
    paragraphs,
    pdf_object,
    png,
    workbook,
    zipped,
)
from tests.ole_files import Tree, ole, outlook_message

HEADERS = b"From: a@example.edu\r\nTo: b@example.edu\r\nSubject: hello\r\nMIME-Version: 1.0\r\n"
BODY = b"Content-Type: text/plain\r\n\r\nwords of the letter\r\n"
CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="book.opf"/></rootfiles></container>'
)
P = "http://schemas.openxmlformats.org/presentationml/2006/main"
A = "http://schemas.openxmlformats.org/drawingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'


def nested_parts(depth: int) -> bytes:
    opening = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(depth))
    return HEADERS + opening + BODY


def many_parts(count: int) -> bytes:
    head = HEADERS + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    return head + (b"--b\r\n" + BODY) * count + b"--b--\r\n"


def nested_messages(depth: int) -> bytes:
    message = HEADERS + BODY
    for n in range(depth):
        opening = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        message = HEADERS + opening + BODY + b"--b%d\r\nContent-Type: message/rfc822\r\n\r\n" % n + message
        message += b"\r\n--b%d--\r\n" % n
    return message


def with_attachment(name: bytes, data: bytes) -> bytes:
    head = HEADERS + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + BODY + b"--b\r\n"
    head += b'Content-Type: application/octet-stream; name="%s"\r\nContent-Transfer-Encoding: base64\r\n' % name
    head += b'Content-Disposition: attachment; filename="%s"\r\n\r\n' % name
    return head + base64.encodebytes(data) + b"--b--\r\n"


def zip_bomb() -> bytes:
    return zipped({f"{n}.txt": bytes(80_000_000) for n in range(8)})


def zip_in_zip(depth: int) -> bytes:
    data = zipped({"deep.txt": "deep words"})
    for _ in range(depth):
        data = zipped({"inner.zip": data})
    return data


def same_bytes_twice() -> bytes:
    """An archive whose directory names one packed file ten thousand times."""
    data = zipped({"a.txt": bytes(20_000_000)})
    start = data.find(b"PK\x01\x02")
    end = data.find(b"PK\x05\x06")
    entry = data[start:end]
    tail = bytearray(data[end:])
    struct.pack_into("<HHI", tail, 8, 10_000, 10_000, len(entry) * 10_000)
    return data[:start] + entry * 10_000 + bytes(tail)


def encrypted_zip() -> bytes:
    data = bytearray(zipped({"a.txt": "secret words"}))
    data[6] |= 1
    data[data.find(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def book(chapter: str, href: str = "a.xhtml", times: int = 1, extra: dict[str, bytes | str] | None = None) -> bytes:
    items = f'<item id="a" href="{href}" media-type="application/xhtml+xml"/>'
    spine = '<itemref idref="a"/>' * times
    package = (
        f'<package xmlns="http://www.idpf.org/2007/opf"><metadata/><manifest>{items}</manifest><spine>'
        f"{spine}</spine></package>"
    )
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": CONTAINER,
            "book.opf": package,
            "a.xhtml": chapter,
            **(extra or {}),
        }
    )


def directory_loop() -> bytes:
    """A message whose directory entries are each other's children."""
    data = bytearray(ole(outlook_message("subject", "body")))
    directory = 512 * (1 + struct.unpack_from("<I", data, 48)[0])
    for entry in range(3):
        struct.pack_into("<III", data, directory + 128 * entry + 68, 1, 2, 1)
    return bytes(data)


def sector_loop() -> bytes:
    """A workbook whose sectors follow each other in a circle."""
    data = bytearray(ole({"Workbook": b"\x09\x08\x10\x00" + bytes(20_000)}))
    table = 512 * (1 + struct.unpack_from("<I", data, 76)[0])
    for at in range(30):
        struct.pack_into("<I", data, table + 4 * at, (at + 1) % 30)
    return bytes(data)


def lying_stream() -> bytes:
    data = bytearray(ole({"__properties_version1.0": bytes(32), "__substg1.0_1000001F": b"x\0" * 5_000}))
    directory = 512 * (1 + struct.unpack_from("<I", data, 48)[0])
    struct.pack_into("<Q", data, directory + 128 * 2 + 120, 3_000_000_000)
    return bytes(data)


def messages_in_messages(depth: int) -> bytes:
    tree: Tree = outlook_message("innermost", "innermost words", is_embedded=True)
    for _ in range(depth):
        tree = outlook_message("outer", "outer words", {"inner": tree}, is_embedded=True)
    tree["__properties_version1.0"] = bytes(32)
    return ole(tree)


def slow_key() -> bytes:
    """An encrypted document that asks for two thousand million rounds of hashing."""
    key = (
        '<keyData saltSize="16" blockSize="16" keyBits="256" hashSize="64" cipherAlgorithm="AES" '
        'cipherChaining="ChainingModeCBC" hashAlgorithm="SHA512" saltValue="AAAAAAAAAAAAAAAAAAAAAA=="/>'
        '<dataIntegrity encryptedHmacKey="AAAA" encryptedHmacValue="AAAA"/><keyEncryptors><keyEncryptor '
        'uri="http://schemas.microsoft.com/office/2006/keyEncryptor/password"><p:encryptedKey spinCount="2000000000" '
        'saltSize="16" blockSize="16" keyBits="256" hashSize="64" cipherAlgorithm="AES" '
        'cipherChaining="ChainingModeCBC" hashAlgorithm="SHA512" saltValue="AAAAAAAAAAAAAAAAAAAAAA==" '
        'encryptedVerifierHashInput="AAAAAAAAAAAAAAAAAAAAAA=="'
        ' encryptedVerifierHashValue="AAAA" encryptedKeyValue="AAAA"/></keyEncryptor></keyEncryptors>'
    )
    info = (
        '<?xml version="1.0"?><encryption xmlns="http://schemas.microsoft.com/office/2006/encryption" '
        f'xmlns:p="http://schemas.microsoft.com/office/2006/keyEncryptor/password">{key}</encryption>'
    )
    return ole({"EncryptionInfo": struct.pack("<HHI", 4, 4, 0x40) + info.encode(), "EncryptedPackage": bytes(5_000)})


def presentation(shapes: str, relations: str = "", extra: dict[str, bytes | str] | None = None) -> bytes:
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    return zipped(
        {
            "[Content_Types].xml": TYPES,
            "ppt/presentation.xml": f'<p:presentation xmlns:p="{P}" xmlns:r="{R}"><p:sldIdLst>'
            '<p:sldId id="1" r:id="r1"/></p:sldIdLst></p:presentation>',
            "ppt/_rels/presentation.xml.rels": RELATIONS.format(
                f'<Relationship Id="r1" Type="{kind}/slide" Target="slides/slide1.xml"/>'
            ),
            "ppt/slides/slide1.xml": f'<p:sld xmlns:p="{P}" xmlns:a="{A}" xmlns:r="{R}"><p:cSld><p:spTree>{shapes}'
            "</p:spTree></p:cSld></p:sld>",
            "ppt/slides/_rels/slide1.xml.rels": RELATIONS.format(relations),
            **(extra or {}),
        }
    )


def shape(text: str) -> str:
    return f"<p:sp><p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"


def diagram_loop() -> bytes:
    dgm = "http://schemas.openxmlformats.org/drawingml/2006/diagram"
    points = "".join(
        f'<d:pt modelId="{n}"><d:t><a:p><a:r><a:t>step {n}</a:t></a:r></a:p></d:t></d:pt>' for n in range(3)
    )
    links = "".join(f'<d:cxn srcId="{n}" destId="{(n + 1) % 3}"/>' for n in range(3))
    frame = (
        f'<p:graphicFrame><a:graphic><a:graphicData><d:relIds xmlns:d="{dgm}" r:dm="r9"/></a:graphicData></a:graphic>'
        "</p:graphicFrame>"
    )
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/diagramData"
    return presentation(
        frame,
        f'<Relationship Id="r9" Type="{kind}" Target="data.xml"/>',
        {"ppt/slides/data.xml": f'<d:dataModel xmlns:d="{dgm}" xmlns:a="{A}">{points}{links}</d:dataModel>'},
    )


def chart_bomb() -> bytes:
    c = "http://schemas.openxmlformats.org/drawingml/2006/chart"
    points = "".join(f'<c:pt idx="{n}"><c:v>{n}</c:v></c:pt>' for n in range(200_000))
    chart = (
        f'<c:chartSpace xmlns:c="{c}"><c:chart><c:plotArea><c:ser><c:val><c:numCache>{points}</c:numCache></c:val>'
        "</c:ser></c:plotArea></c:chart></c:chartSpace>"
    )
    shown = f'<w:drawing><c:chart xmlns:c="{c}" xmlns:r="{R}" r:id="r1"/></w:drawing>'
    drawing = f"<w:p><w:r><w:t>beside</w:t>{shown}</w:r></w:p>"
    return zipped(
        {
            "[Content_Types].xml": TYPES,
            "word/document.xml": f'<w:document xmlns:w="{W}"><w:body>{drawing * 20}</w:body></w:document>',
            "word/_rels/document.xml.rels": RELATIONS.format(
                f'<Relationship Id="r1" Type="{R}/chart" Target="chart.xml"/>'
            ),
            "word/chart.xml": chart,
        }
    )


def heic(size: int, brand: bytes = b"heic") -> bytes:
    """A photo's first box, then one that says it is `size` bytes long."""
    return (
        struct.pack(">I", 24)
        + b"ftyp"
        + brand
        + bytes(4)
        + b"mif1heic"
        + struct.pack(">I", size)
        + b"meta"
        + bytes(200)
    )


def tiff_loop() -> bytes:
    """A picture whose list of pages leads back to its first page."""
    entries = [
        (256, 3, 1, 64), (257, 3, 1, 64), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
        (273, 4, 1, 200), (277, 3, 1, 1), (278, 3, 1, 64), (279, 4, 1, 4096),
    ]  # fmt: skip
    directory = struct.pack("<H", len(entries))
    directory += b"".join(struct.pack("<HHII", *entry) for entry in entries) + struct.pack("<I", 8)
    return (b"II*\x00" + struct.pack("<I", 8) + directory).ljust(200, b"\0") + b"\xff" * 4096


def long_animation() -> bytes:
    from PIL import Image

    out = io.BytesIO()
    frames = [Image.new("P", (200, 200), n % 250) for n in range(400)]
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:])
    return out.getvalue()


def deep_page_tree(depth: int) -> bytes:
    objects = "\n".join(f"{n} 0 obj << /Type /Pages /Kids [{n + 1} 0 R] /Count 1 >> endobj" for n in range(2, depth))
    return pdf_object(f"{CATALOG}\n{objects}")


def hostile_containers() -> Iterator[Hostile]:
    """Yield each of them."""
    yield Hostile("deep-parts.eml", lambda: nested_parts(5_000))
    yield Hostile("many-parts.eml", lambda: many_parts(20_000), ends_well=True)
    yield Hostile("messages.eml", lambda: nested_messages(60), ends_well=True)
    yield Hostile("long-header.eml", lambda: HEADERS + b"X-Long: " + b"a" * 20_000_000 + b"\r\n" + BODY, ends_well=True)
    yield Hostile("encoded-words.eml", lambda: HEADERS + b"Cc: " + b"=?utf-8?B?8J+YgA==?= " * 20_000 + b"\r\n" + BODY)
    yield Hostile("nul.eml", lambda: HEADERS + b"Content-Type: text/plain; charset=\x00\xff\r\n\r\nwords\x00 here")
    yield Hostile(
        "bad-base64.eml",
        lambda: HEADERS + b"Content-Transfer-Encoding: base64\r\nContent-Type: text/plain\r\n\r\n!!!=" + b"A" * 9,
    )
    yield Hostile("carries-bomb.eml", lambda: with_attachment(b"bomb.zip", zip_bomb()), ends_well=True)
    yield Hostile(
        "carries-path.eml", lambda: with_attachment(b"../../../tmp/kb-slip", b"attached words"), ends_well=True
    )
    yield Hostile(
        "carries-program.eml", lambda: with_attachment(b"invoice.pdf.exe", b"MZ" + bytes(900)), ends_well=True
    )
    yield Hostile("carries-png.eml", lambda: with_attachment(b"huge.png", png(11_000, 11_000)), ends_well=True)
    yield Hostile("cut.msg", lambda: ole(outlook_message("subject", "body" * 3_000))[:1_700])
    yield Hostile("loop.msg", directory_loop)
    yield Hostile("lying.msg", lying_stream)
    yield Hostile("messages.msg", lambda: messages_in_messages(40), ends_well=True)
    yield Hostile("loop.xls", sector_loop)
    yield Hostile(
        "records.xls", lambda: ole({"Workbook": b"\x09\x08\x10\x00\x00\x06\x05\x00" + b"\xfc\x00\xff\xff" * 5_000})
    )
    yield Hostile("noise.doc", lambda: ole({"WordDocument": bytes(range(256)) * 40, "1Table": bytes(9_000)}))
    yield Hostile(
        "noise.ppt", lambda: ole({"PowerPoint Document": bytes(range(256)) * 40, "Current User": b"\xff" * 60})
    )
    yield Hostile("deep.rtf", lambda: b"{\\rtf1 " + b"{\\b " * 5_000 + b"deep")
    yield Hostile("fields.rtf", lambda: b'{\\rtf1 {\\field{\\*\\fldinst INCLUDETEXT "file:///etc/passwd"}}words\\par}')
    yield Hostile("slow-key.docx", slow_key)
    yield Hostile("no-key.xlsx", lambda: ole({"EncryptionInfo": b"\xff" * 40, "EncryptedPackage": bytes(5_000)}))
    yield Hostile("bomb.epub", lambda: book("<p>" + "a " * 100_000_000))
    yield Hostile("entities.epub", lambda: book(entity_bomb()))
    yield Hostile("slip.epub", lambda: book("<p>words</p>", "../../../../etc/passwd"))
    yield Hostile("spine.epub", lambda: book("<p>words</p>", times=300_000), ends_well=True)
    yield Hostile(
        "no-package.epub", lambda: zipped({"mimetype": "application/epub+zip", "META-INF/container.xml": "<a/>"})
    )
    yield Hostile("bomb.zip", zip_bomb)
    yield Hostile("lying.zip", lambda: lying_sizes(zip_bomb()))
    yield Hostile("nested.zip", lambda: zip_in_zip(12))
    yield Hostile("nested-some.zip", lambda: zip_in_zip(2), ends_well=True)
    yield Hostile("same.zip", same_bytes_twice)
    yield Hostile("entries.zip", lambda: zipped({f"{n}.txt": "" for n in range(60_000)}))
    yield Hostile("encrypted.zip", encrypted_zip)
    yield Hostile(
        "slip.zip", lambda: zipped({"../../../tmp/kb-slip": "words", "/etc/kb-slip.txt": "more"}), ends_well=True
    )
    yield Hostile("holds-docx-bomb.zip", lambda: zipped({"a.docx": docx(paragraphs(1_200_000)), "b.txt": "kept"}))
    yield Hostile("cut.heic", lambda: heic(100)[:60])
    yield Hostile("lying.heic", lambda: heic(0xFFFFFFF0))
    yield Hostile("empty-box.heic", lambda: heic(8))
    yield Hostile("pages.tiff", tiff_loop)
    yield Hostile("frames.webp", long_animation)
    yield Hostile("groups.pptx", lambda: presentation("<p:grpSp>" * 200 + shape("deep") + "</p:grpSp>" * 200))
    yield Hostile("diagram-loop.pptx", diagram_loop, ends_well=True)
    yield Hostile("shapes.pptx", lambda: presentation(shape("words") * 60_000), ends_well=True)
    yield Hostile("chart.docx", chart_bomb, ends_well=True)
    yield Hostile(
        "strings.xlsx",
        lambda: workbook('<sheetData><row r="1"><c r="A1" t="s"><v>999999999</v></c></row></sheetData>'),
    )
    yield Hostile("page-tree.pdf", lambda: deep_page_tree(20_000))
    yield Hostile("digits.json", lambda: b"[" + b"9" * 100_000 + b', "words"]')
    yield Hostile("..\\..\\..\\tmp\\kb-slip.txt", lambda: b"words of a file with a strange name", ends_well=True)
    yield Hostile("../../../etc/passwd.txt", lambda: b"words of a file with a strange name", ends_well=True)
    yield Hostile("report\u202etxt.exe", lambda: b"words of a file whose name reads backwards", ends_well=True)
    yield Hostile("a" * 5_000 + ".txt", lambda: b"words of a file with an endless name", ends_well=True)
    yield Hostile("-rf $(reboot);`id`'\".docx", lambda: docx(paragraphs(3)), ends_well=True)
