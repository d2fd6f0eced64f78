from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb_platform.file_names import MOST_CHARACTERS, UNNAMED, clean_file_name


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("转专业管理办法（2024年修订）.pdf", "转专业管理办法（2024年修订）.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\张三\\成绩.xlsx", "成绩.xlsx"),
        ("folder/notes.md", "notes.md"),
        ("a\x00b\r\n.txt", "ab.txt"),
        ("report\u202efdp.exe", "reportfdp.exe"),
        ("zero\u200bwidth\ufeff.txt", "zerowidth.txt"),
        ("  two   words .txt ", "two words .txt"),
        ("cafe\u0301.txt", "café.txt"),
        ('quo"te;%22.txt', 'quo"te;%22.txt'),
        ("", UNNAMED),
        ("..", UNNAMED),
        ("folder/", UNNAMED),
        (" . ", UNNAMED),
    ],
)
def test_a_name_is_kept_as_data(written: str, kept: str) -> None:
    assert clean_file_name(written) == kept


def test_a_long_name_keeps_its_suffix() -> None:
    name = clean_file_name("很长的名字" * 100 + ".docx")
    assert len(name) == MOST_CHARACTERS
    assert name.endswith(".docx")


@given(st.text(max_size=600))
def test_any_text_becomes_a_short_visible_name_that_is_no_path(text: str) -> None:
    name = clean_file_name(text)
    assert 0 < len(name) <= MOST_CHARACTERS
    assert not set(name) & set("/\\\0")
    assert name not in (".", "..")
    assert all(unicodedata.category(character) not in ("Cc", "Cf", "Cs") for character in name)
    assert clean_file_name(name) == name
