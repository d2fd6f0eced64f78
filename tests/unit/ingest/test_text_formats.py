from __future__ import annotations

from kb_platform.domain.document import BlockKind, CellAnchor, ParagraphAnchor

from .conftest import ParseFile, first, kinds, texts

MARKDOWN = """---
title: 员工手册
---
# 员工手册

第一段
接着写。

- 年假十天
- 病假
  - 需证明

| 级别 | 天数 |
|---|---|
| 一 | 10 |

```python
print("hi")

x = 1
```
See [the rules](https://example.org/rules) <b>now</b>.
"""


def test_markdown_keeps_its_structure(parsed: ParseFile) -> None:
    document = parsed("handbook.md", MARKDOWN)
    assert document.title == "员工手册"
    assert kinds(document) == [
        (BlockKind.HEADING, 1),
        (BlockKind.PARAGRAPH, 0),
        (BlockKind.LIST_ITEM, 1),
        (BlockKind.LIST_ITEM, 1),
        (BlockKind.LIST_ITEM, 2),
        (BlockKind.TABLE, 0),
        (BlockKind.CODE, 0),
        (BlockKind.PARAGRAPH, 0),
    ]
    assert "第一段接着写。" in texts(document)
    assert first(document, BlockKind.TABLE).header_rows == 2
    assert 'print("hi")\n\nx = 1' in texts(document)
    assert texts(document)[-1] == "See the rules now."


def test_blocks_of_flowing_documents_are_anchored_by_their_number(parsed: ParseFile) -> None:
    document = parsed("handbook.md", MARKDOWN)
    for number, block in enumerate(document.blocks, 1):
        assert [segment.anchor for segment in block.segments] == [ParagraphAnchor(number)]


def test_a_table_without_rows_of_html_inside_markdown_is_read(parsed: ParseFile) -> None:
    document = parsed("a.md", "text\n\n<p>One</p><p>Two</p>\n")
    assert "One" in document.text
    assert "<p>" not in document.text


HTML = """<html><head><title>Rules</title><script>var a = "script text";</script><style>p {}</style></head><body>
<nav><ul><li><a href="/">Home</a></li></ul></nav>
<main><h1>Rules</h1><p>First   paragraph<br>second line</p>
<ul><li>One<ul><li>Inner</li></ul></li></ul>
<table><tr><th>Name</th><th>Days</th></tr><tr><td rowspan="2">A</td><td>1</td></tr><tr><td>2</td></tr></table>
<pre>code  kept
as it is</pre><p style="display:none">hidden words</p></main><footer>Imprint</footer></body></html>"""


def test_html_gives_its_main_content_only(parsed: ParseFile) -> None:
    document = parsed("rules.html", HTML)
    assert document.title == "Rules"
    for left_out in ("script text", "Home", "Imprint", "hidden words"):
        assert left_out not in document.text
    assert "First paragraph\nsecond line" in texts(document)
    assert ("code  kept\nas it is") in texts(document, BlockKind.CODE)


def test_a_cell_that_spans_rows_is_repeated_in_each(parsed: ParseFile) -> None:
    document = parsed("rules.html", HTML)
    assert texts(document, BlockKind.TABLE) == ["| Name | Days |\n| --- | --- |\n| A | 1 |\n| A | 2 |"]


def test_a_page_of_nothing_but_menus_is_about_its_menus(parsed: ParseFile) -> None:
    document = parsed("menu.html", "<nav><ul><li>Admissions office</li><li>Library opening hours</li></ul></nav>")
    assert texts(document) == ["Admissions office", "Library opening hours"]


def test_html_nested_a_thousand_deep_is_read(parsed: ParseFile) -> None:
    assert "deep" in parsed("deep.html", "<div>" * 1000 + "deep" + "</div>" * 1000).text


def test_chinese_chapters_of_plain_text_are_headings(parsed: ParseFile) -> None:
    document = parsed("rules.txt", "第一章 总则\n第一条 为了规范管理，制定本办法。\n第二条 本办法适用于本科生。\n")
    assert kinds(document)[0] == (BlockKind.HEADING, 2)
    assert len(document.blocks) == 3


def test_lines_wrapped_at_a_fixed_width_are_joined(parsed: ParseFile) -> None:
    wrapped = (
        "The library is open from Monday to Friday between eight in the morning\n"
        "and ten in the evening, on Saturdays until six, and it stays closed on\n"
        "public holidays."
    )
    assert texts(parsed("hours.txt", wrapped)) == [wrapped.replace("\n", " ")]


def test_json_becomes_lines_with_the_names_that_lead_to_each_value(parsed: ParseFile) -> None:
    document = parsed("faq.json", '{"items": [{"question": "怎么请假？", "answers": ["找辅导员", "填表"]}], "v": 1}')
    assert "question: 怎么请假？\nanswers: 找辅导员, 填表" in texts(document)


def test_each_cell_of_a_csv_file_has_its_place(parsed: ParseFile) -> None:
    document = parsed("grades.csv", "姓名;分数\n张三;92\n李四;\n".encode("gb18030"))
    (table,) = document.blocks
    places = {
        document.text[segment.start : segment.end]: segment.anchor.cell
        for segment in table.segments
        if isinstance(segment.anchor, CellAnchor)
    }
    assert places == {"姓名": "A1", "分数": "B1", "张三": "A2", "92": "B2", "李四": "A3"}
    assert table.header_rows == 2


def test_a_bar_inside_a_cell_does_not_break_the_row(parsed: ParseFile) -> None:
    document = parsed("a.csv", 'a,b\n"x|y",2\n')
    assert document.text.splitlines()[-1] == r"| x\|y | 2 |"
