from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from kb_platform import conversations as talk
from kb_platform.database.engine import Database
from kb_platform.database.tables import Conversation, Turn, TurnState, User, now
from kb_platform.domain.answer import (
    AnswerDelta,
    Answerer,
    Citation,
    CitationChecked,
    Done,
    Failed,
    ReasoningDelta,
    Source,
    SourcesFound,
    Support,
    Usage,
    UsageReported,
)
from kb_platform.domain.chunk import Hit, Scores
from kb_platform.domain.errors import Conflict, InvalidInput, NotFound

HIT = Hit(
    "c", "kb", "d", "v", "办法.pdf", "办法", 0, 10, 14, "转专业。", ("第一章",), scores=Scores(dense=0.9, fused=0.8)
)
CITATION = Citation(1, 0, 5, 10, 13, Support.SUPPORTED, 0.93)


def begin(database: Database, user_id: str, question: str = "转专业需要什么条件？") -> tuple[str, str]:
    with database.writing() as session:
        row = talk.add_conversation(session, user_id, ["kb"])
        turn = talk.begin_turn(session, row, question)
        return row.id, turn.id


def turn_of(database: Database, user_id: str, conversation_id: str) -> Turn:
    with database.reading() as session:
        return talk.conversation(session, user_id, conversation_id).turns[-1]


def test_a_turn_keeps_everything_that_was_said(database: Database, user_id: str) -> None:
    conversation_id, turn_id = begin(database, user_id)
    draft = talk.TurnDraft()
    for event in (
        SourcesFound("转专业 条件", (Source(1, HIT),), Answerer.MODEL, "deepseek"),
        ReasoningDelta("先看"),
        ReasoningDelta("规定。"),
        AnswerDelta("需要绩点"),
        AnswerDelta("3.0[1]。"),
        CitationChecked(CITATION),
        UsageReported(Usage(prompt_tokens=7)),
        Done("需要绩点3.0[1]。", False, Answerer.MODEL, (CITATION,)),
    ):
        draft.apply(event)
    talk.finish_turn(database, turn_id, draft)
    turn = turn_of(database, user_id, conversation_id)
    assert (turn.state, turn.query, turn.reasoning, turn.answer) == (
        TurnState.DONE,
        "转专业 条件",
        "先看规定。",
        "需要绩点3.0[1]。",
    )
    assert (turn.answerer, turn.model, turn.usage["prompt_tokens"]) == ("model", "deepseek", 7)
    assert turn.sources[0]["text"] == "转专业。"
    assert turn.sources[0]["scores"]["dense"] == 0.9
    assert turn.citations == [talk.citation_record(CITATION)]


def test_an_answer_that_broke_off_is_kept_as_stopped(database: Database, user_id: str) -> None:
    conversation_id, turn_id = begin(database, user_id)
    draft = talk.TurnDraft()
    draft.apply(AnswerDelta("half"))
    talk.finish_turn(database, turn_id, draft)
    turn = turn_of(database, user_id, conversation_id)
    assert (turn.state, turn.answer) == (TurnState.STOPPED, "half")


def test_a_failure_keeps_its_reason(database: Database, user_id: str) -> None:
    conversation_id, turn_id = begin(database, user_id)
    draft = talk.TurnDraft()
    draft.apply(Failed("model_unavailable", "The endpoint is away."))
    talk.finish_turn(database, turn_id, draft)
    turn = turn_of(database, user_id, conversation_id)
    assert (turn.state, turn.error) == (TurnState.FAILED, "The endpoint is away.")


def test_saving_tells_that_somebody_stopped_the_turn(database: Database, user_id: str) -> None:
    conversation_id, turn_id = begin(database, user_id)
    draft = talk.TurnDraft(answer="so far")
    assert talk.save_progress(database, turn_id, draft.columns())
    assert turn_of(database, user_id, conversation_id).answer == "so far"
    with database.writing() as session:
        talk.stop_turn(session, talk.conversation(session, user_id, conversation_id), turn_id)
    assert not talk.save_progress(database, turn_id, draft.columns())


def test_stopping_a_finished_turn_changes_nothing(database: Database, user_id: str) -> None:
    conversation_id, turn_id = begin(database, user_id)
    talk.finish_turn(database, turn_id, talk.TurnDraft(state=TurnState.DONE, answer="all"))
    with database.writing() as session:
        talk.stop_turn(session, talk.conversation(session, user_id, conversation_id), turn_id)
    assert turn_of(database, user_id, conversation_id).state == TurnState.DONE


def test_one_question_at_a_time(database: Database, user_id: str) -> None:
    conversation_id, _ = begin(database, user_id)
    with database.writing() as session, pytest.raises(Conflict):
        talk.begin_turn(session, talk.conversation(session, user_id, conversation_id), "next")


def test_a_turn_whose_process_was_killed_blocks_nothing_and_counts_as_stopped(database: Database, user_id: str) -> None:
    conversation_id, turn_id = begin(database, user_id)
    with database.writing() as session:
        long_ago = now() - talk.ANSWERER_GONE_AFTER - timedelta(seconds=1)
        session.execute(update(Turn).where(Turn.id == turn_id).values(updated_at=long_ago))
    assert talk.latest_state(turn_of(database, user_id, conversation_id)) == TurnState.STOPPED
    with database.writing() as session:
        assert talk.begin_turn(session, talk.conversation(session, user_id, conversation_id), "next").number == 2


def test_history_has_no_markers_no_reasoning_and_no_failures(database: Database, user_id: str) -> None:
    conversation_id, turn_id = begin(database, user_id, "q1")
    talk.finish_turn(
        database, turn_id, talk.TurnDraft(state=TurnState.DONE, answer="甲[1][2]。Then b [3].", reasoning="hm")
    )
    for state, answer in ((TurnState.FAILED, "broken"), (TurnState.STOPPED, "half"), (TurnState.STOPPED, "")):
        with database.writing() as session:
            turn = talk.begin_turn(session, talk.conversation(session, user_id, conversation_id), f"q {state}")
        talk.finish_turn(database, turn.id, talk.TurnDraft(state=state, answer=answer))
    with database.reading() as session:
        history = talk.past_turns(talk.conversation(session, user_id, conversation_id))
    assert [(past.question, past.answer) for past in history] == [("q1", "甲。Then b."), ("q stopped", "half")]


def test_the_first_question_makes_the_title(database: Database, user_id: str) -> None:
    conversation_id, _ = begin(database, user_id, "  转专业\n需要什么条件？" + "长" * 200)
    with database.reading() as session:
        title = talk.conversation(session, user_id, conversation_id).title
    assert title.startswith("转专业 需要什么条件？")
    assert len(title) == talk.MADE_TITLE_CHARACTERS


def test_a_title_is_bounded(database: Database, user_id: str) -> None:
    with database.writing() as session, pytest.raises(InvalidInput):
        talk.add_conversation(session, user_id, ["kb"], "x" * 201)


def test_somebody_elses_conversation_is_not_found(database: Database, user_id: str) -> None:
    conversation_id, _ = begin(database, user_id)
    with database.writing() as session:
        other = User(email="other@example.edu", password_hash="-")
        session.add(other)
    with database.reading() as session, pytest.raises(NotFound):
        talk.conversation(session, other.id, conversation_id)


def test_deleting_a_conversation_takes_its_turns_along(database: Database, user_id: str) -> None:
    conversation_id, turn_id = begin(database, user_id)
    with database.writing() as session:
        session.delete(talk.conversation(session, user_id, conversation_id))
    with database.reading() as session:
        assert session.get(Turn, turn_id) is None
        assert session.get(Conversation, conversation_id) is None
    assert not talk.save_progress(database, turn_id, talk.TurnDraft().columns())


def test_the_last_used_conversation_comes_first(database: Database, user_id: str) -> None:
    first, turn_id = begin(database, user_id)
    second, _ = begin(database, user_id)
    talk.finish_turn(database, turn_id, talk.TurnDraft(state=TurnState.DONE))
    with database.writing() as session:
        talk.begin_turn(session, talk.conversation(session, user_id, first), "again")
    with database.reading() as session:
        assert [row.id for row in talk.conversations_of(session, user_id, 10)] == [first, second]
        assert [row.id for row in talk.conversations_of(session, user_id, 1, offset=1)] == [second]
