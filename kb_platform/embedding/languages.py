"""Questions in one language, passages in the other.

A multilingual model puts a text near others of its own language: with multilingual-e5-small a Chinese question lies
nearer to any Chinese passage than to the English one that answers it. The way from the one language to the other is
about the same for all texts (Libovický, Rosa and Fraser 2020, "On the Language Neutrality of Pre-trained Multilingual
Representations"), and so can be measured once and added to a question.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from kb_platform.embedding.model import EmbeddingModel

SHARE = 0.75
"""So much of the way is gone: earned on thirty pairs among 600 other passages (docs/quality.md)."""
PARALLEL = (
    ("他在学校工作。", "He works at the school."),
    ("今天天气很好。", "The weather is fine today."),
    ("这本书是去年出版的。", "This book was published last year."),
    ("会议将于星期三举行。", "The meeting will be held on Wednesday."),
    ("请填写这张表格。", "Please fill in this form."),
    ("城市的人口超过一百万。", "The city has more than one million inhabitants."),
    ("医生建议多休息。", "The doctor advises more rest."),
    ("申请人应当提交材料。", "The applicant shall submit the documents."),
    ("火车晚点了两个小时。", "The train was two hours late."),
    ("该法律自一月一日起施行。", "The law takes effect on 1 January."),
    ("公司的收入有所增长。", "The company's revenue has grown."),
    ("他们正在研究新的材料。", "They are studying new materials."),
    ("价格包括早餐。", "The price includes breakfast."),
    ("水在一百度沸腾。", "Water boils at one hundred degrees."),
    ("学生在图书馆里学习。", "Students study in the library."),
    ("这条河流经三个省。", "The river flows through three provinces."),
)


@functools.lru_cache(maxsize=1)
def way_to_english(embedding: EmbeddingModel) -> NDArray[np.float32]:
    """Return the mean way from a Chinese text's vector to that of its English translation, embedded once a model."""
    chinese = embedding.embed_passages([pair[0] for pair in PARALLEL])
    english = embedding.embed_passages([pair[1] for pair in PARALLEL])
    way: NDArray[np.float32] = (english - chinese).mean(axis=0)
    return way


def in_other_language(
    question: NDArray[np.float32], *, is_chinese: bool, way: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the unit vector that the question would have about in the other language."""
    moved = question + (way if is_chinese else -way) * np.float32(SHARE)
    unit: NDArray[np.float32] = moved / np.linalg.norm(moved)
    return unit
