from __future__ import annotations

import numpy as np

from kb_platform.embedding import EmbeddingModel
from kb_platform.embedding.languages import in_other_language, way_to_english

PAIRS = [
    ("学校食堂几点开门？", "The school canteen opens at seven."),
    ("门诊挂号费是多少？", "The registration fee of the outpatient clinic is ten yuan."),
    ("谁负责审批？", "Approval is the dean's responsibility."),
]


def test_a_moved_question_lies_nearer_to_every_passage_of_the_other_language_and_stays_of_length_one(
    embedding: EmbeddingModel,
) -> None:
    way = way_to_english(embedding)
    english = embedding.embed_passages([passage for _, passage in PAIRS])
    chinese = embedding.embed_passages([question for question, _ in PAIRS])
    for question, _ in PAIRS:
        vector = embedding.embed_query(question)
        moved = in_other_language(vector, is_chinese=True, way=way)
        assert abs(float(np.linalg.norm(moved)) - 1) < 1e-5
        assert (english @ moved > english @ vector).all()
        assert (chinese @ moved < chinese @ vector).all()


def test_the_way_there_is_the_way_back(embedding: EmbeddingModel) -> None:
    way = way_to_english(embedding)
    vector = embedding.embed_query("When does the canteen open?")
    assert not np.allclose(in_other_language(vector, is_chinese=True, way=way), vector)
    there, back = (in_other_language(vector, is_chinese=True, way=one) for one in (way, -way))
    assert np.allclose(back, in_other_language(vector, is_chinese=False, way=way))
    assert not np.allclose(there, back)
