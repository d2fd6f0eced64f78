"""What counts how much in the order of the passages, and which of them are looked at more closely."""

from __future__ import annotations

from kb_platform.index.fusion import order
from kb_platform.index.points import Candidate
from kb_platform.index.ranking import LIKELY_BEST, Weights, likely_best, weights_for
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


def test_the_gap_between_languages_is_known_for_the_model_that_it_was_measured_with() -> None:
    for text in ("Who approves a leave?", "谁批准请假？"):
        assert weights_for(text, SETTINGS, "multilingual-e5-small").usual_gap is not None
        assert weights_for(text, SETTINGS, "another model").usual_gap is None


def test_what_only_words_found_may_be_among_the_best_though_its_cosine_is_not_known_yet() -> None:
    near = [Candidate(f"near-{number}", 0.9 - number / 100, None) for number in range(20)]
    by_words = Candidate("by words", None, 12.0)
    candidates = [*near, by_words]
    first = [id_ for id_, _ in order(candidates, 0.7)]
    assert first.index("by words") > LIKELY_BEST
    assert likely_best(candidates, first) == [*first[:LIKELY_BEST], "by words"]


def test_no_more_are_looked_at_closely_than_the_best_of_either_order() -> None:
    candidates = [Candidate(str(number), 0.9 - number / 100, float(number)) for number in range(50)]
    chosen = likely_best(candidates, [candidate.id for candidate in candidates])
    assert chosen == ["0", "1", "2", "3", "4", "5", "6", "49", "48", "47", "46", "45"]
