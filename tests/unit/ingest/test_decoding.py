from __future__ import annotations

import pytest

from ingest.parsers.decoding import decode, looks_binary
from kb_platform.domain.errors import GarbledText

CHINESE = "学生申请转专业，应当在规定时间内提出书面申请，经所在学院同意后报教务处审核。"
TRADITIONAL = "學生申請轉系，應當在規定時間內提出書面申請，經所在學院同意後報教務處審核。"
JAPANESE = "学生は、所定の期間内に申請書を提出しなければならない。佐藤さんもそうです。"
KOREAN = "학생은 정해진 기간 안에 신청서를 제출하여야 한다. 그 밖의 사항은 규정에 따른다."
GERMAN = "Die Prüfungsordnung für das Studium enthält Übergangsregelungen – § 5 gilt außerdem."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (CHINESE, "gb18030"),
        (CHINESE, "gbk"),
        (TRADITIONAL, "big5"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (KOREAN, "euc_kr"),
        (GERMAN, "cp1252"),
        (CHINESE, "utf-8"),
        (CHINESE, "utf-8-sig"),
        (CHINESE, "utf-16"),
        (GERMAN, "utf-16-le"),
        (GERMAN, "utf-16-be"),
        (GERMAN, "utf-32"),
        (GERMAN, "utf-32-le"),
    ],
)
def test_text_is_read_in_whatever_encoding_it_is(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding), "note.txt")[0] == text


def test_a_few_damaged_bytes_do_not_turn_utf8_into_something_else() -> None:
    data = CHINESE.encode() * 20
    assert decode(data[:1500] + b"\xff" + data[1500:], "note.txt")[1] == "utf-8"


def test_bytes_that_are_text_in_no_encoding_are_refused() -> None:
    damaged = bytes([0x81, 0x20] * 600)
    with pytest.raises(GarbledText, match=r"note\.txt.*UTF-8"):
        decode(damaged, "note.txt")


def test_binary_is_told_from_text() -> None:
    assert looks_binary(bytes(range(256)) * 4)
    assert not looks_binary("奖学金\t评定\r\n".encode("gb18030"))
    assert not looks_binary("Prüfung".encode("utf-16-le") * 10)
