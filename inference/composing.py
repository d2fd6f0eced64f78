"""From a model's raw text to the answer as the reader gets it: clean markers, refusals, a citation where one is due."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from inference.citations import AnswerSentence, best_evidence, split_answer
from inference.facts import missing_names, missing_numbers
from inference.flags import flags_of
from inference.markers import MarkerStream
from inference.prompts import REFUSAL_SENTINEL, WITHHELD, Language
from inference.terms import content_terms
from inference.uncited import LEAST_WORDS, UncitedSentences
from kb_platform.domain.answer import Flag, Source

SURE = 0.8
"""Share of a sentence's words in one quote of a passage from which an uncited sentence is given that citation."""
REPEATS = 3
"""A sentence written this often in a row: the model runs in circles and is stopped."""
MOST_BARE_MARKERS = 12
_HALF_MARKER = re.compile(r"\s*\[\d{0,3}$")
_BARE = re.compile(r"(?:\s*\[\d{0,3}\]?)*\s*")
# A model's own way of saying that the passages do not hold the answer; believed only where nothing is cited.
_REFUSES = re.compile(
    r"(?:资料|文档|文件|片段|上下文|文中)(?:中|里)?(?:并)?(?:没有|未|不包含|无法|找不到)|无法(?:从|根据)(?:给出的|提供的|以上)?(?:资料|文档|信息)"
    r"|(?:passages?|documents?|sources?|context|texts?)\b[^.]{0,40}\b(?:do(?:es)? not|don['’]t|doesn['’]t|no|not)\b"
    r"|\b(?:cannot|can['’]t|could not|unable to)\b[^.]{0,40}\b(?:answer|find|determine)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Composed:
    """The next characters to show, the sentences that they complete, and what is flagged in these (offsets in the whole
    answer)."""

    text: str = ""
    sentences: tuple[AnswerSentence, ...] = ()
    flags: tuple[Flag, ...] = ()


class AnswerComposer:
    """Feeds on a model's text.

    `refused`: the model wrote the refusal sentinel before anything else, or at the end only said in its own words that
    the passages do not hold the answer; then nothing of it is an answer.
    """

    def __init__(self, sources: Sequence[Source], language: Language, question: str = "") -> None:
        self._sources = sources
        self._question = question
        self._placeholder = WITHHELD[language]
        self.markers = MarkerStream(sources, WITHHELD[language])
        self._open = ""
        """The sentence being written, as far as it is cleaned."""
        self._shown = 0
        """Characters of `_open` that were already returned."""
        self._length = 0
        """Characters of the answer before `_open`."""
        self.text = ""
        self.refused = False
        self.ended = False
        """Nothing more is taken: the model refused or runs in circles."""
        self._last_claim = ""
        self._repeats = 0
        self._uncited = UncitedSentences(sources)

    @property
    def has_words(self) -> bool:
        """Say whether there is more than markers."""
        return bool(re.sub(r"\[\d{1,3}\]|[\s\W]", "", self.text))

    def feed(self, text: str) -> Composed:
        """Take the next characters of the model's text."""
        return Composed() if self.ended else self._take(self.markers.feed(text), is_last=False)

    def finish(self) -> Composed:
        """Return what is left once the model has ended."""
        if self.ended:
            return Composed()
        composed = self._take(self.markers.finish(), is_last=True)
        if not self.refused and not re.search(r"\[\d", self.text) and _REFUSES.search(self.text[:200]):
            self.refused = True
        return composed

    def _take(self, cleaned: str, is_last: bool) -> Composed:
        self._open += cleaned
        if REFUSAL_SENTINEL in self._open:
            self._open = self._open[: self._open.index(REFUSAL_SENTINEL)].rstrip(" \n\"'*`“")
            self.ended = is_last = True
            if not re.sub(r"\[\d{1,3}\]|[\s\W]", "", self.text + self._open):
                self.refused = True
                self._open = ""
                return Composed()
        if not self.text and not self._shown:
            self._open = self._open.lstrip()
            if not is_last and not re.sub(r"\[\d{0,3}\]?|\W", "", self._open):
                self._count_markers()
                return Composed()  # markers and quotes before any word: a refusal may follow
        return self._emit(is_last)

    def _emit(self, is_last: bool) -> Composed:
        sure = self._open if is_last else _HALF_MARKER.sub("", self._open)
        sentences = split_answer(sure)
        complete = sentences if is_last else sentences[:-1]
        out = ""
        finished: list[AnswerSentence] = []
        taken = 0
        for sentence in complete:
            if _BARE.fullmatch(sentence.text) and self.text + out:
                continue  # markers on a line of their own say nothing
            written = self._open[taken : sentence.end]
            out += written[max(0, self._shown - taken) :]
            added = self._citation_due(sentence)
            out += added
            start = self._length + sentence.start - taken
            self._length += sentence.end - taken + len(added)
            taken = sentence.end
            self._shown = max(self._shown, taken)
            numbers = sentence.numbers or tuple(int(n) for n in re.findall(r"\d+", added))
            finished.append(AnswerSentence(start, self._length, sentence.text + added, numbers))
            self._repeats = self._repeats + 1 if sentence.claim == self._last_claim else 1
            self._last_claim = sentence.claim
            if self._repeats >= REPEATS:
                self.ended = True
                self._open = ""
                self._shown = taken = 0
                break
        self._open = self._open[taken:]
        self._shown -= taken
        if not is_last:
            # White space waits: a citation may still go before it. So do markers that no words follow yet.
            certain = 0 if _BARE.fullmatch(self._open) else len(self._open.rstrip())
            if certain > self._shown:
                out += self._open[self._shown : certain]
                self._shown = certain
        self.text += out
        flags = [flag for sentence in finished for flag in self._flags(sentence)]
        flags += self._uncited.end_line() if is_last or self.ended else ()
        return Composed(out, tuple(finished), tuple(flags))

    def _flags(self, sentence: AnswerSentence) -> tuple[Flag, ...]:
        # A number that the question itself names is not the model's invention.
        known = f"{self.markers.known}\n{self._question}"
        before = self.text[: sentence.start]
        begins_line = "\n" in before[len(before.rstrip()) :]
        return (
            *self._uncited.take(sentence, begins_line),
            *flags_of(sentence.text, sentence.start, known, self._placeholder, self.markers.placeholders),
        )

    def _count_markers(self) -> None:
        if len(re.findall(r"\[\d", self._open)) > MOST_BARE_MARKERS:
            self.ended = True

    def _citation_due(self, sentence: AnswerSentence) -> str:
        """Return a marker for a sentence that has none, where a passage carries it beyond doubt; else nothing."""
        claim = sentence.claim
        if sentence.numbers or claim.endswith((":", "：", "?", "？")) or _REFUSES.search(claim):
            return ""
        terms = content_terms(claim)
        if len(terms) < LEAST_WORDS:
            return ""
        found = [(best_evidence(terms, claim, source).words, source) for source in self._sources]
        words, source = max(found, key=lambda item: item[0], default=(0.0, None))
        if source is None or words < SURE:
            return ""
        passage = [f"{source.hit.document_title}\n{source.hit.context}\n{source.hit.text}"]
        if missing_numbers(claim, passage) or missing_names(claim, passage):
            return ""
        return f" [{source.number}]" if claim[-1].isascii() else f"[{source.number}]"
