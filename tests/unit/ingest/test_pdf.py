from __future__ import annotations

from pathlib import Path

import pypdf
import pytest

from benchmarks.provenance import PdfGround, letters
from kb_platform.domain.document import BlockKind, PageAnchor, PageStatus, ParsedDocument
from kb_platform.domain.errors import CorruptFile, NothingReadable, PasswordRequired
from kb_platform.domain.provenance import locate
from tests.pdf_files import Page, Text, pdf

from .conftest import ParseFile, kinds, texts

PARAGRAPH = (
    "Students may change their subject once dur-",
    "ing the first two years, with the state-of-the-",
    "art consent of both faculties concerned.",
)


def lines(x: float, y: float, *texts: str, size: float = 10, pitch: float = 14) -> list[Text]:
    return [Text(x, y - pitch * number, text, size) for number, text in enumerate(texts)]


def test_lines_become_a_paragraph_and_broken_words_whole(parsed: ParseFile) -> None:
    document = parsed("a.pdf", pdf([Page(lines(72, 700, *PARAGRAPH))]))
    assert texts(document) == [
        "Students may change their subject once during the first two years, with the state-of-the-art consent of both "
        "faculties concerned."
    ]


def test_chinese_lines_are_joined_without_spaces(parsed: ParseFile) -> None:
    document = parsed("a.pdf", pdf([Page(lines(72, 700, "学生申请转专业，应当在规定时间内提", "出书面申请。"))]))
    assert texts(document) == ["学生申请转专业，应当在规定时间内提出书面申请。"]


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_every_character_has_its_place_on_the_displayed_page(parsed: ParseFile, rotate: int) -> None:
    document = parsed("a.pdf", pdf([Page([Text(100, 600, "Hello world")], rotate=rotate)]))
    (segment,) = document.blocks[0].segments
    anchor = segment.anchor
    assert isinstance(anchor, PageAnchor)
    x, y = 100 / 595, 1 - 600 / 842  # where the baseline begins on the page that is not turned
    corner = {0: (x, y), 90: (1 - y, x), 180: (1 - x, 1 - y), 270: (y, 1 - x)}[rotate]
    start = {
        0: (anchor.x0, anchor.y1),
        90: (anchor.x0, anchor.y0),
        180: (anchor.x1, anchor.y0),
        270: (anchor.x1, anchor.y1),
    }
    assert start[rotate] == pytest.approx(corner, abs=0.01)
    if rotate == 0:
        assert len(anchor.edges) == len("Hello world") + 1
        assert list(anchor.edges) == sorted(anchor.edges)


def test_two_columns_are_read_one_after_the_other(parsed: ParseFile) -> None:
    left = [f"left column line number {number} goes on" for number in range(8)]
    right = [f"right column line number {number} goes on" for number in range(8)]
    page: list[Text] = [Text(72, 760, "A title across the whole page of the paper", 16)]
    for number in range(8):  # drawn row by row, as some programs do
        page += [Text(72, 700 - 14 * number, left[number]), Text(320, 700 - 14 * number, right[number])]
    text = parsed("a.pdf", pdf([Page(page)])).text
    assert text.index(right[0]) > text.index(left[7].split(" goes")[0])
    assert text.startswith("A title")


def test_larger_letters_are_headings(parsed: ParseFile) -> None:
    page = [Text(72, 760, "Study rules", 18), *lines(72, 720, *PARAGRAPH), Text(72, 660, "Fees", 14)]
    document = parsed("a.pdf", pdf([Page([*page, *lines(72, 630, *PARAGRAPH)])]))
    assert kinds(document) == [
        (BlockKind.HEADING, 1),
        (BlockKind.PARAGRAPH, 0),
        (BlockKind.HEADING, 2),
        (BlockKind.PARAGRAPH, 0),
    ]
    assert document.title == "Study rules"


def test_running_heads_and_page_numbers_are_dropped(parsed: ParseFile) -> None:
    pages = [
        Page(
            [
                Text(72, 810, "University of Somewhere"),
                *lines(72, 700, f"This page says thing number {number} and", "nothing else at all."),
                Text(290, 30, str(number)),
            ]
        )
        for number in range(1, 6)
    ]
    document = parsed("a.pdf", pdf(pages))
    assert "University of Somewhere" not in document.text
    assert len(document.blocks) == 5


def test_running_heads_that_name_the_chapter_are_dropped_by_their_page_number(parsed: ParseFile) -> None:
    titles = ["Admission", "Examinations", "Fees", "Appeals", "Closing rules", "Transition"]
    pages = [
        Page(
            [
                *lines(72, 700, f"This page is about {title} and nothing", "else at all."),
                Text(72, 30, f"{title} {at + 14}"),
            ]
        )
        for at, title in enumerate(titles)
    ]
    text = parsed("a.pdf", pdf(pages)).text
    assert "Fees 16" not in text
    assert "about Fees" in text


def test_a_sum_sign_larger_than_the_titles_takes_no_level_of_heading(parsed: ParseFile) -> None:
    page = [
        Text(72, 760, "Study rules", 18),
        *lines(72, 720, *PARAGRAPH),
        Text(300, 640, "S", 30),
        *lines(72, 580, *PARAGRAPH),
    ]
    document = parsed("a.pdf", pdf([Page(page)]))
    assert kinds(document)[0] == (BlockKind.HEADING, 1)


def test_letters_drawn_again_in_their_place_are_read_once(parsed: ParseFile) -> None:
    page = [Text(72, 700, "iii", 10), Text(72, 700, "iii the rules of study", 10)]
    assert texts(parsed("a.pdf", pdf([Page(page)]))) == ["iii the rules of study"]


def test_pages_of_nothing_but_numbers_are_kept(parsed: ParseFile) -> None:
    pages = [Page([Text(290, 30, str(number))]) for number in range(1, 6)]
    assert parsed("a.pdf", pdf(pages)).text


def test_a_paragraph_goes_on_across_pages(parsed: ParseFile) -> None:
    pages = [
        Page(lines(72, 60, "The committee decides in the first instance and")),
        Page(lines(72, 780, "its decision is final.")),
    ]
    document = parsed("a.pdf", pdf(pages))
    assert texts(document) == ["The committee decides in the first instance and its decision is final."]
    assert [segment.anchor.page for segment in document.blocks[0].segments] == [1, 2]  # type: ignore[union-attr]


def test_a_table_drawn_with_lines_becomes_rows(parsed: ParseFile) -> None:
    rules = [(70, y, 330, y) for y in (700, 680, 660, 640)] + [(x, 640, x, 700) for x in (70, 200, 330)]
    cells = [("Subject", "Credits"), ("Mathematics", "90"), ("Physics", "85")]
    page = [
        Text(x, 686 - 20 * row, text) for row, pair in enumerate(cells) for x, text in zip((75, 205), pair, strict=True)
    ]
    document = parsed("a.pdf", pdf([Page(page, lines=rules)]))
    assert texts(document, BlockKind.TABLE) == [
        "| Subject | Credits |\n| --- | --- |\n| Mathematics | 90 |\n| Physics | 85 |"
    ]


def test_a_table_without_lines_becomes_rows_when_its_columns_stand_in_line(parsed: ParseFile) -> None:
    rows = [("Subject", "Winter", "Summer"), ("Mathematics", "90", "75"), ("Physics", "85", "60"), ("Law", "70", "50")]
    page = [
        Text(x, 700 - 14 * row, text)
        for row, line in enumerate(rows)
        for x, text in zip((72, 220, 330), line, strict=True)
    ]
    (table,) = texts(parsed("a.pdf", pdf([Page(page)])), BlockKind.TABLE)
    assert table.splitlines()[2] == "| Mathematics | 90 | 75 |"


def test_a_table_without_lines_at_its_sides_keeps_its_outer_columns(parsed: ParseFile) -> None:
    rules = [(70, y, 550, y) for y in (700, 680, 660, 640)] + [(x, 640, x, 700) for x in (190, 310, 430)]
    cells = [
        ("Subject", "Winter", "Summer", "Both"),
        ("Mathematics", "90", "75", "165"),
        ("Physics", "85", "60", "145"),
    ]
    page = [
        Text(x, 686 - 20 * row, text)
        for row, line in enumerate(cells)
        for x, text in zip((75, 195, 315, 435), line, strict=True)
    ]
    (table,) = texts(parsed("a.pdf", pdf([Page(page, lines=rules)])), BlockKind.TABLE)
    assert table.splitlines()[2] == "| Mathematics | 90 | 75 | 165 |"


def test_frames_around_the_parts_of_a_form_are_no_table(parsed: ParseFile) -> None:
    frames = [(70, y, 500, y) for y in (720, 640, 560)] + [(x, 560, x, 720) for x in (70, 285, 500)]
    page = []
    for left, top in ((80, 700), (295, 700), (80, 620), (295, 620)):
        for row, (name, value) in enumerate((("Parts", "2,100"), ("Labour", "300"), ("Paint", "225"), ("Tax", "278"))):
            page += [Text(left, top - 14 * row, name), Text(left + 120, top - 14 * row, value)]
    text = parsed("a.pdf", pdf([Page(page, lines=frames)])).text
    assert "| Parts | 2,100 |" in text
    assert "2,100 Labour" not in text


def test_a_line_without_tall_letters_is_as_high_as_its_neighbours(parsed: ParseFile) -> None:
    words = "The faculty of law keeps the books by which", "we can see once more as soon as our new cases come"
    (paragraph,) = parsed("a.pdf", pdf([Page(lines(72, 700, *words))])).blocks
    heights = [segment.anchor.y1 - segment.anchor.y0 for segment in paragraph.segments]  # type: ignore[union-attr]
    assert heights[0] == pytest.approx(heights[1], rel=0.05)


def test_a_highlight_does_not_reach_into_a_line_close_below(parsed: ParseFile) -> None:
    page = [Text(72, 700, "1,186 crore", 40), Text(72, 690, "CSR contribution", 8)]
    figure, label = parsed("a.pdf", pdf([Page(page)])).blocks
    bottom, middle = figure.segments[0].anchor.y1, label.segments[0].anchor  # type: ignore[union-attr]
    assert bottom < (middle.y0 + middle.y1) / 2  # type: ignore[union-attr]


def highlighted(document: ParsedDocument, path: Path) -> list[tuple[str, str]]:
    """Return the letters of each piece of the text, and those that its highlight shows on the page."""
    ground = PdfGround(path)
    return [
        (letters(document.text[segment.start : segment.end]), letters(ground.text_in(segment.anchor)))
        for segment in locate(document, 0, len(document.text))
        if isinstance(segment.anchor, PageAnchor)
    ]


@pytest.mark.parametrize("power", [708, 711])
@pytest.mark.parametrize("index", [694, 698])
def test_a_highlight_takes_in_neither_the_power_above_an_index_nor_the_index_below_it(
    parsed: ParseFile, tmp_path: Path, power: float, index: float
) -> None:
    page = [
        Text(72, 700, "sum of all h", 16),
        Text(163, power, "T", 9),
        Text(157, index, "i", 9),
        Text(170, 700, "WQ over heads", 16),
    ]
    document = parsed("a.pdf", pdf([Page(page)]))
    assert document.text == "sum of all h T i WQ over heads"
    shown = highlighted(document, tmp_path / "stored")
    assert [words for words, _ in shown] == [found for _, found in shown]
    assert "".join(words for words, _ in shown) == "sumofallhTiWQoverheads"


def test_a_line_boxed_apart_is_cut_at_the_cells_of_a_table(parsed: ParseFile, tmp_path: Path) -> None:
    rules = [(70, y, 300, y) for y in (640, 675, 725)] + [(x, 640, x, 725) for x in (70, 155, 300)]
    page = [
        Text(75, 700, "all h", 16),
        Text(117, 711, "T", 9),
        Text(111, 694, "i", 9),
        Text(124, 700, "WQ", 16),
        Text(158, 700, "beside", 16),  # so close that the file's line runs through both cells
        Text(75, 650, "below", 12),
        Text(190, 650, "second below", 12),
    ]
    document = parsed("a.pdf", pdf([Page(page, lines=rules)]))
    assert document.text.startswith("| all h T i WQ | beside |\n| --- | --- |")
    assert all(words == found for words, found in highlighted(document, tmp_path / "stored"))


def test_a_word_cut_at_the_end_of_a_larger_line_is_healed(parsed: ParseFile) -> None:
    question = (
        "Which legal aid services are there for a disadvantaged popu-",
        "lation? Please name every one of them, with the places where it can be had.",
    )
    page = [*lines(72, 700, *question, size=13, pitch=16), *lines(72, 640, *PARAGRAPH), *lines(72, 580, *PARAGRAPH)]
    assert "disadvantaged population? Please" in parsed("a.pdf", pdf([Page(page)])).text


def test_entries_of_a_table_of_contents_stay_apart(parsed: ParseFile) -> None:
    dots = "5.1 Curvature of curves " + ". " * 60
    page = [Text(72, 700, "5 Curvature"), Text(480, 700, "87"), Text(72, 686, dots), Text(480, 686, "87")]
    assert not any("87 5.1" in text for text in texts(parsed("a.pdf", pdf([Page(page)]))))


def test_words_of_one_line_are_never_taken_for_a_table(parsed: ParseFile) -> None:
    assert not texts(parsed("a.pdf", pdf([Page(lines(72, 700, *PARAGRAPH))])), BlockKind.TABLE)


def encrypted(password: str) -> bytes:
    import io

    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf([Page([Text(72, 700, "secret words")])])))
    writer.encrypt(password, algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_an_encrypted_file_asks_for_its_password_and_takes_it(parsed: ParseFile) -> None:
    data = encrypted("Schlüssel")
    with pytest.raises(PasswordRequired, match="Give the password"):
        parsed("a.pdf", data)
    with pytest.raises(PasswordRequired, match="password is wrong"):
        parsed("a.pdf", data, password="other")
    assert parsed("a.pdf", data, password="Schlüssel").text == "secret words"


def test_a_blank_page_is_not_ready(parsed: ParseFile) -> None:
    with pytest.raises(NothingReadable, match="no text"):
        parsed("a.pdf", pdf([Page([])]))


def test_a_damaged_file_says_what_to_do(parsed: ParseFile) -> None:
    with pytest.raises(CorruptFile, match="new PDF"):
        parsed("a.pdf", b"%PDF-1.7\nnothing more")


def test_each_page_says_what_became_of_it(parsed: ParseFile) -> None:
    document = parsed("a.pdf", pdf([Page(lines(72, 700, *PARAGRAPH)), Page([])]), ocr=False)
    assert [page.status for page in document.pages] == [PageStatus.TEXT, PageStatus.EMPTY]
    assert document.pages[0].characters > 100
