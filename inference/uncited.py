"""Sentences of an answer that state something and cite nothing: the reader is told which they are."""

from __future__ import annotations

import re
from collections.abc import Sequence

from inference.citations import AnswerSentence, best_evidence
from inference.facts import missing_numbers, quantities
from inference.sentences import is_table_row
from inference.terms import content_terms
from kb_platform.domain.answer import Flag, FlagKind, Source

LEAST_WORDS = 3
"""Content words from which a sentence says something that could be true or false."""
CARRIED = 0.6
"""Share of a sentence's words in a passage that its paragraph cites further on, from which that citation is its own."""
_TALK = re.compile(
    r"(?:希望|如有|如果你?您?(?:还|有|需)|请(?:参考|查阅|联系|告诉|注意查看)|以上(?:就?是|内容|信息)|以下是"
    r"|(?:具体|详细|详情)[^。]{0,6}(?:见|参阅|参考)|根据(?:以上|上述|提供的)?(?:资料|文档|片段)[,，。]?$)"
    r"|(?:I hope|Let me know|Please (?:let|see|note|refer|consult)|Feel free|If you (?:have|need|want)|Here (?:is|are)"
    r"|For (?:more|further|details)|Based on the (?:passages|documents|sources)[,.]?$)",
    re.IGNORECASE,
)


def states_something(claim: str) -> bool:
    """Say whether a sentence (without markers) makes a statement that a source should carry: no heading, question,
    lead-in, row of a table or courtesy."""
    text = claim.strip()
    if not text or text.endswith((":", "：", "?", "？")) or text.startswith(("#", "```")) or is_table_row(text):
        return False
    if re.fullmatch(r"(?:[-*+]\s+|\d+[.)、]\s*)?\*\*[^*]+\*\*", text) or _TALK.match(text):
        return False
    return len(content_terms(text)) >= LEAST_WORDS or bool(quantities(text))


class UncitedSentences:
    """Feeds on the sentences of an answer; a flag comes once the line of a sentence has ended.

    A marker at the end of a paragraph is often meant for all of it: a sentence before it is not flagged where one of
    the passages cited further on in its line carries it.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = {source.number: source for source in sources}
        self._open: list[AnswerSentence] = []

    def take(self, sentence: AnswerSentence, begins_line: bool) -> tuple[Flag, ...]:
        """Return the flags of the line before, where this sentence begins a new one."""
        flags = self.end_line() if begins_line else ()
        if sentence.numbers:
            cited = [self._sources[number] for number in sentence.numbers if number in self._sources]
            self._open = [one for one in self._open if not any(_carries(source, one.claim) for source in cited)]
        elif states_something(sentence.claim):
            self._open.append(sentence)
        return flags

    def end_line(self) -> tuple[Flag, ...]:
        flags = tuple(Flag(FlagKind.UNCITED, one.start, one.end) for one in self._open)
        self._open = []
        return flags


def _carries(source: Source, claim: str) -> bool:
    passage = f"{source.hit.document_title}\n{source.hit.context}\n{source.hit.text}"
    return not missing_numbers(claim, [passage]) and best_evidence(content_terms(claim), claim, source).words >= CARRIED
