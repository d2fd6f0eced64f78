from __future__ import annotations

from collections.abc import Iterator

import pytest

from kb_platform.embedding import EmbeddingModel
from tests.passages import Collection, Passage, searchable

REGULATIONS = [
    Passage(
        "转专业管理办法",
        "第三条 申请转专业的学生须同时满足以下条件：\n（一）在校修读满一年；\n"
        "（二）平均学分绩点不低于3.0；\n（三）未受过纪律处分。",
        start=120,
        heading=("第二章 申请条件",),
    ),
    Passage(
        "转专业管理办法",
        "第六条 转专业申请于每年4月1日至4月15日在教务系统提交，逾期不予受理。",
        start=300,
        heading=("第三章 申请程序",),
    ),
    Passage("图书馆开放时间", "图书馆开放时间为每日8:00至22:30，法定节假日闭馆。考试周延长至24:00。"),
    Passage(
        "Student housing",
        "The dormitory fee is 1,200 yuan per academic year. It is payable by 10 September. "
        "Students who leave before the end of a term are refunded half of the fee.",
    ),
    Passage(
        "Student housing",
        "| Building | Rooms | Fee |\n| --- | --- | --- |\n"
        "| North Hall | 120 | 1,200 yuan |\n| Lake Hall | 80 | 1,500 yuan |",
        start=400,
    ),
    Passage(
        "Library rules",
        "Undergraduates may borrow up to 15 books for 30 days. A book can be renewed once, for 15 days.",
    ),
    Passage(
        "实验室安全规定", "进入实验室必须穿实验服并佩戴护目镜。禁止在实验室内饮食。发生火情应立即拨打校内报警电话。"
    ),
]


@pytest.fixture(scope="session")
def regulations(embedding: EmbeddingModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    """Seven passages of university rules in both languages, searchable."""
    with searchable(REGULATIONS, tmp_path_factory.mktemp("regulations"), embedding) as collection:
        yield collection
