from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb_platform.index import Candidate
from kb_platform.index.fusion import CLEARLY, Feedback, fuse, in_other_language, levelled

candidates = st.lists(
    st.builds(
        Candidate,
        id=st.uuids().map(str),
        dense=st.none() | st.floats(-1, 1),
        sparse=st.none() | st.floats(0, 100),
    ),
    max_size=20,
    unique_by=lambda candidate: candidate.id,
)


@given(candidates, st.floats(0, 1))
def test_every_candidate_stays_with_a_score_from_0_to_1_best_first(found: list[Candidate], weight: float) -> None:
    fused = fuse(found, weight)
    assert sorted(id_ for id_, _ in fused) == sorted(candidate.id for candidate in found)
    scores = [scores.fused for _, scores in fused]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 + 1e-9 for score in scores)


@given(candidates)
def test_raw_scores_are_passed_on_untouched(found: list[Candidate]) -> None:
    raw = {candidate.id: (candidate.dense, candidate.sparse) for candidate in found}
    assert {id_: (scores.dense, scores.sparse) for id_, scores in fuse(found, 0.5)} == raw


def test_a_passage_that_both_find_goes_before_those_that_one_finds() -> None:
    found = [Candidate("a", 0.9, None), Candidate("b", 0.89, 12.0), Candidate("c", 0.7, 11.0)]
    assert next(id_ for id_, _ in fuse(found, 0.5)) == "b"


@pytest.mark.parametrize(("weight", "first"), [(1.0, "dense"), (0.0, "sparse")])
def test_the_weight_decides_whom_to_believe(weight: float, first: str) -> None:
    found = [Candidate("dense", 0.9, 1.0), Candidate("sparse", 0.7, 9.0)]
    assert fuse(found, weight)[0][0] == first


def test_nothing_found_is_nothing_fused() -> None:
    assert fuse([], 0.7) == []


FOUND = [Candidate("best", 0.9, 9.0), Candidate("noise", 0.85, 1.0), Candidate("second half", 0.82, 1.0)]


def test_likeness_to_the_best_passages_brings_up_what_continues_them() -> None:
    assert [id_ for id_, _ in fuse(FOUND, 0.6)] == ["best", "noise", "second half"]
    feedback = Feedback(dense={"best": 1.0, "noise": 0.6, "second half": 0.9}, dense_weight=0.5)
    assert [id_ for id_, _ in fuse(FOUND, 0.6, feedback)] == ["best", "second half", "noise"]


def test_words_shared_with_the_best_passages_bring_up_what_says_the_same() -> None:
    feedback = Feedback(sparse={"best": 40.0, "second half": 30.0}, sparse_weight=0.4)
    assert [id_ for id_, _ in fuse(FOUND, 0.6, feedback)] == ["best", "second half", "noise"]


@given(candidates)
def test_feedback_of_no_weight_changes_nothing(found: list[Candidate]) -> None:
    likeness = {candidate.id: 0.5 for candidate in found}
    assert fuse(found, 0.6, Feedback(likeness, likeness)) == fuse(found, 0.6)


@given(candidates, st.floats(0, 1))
def test_feedback_keeps_scores_from_0_to_1(found: list[Candidate], weight: float) -> None:
    likeness = {candidate.id: 0.5 for candidate in found}
    fused = [scores.fused for _, scores in fuse(found, 0.6, Feedback(likeness, likeness, weight, weight))]
    assert all(0 <= score <= 1 + 1e-9 for score in fused)


def test_a_passage_of_the_other_language_that_stands_out_among_its_own_comes_first() -> None:
    chinese = [Candidate(f"zh{n}", 0.86 - n / 1000, None, 0.80) for n in range(4)]
    english = [Candidate("answer", 0.80, None, 0.88), *(Candidate(f"en{n}", 0.76, None, 0.82) for n in range(3))]
    found = chinese + english
    foreign = in_other_language(found)
    assert foreign == {candidate.id for candidate in english}
    cosines = {c.id: c.dense for c in found if c.dense is not None}
    others = {c.id: c.other for c in found if c.other is not None}
    assert fuse(found, 0.7)[0][0] == "zh0"
    assert fuse(found, 0.7, nearness=levelled(cosines, foreign, others, 50))[0][0] == "answer"


def test_a_passage_surely_of_the_other_language_is_not_held_to_lack_the_questions_words() -> None:
    found = [
        Candidate("own", 0.90, 5.0, 0.80),
        Candidate("own too", 0.80, None, 0.75),
        Candidate("other", 0.86, None, 0.89),
    ]
    nearness = {"own": 0.88, "own too": 0.80, "other": 0.90}
    scores = {id_: scores.fused for id_, scores in fuse(found, 0.7, nearness=nearness)}
    helped = {id_: s.fused for id_, s in fuse(found, 0.7, nearness=nearness, foreign=frozenset({"other"}))}
    assert helped["other"] > scores["other"] == pytest.approx(0.7)
    assert helped["other"] < helped["own"], "words that are seen count more than words that are reckoned"
    assert {id_: helped[id_] for id_ in ("own", "own too")} == {id_: scores[id_] for id_ in ("own", "own too")}


def test_only_what_is_clearly_nearer_to_the_other_vector_is_surely_of_the_other_language() -> None:
    found = [Candidate("mixed", 0.85, None, 0.86), Candidate("other", 0.80, None, 0.86)]
    assert in_other_language(found) == {"mixed", "other"}
    assert in_other_language(found, CLEARLY) == {"other"}


def test_where_all_passages_are_of_the_questions_language_nothing_is_levelled() -> None:
    cosines = {"a": 0.9, "b": 0.8}
    assert in_other_language([Candidate("a", 0.9, None, 0.7), Candidate("b", 0.8, None, None)]) == frozenset()
    assert levelled(cosines, frozenset(), {"a": 0.7}, 50) == cosines


def test_a_lone_passage_of_the_other_language_is_not_as_near_as_the_nearest_for_being_alone() -> None:
    cosines = {"best": 0.90, **{f"own{n}": 0.86 - n / 1000 for n in range(20)}}
    alone = frozenset({"alone"})
    assert levelled(cosines, alone, {"alone": 0.75}, 50)["alone"] == pytest.approx(0.90)
    assert levelled(cosines, alone, {"alone": 0.75}, 50, usual_gap=0.05)["alone"] < 0.82
    assert levelled(cosines, alone, {"alone": 0.88}, 50, usual_gap=0.05)["alone"] > 0.90


def test_where_many_are_of_the_other_language_they_tell_the_gap_themselves() -> None:
    cosines = {f"own{n}": 0.9 for n in range(500)}
    others = {f"other{n}": 0.8 for n in range(500)}
    levels = levelled(cosines, frozenset(others), others, 500, usual_gap=-0.5)
    assert levels["other0"] == pytest.approx(0.9, abs=0.02)
