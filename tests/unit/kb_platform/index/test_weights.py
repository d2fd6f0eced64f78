"""What counts how much in the order of the passages."""

from __future__ import annotations

from kb_platform.index.ranking import Weights, weights_for
from kb_platform.settings import RetrievalSettings

SETTINGS = RetrievalSettings(
    candidates=40,
    dense_weight=0.1,
    chinese_dense_weight=0.2,
    feedback_weight=0.3,
    feedback_words_weight=0.4,
    chinese_feedback_words_weight=0.5,
)


def test_a_question_in_chinese_has_weights_of_its_own() -> None:
    assert weights_for("Who approves a leave?", SETTINGS) == Weights(0.1, 0.3, 0.4, 40)
    assert weights_for("谁批准请假？", SETTINGS) == Weights(0.2, 0.3, 0.5, 40)
