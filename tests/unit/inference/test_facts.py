from __future__ import annotations

import pytest

from inference.facts import Quantity, han_number, missing_names, missing_numbers, quantities


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("费用为1,200元", [Quantity("1200", "元")]),
        ("三百二十名学生", [Quantity("320", "人")]),
        ("百分之五", [Quantity("5", "%")]),
        ("3.50%", [Quantity("3.5", "%")]),
        ("May 1, 2024", [Quantity("5", "月"), Quantity("1"), Quantity("2024")]),
        ("２０２４年", [Quantity("2024", "年")]),
    ],
)
def test_numbers_are_read_in_both_languages(text: str, expected: list[Quantity]) -> None:
    assert quantities(text) == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [("三百二十", 320), ("二〇二四", 2024), ("十五", 15), ("两万三千", 23_000), ("一亿", 100_000_000)],
)
def test_chinese_numerals_have_their_value(text: str, value: int) -> None:
    assert han_number(text) == value


@pytest.mark.parametrize(
    ("sentence", "passage"),
    [
        ("费用为1200元。", "费用为1,200元"),
        ("The fee is 1200 yuan.", "费用为1,200元"),
        ("截止2024年5月1日。", "Applications close on May 1, 2024."),
        ("三名学生。", "共有3名学生"),
        ("1. 申请条件", "申请条件"),
        ("It has 3 rooms.", "It has three rooms."),
    ],
)
def test_a_number_written_in_another_way_is_the_same_number(sentence: str, passage: str) -> None:
    assert missing_numbers(sentence, [passage]) == []


@pytest.mark.parametrize(
    ("sentence", "passage"),
    [
        ("费用为1300元。", "费用为1,200元"),
        ("费用为200万元。", "费用为200元"),
        ("期限为3年。", "期限为3个月"),
        ("The limit is 15 days.", "The limit is 15 hours."),
        ("2025年5月", "2024年5月"),
    ],
)
def test_a_changed_number_or_unit_is_noticed(sentence: str, passage: str) -> None:
    assert missing_numbers(sentence, [passage]) != []


def test_a_name_that_stands_in_no_passage_is_noticed() -> None:
    assert missing_names("依据《学籍管理规定》和 UNESCO", ["依据《转专业办法》"]) == ["学籍管理规定", "UNESCO"]
    assert missing_names("According to Smith, it closes.", ["said smith"]) == []
