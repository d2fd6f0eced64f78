from __future__ import annotations

import datetime as dt

import pytest

from ingest.parsers.number_formats import shown


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (1234.5, "General", "1234.5"),
        (3.0, "General", "3"),
        (0.1 + 0.2, "General", "0.3"),
        (1234567.891, "#,##0.00", "1,234,567.89"),
        (0.256, "0%", "26%"),
        (0.2567, "0.0%", "25.7%"),
        (-17, "#,##0_);(#,##0)", "(17)"),
        (-17.5, "0.0", "-17.5"),
        (12, '"¥"#,##0.00', "¥12.00"),
        (12, "[$€-2] 0.00", "€ 12.00"),
        (7, "000", "007"),
        (12500000, '0.0,,"M"', "12.5M"),
        (0, '0;-0;"—"', "—"),
        (12345, "0.00E+00", "1.23E+04"),
        (2.5, "0.##", "2.5"),
        (2, "0.##", "2"),
        (5, '0"人"', "5人"),
        (True, "General", "TRUE"),
        ("text", "0.00", "text"),
        (None, "General", ""),
        (dt.datetime.fromisoformat("2024-03-05T00:00:00"), "yyyy-mm-dd", "2024-03-05"),
        (dt.datetime.fromisoformat("2024-03-05T00:00:00"), 'yyyy"年"m"月"d"日"', "2024年3月5日"),
        (dt.datetime.fromisoformat("2024-03-05T14:07:00"), "m/d/yy h:mm AM/PM", "3/5/24 2:07 PM"),
        (dt.datetime.fromisoformat("2024-03-05T00:00:00"), "mmm d, yyyy", "Mar 5, 2024"),
        (dt.time(9, 5), "hh:mm", "09:05"),
        (dt.timedelta(hours=26, minutes=3), "[h]:mm:ss", "26:03:00"),
        (dt.datetime.fromisoformat("2024-03-05T00:00:00"), "General", "2024-03-05"),
    ],
)
def test_a_cell_shows_what_its_format_makes_of_its_value(value: object, number_format: str, text: str) -> None:
    assert shown(value, number_format) == text
