"""An answer as it is made: sources, citations, and the typed events that carry them to the reader."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from kb_platform.domain.chunk import Hit
from kb_platform.domain.plan import ContextPlan


class Answerer(StrEnum):
    """Who wrote the answer."""

    MODEL = "model"
    EXTRACTIVE = "extractive"


class Support(StrEnum):
    """What the check of a sentence against the passages that it cites found."""

    SUPPORTED = "supported"
    PARTLY = "partly"
    UNSUPPORTED = "unsupported"
    NOT_NEEDED = "not_needed"


class FlagKind(StrEnum):
    LINK = "link"
    EMAIL = "email"
    PHONE = "phone"
    DOCUMENT_NUMBER = "document_number"
    UNCITED = "uncited"


@dataclass(frozen=True, slots=True)
class Flag:
    """Characters [start, end) of the answer that name something which stands in no source, or state something and cite
    nothing. `is_withheld`: the words there take the place of what the model wrote."""

    kind: FlagKind
    start: int
    end: int
    is_withheld: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A passage given to the answerer under a number; only these numbers may be cited."""

    number: int
    hit: Hit


@dataclass(frozen=True, slots=True)
class Citation:
    """A marker `[number]` in the answer and what was checked about it.

    `sentence_start`, `sentence_end`: the sentence it supports, in characters of the answer's text.
    `evidence_start`, `evidence_end`: the words that carry the claim, in characters of the document version's
    canonical text (inside the source's chunk). In a passage that an editor changed they are the whole passage, and
    `edited_words` are the editor's words that carry the claim.
    """

    number: int
    sentence_start: int
    sentence_end: int
    evidence_start: int
    evidence_end: int
    support: Support
    score: float
    reason: str = ""
    edited_words: str = ""
    is_struck: bool = False
    """None of the passages that its sentence cites carries it, and such sentences are to be struck out."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the model server counted them; zero where nothing was asked of a model."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    answer_tokens: int = 0
    context_window: int = 0
    passages_given: int = 0
    passages_dropped: int = 0
    history_turns_dropped: int = 0
    seconds_retrieval: float = 0.0
    seconds_to_first_token: float = 0.0
    seconds_total: float = 0.0
    is_counted_here: bool = False
    """The model server told no numbers: they are counted with our own tokenizer."""


@dataclass(frozen=True, slots=True)
class PastTurn:
    """An earlier question of the conversation and its answer (markers removed, reasoning never kept)."""

    question: str
    answer: str
    number: int = 0
    """Its place in the conversation, from 1; 0 where nobody counted."""


@dataclass(frozen=True, slots=True)
class SourcesFound:
    """What was searched for and which passages the answerer is given."""

    query: str
    sources: tuple[Source, ...]
    answerer: Answerer
    model: str = ""
    type: Literal["sources"] = "sources"


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something that the reader should know and that did not keep the answer from being made; `code` is stable."""

    code: str
    message: str
    type: Literal["notice"] = "notice"


@dataclass(frozen=True, slots=True)
class Queued:
    """All places at the model are taken: `position` is 1 for who comes next."""

    position: int
    type: Literal["queued"] = "queued"


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    text: str
    type: Literal["reasoning"] = "reasoning"


@dataclass(frozen=True, slots=True)
class AnswerDelta:
    """The next characters of the answer, markers `[n]` included; concatenated they are the answer's text."""

    text: str
    type: Literal["answer"] = "answer"


@dataclass(frozen=True, slots=True)
class CitationChecked:
    citation: Citation
    type: Literal["citation"] = "citation"


@dataclass(frozen=True, slots=True)
class Flagged:
    flag: Flag
    type: Literal["flag"] = "flag"


@dataclass(frozen=True, slots=True)
class UsageReported:
    usage: Usage
    type: Literal["usage"] = "usage"


@dataclass(frozen=True, slots=True)
class PlanReported:
    """What the model was sent. It comes when the answer begins, and again at its end where the server has counted."""

    plan: ContextPlan
    type: Literal["plan"] = "plan"


@dataclass(frozen=True, slots=True)
class Done:
    """Last event of an answer that ended well. `answer` is the whole text, `abstained` says that the documents
    hold no answer (then there are no citations)."""

    answer: str
    abstained: bool
    answerer: Answerer
    citations: tuple[Citation, ...] = field(default=())
    flags: tuple[Flag, ...] = field(default=())
    is_cut: bool = False
    """The room for the answer was used up before its end."""
    type: Literal["done"] = "done"


@dataclass(frozen=True, slots=True)
class Failed:
    """Last event of an answer that did not end well."""

    code: str
    message: str
    type: Literal["error"] = "error"


AnswerEvent = (
    Noticed
    | SourcesFound
    | Queued
    | ReasoningDelta
    | AnswerDelta
    | CitationChecked
    | Flagged
    | PlanReported
    | UsageReported
    | Done
    | Failed
)
