"""From a model's raw text to the answer as the reader gets it: clean markers, refusals, a citation where one is due."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from inference.attribution import citation_due, may_carry
from inference.citations import AnswerSentence, sentence_at, split_answer
from inference.flags import flags_of
from inference.markers import CLEAN_MARKER, MarkerStream
from inference.prompts import REFUSAL_SENTINEL, WITHHELD, Language
from inference.uncited import UncitedSentences
from kb_platform.domain.answer import Flag, Source

REPEATS = 3
"""A sentence written this often in a row: the model runs in circles and is stopped."""
MOST_BARE_MARKERS = 12
_HALF_MARKER = re.compile(r"\s*\[\d{0,3}$")
_LAST_MARKERS = re.compile(r"(?:\s*\[\d{1,3}\])+(?=[\s.。!！?？;；]*$)")
"""They wait until the sentence is complete: its words may turn out to be another passage's."""
_LED = re.compile(r"(^|\n)([ \t]*)((?:\[\d{1,3}\][ \t]*)+)(?=[^\s\[\].。!！?？;；,，:：、)）])")
"""Markers that begin a line, and its first word."""
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
        self._leads: list[tuple[int, tuple[int, ...]]] = []
        """Where a line of `_open` began with markers, and their numbers: they are set behind its sentences."""
        self._led: tuple[int, ...] = ()
        """Those of the line that is being written."""

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
        self._lift_markers()
        return self._emit(is_last)

    def _lift_markers(self) -> None:
        """Take the markers that begin a line away: a sentence's come behind it, once it is known to be theirs."""
        lifted, at = "", 0
        for found in _LED.finditer(self._open):
            if not found[1] and self.text + self._open[: found.start()]:
                continue  # the pending text begins in the middle of a line
            lifted += self._open[at : found.start(3)]
            self._leads.append((len(lifted), tuple(int(number) for number in CLEAN_MARKER.findall(found[3]))))
            at = found.end()
        self._open = lifted + self._open[at:]

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
            before = self._open[taken : sentence.start]
            text = self._cited(sentence, self._led_by(before, taken, sentence))
            out += (before + text)[max(0, self._shown - taken) :]
            finished.append(sentence_at(self._length + len(before), text))
            self._length = finished[-1].end
            taken = sentence.end
            self._shown = max(self._shown, taken)
            self._repeats = self._repeats + 1 if sentence.claim == self._last_claim else 1
            self._last_claim = sentence.claim
            if self._repeats >= REPEATS:
                self.ended = True
                self._open = ""
                self._shown = taken = 0
                break
        self._open = self._open[taken:]
        self._shown -= taken
        self._leads = [(at - taken, numbers) for at, numbers in self._leads if at >= taken]
        if not is_last:
            # White space waits: a citation may still go before it. So do markers that no words follow yet.
            held = _LAST_MARKERS.search(self._open)
            certain = 0 if _BARE.fullmatch(self._open) else held.start() if held else len(self._open.rstrip())
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

    def _led_by(self, before: str, taken: int, sentence: AnswerSentence) -> tuple[int, ...]:
        """Return the markers that the sentence's line began with; `before` is what stands between it and the one
        before, from `taken` on in the pending text."""
        if "\n" in before:
            self._led = ()
        for at, numbers in self._leads:
            if taken <= at < sentence.end:
                self._led = numbers
        return self._led

    def _cited(self, sentence: AnswerSentence, led: Sequence[int]) -> str:
        """Return the sentence with the markers that are due to it: those that its line began with, as far as they are
        meant for it, and another passage's where that carries it beyond doubt and none that it cites may."""
        claim, begins = sentence.claim, sentence.start in {at for at, _ in self._leads}
        if claim.endswith((":", "：", "?", "？")) or _REFUSES.search(claim):
            return _with_markers(sentence.text, led if begins else ())
        if not begins:
            of_line = [] if sentence.numbers else [source for source in self._sources if source.number in led]
            for source in of_line:
                if may_carry(source, claim):
                    return _with_markers(sentence.text, [source.number])
            led = ()
        numbers = {*sentence.numbers, *led}
        cited = [source for source in self._sources if source.number in numbers]
        due = citation_due(claim, cited, self._sources)
        if due is None:
            return _with_markers(sentence.text, [number for number in led if number not in sentence.numbers])
        # What was not shown yet is exchanged; what stands in the middle of the sentence stays, for the check to mark.
        return _with_markers(_LAST_MARKERS.sub("", sentence.text), [due.number])


def _with_markers(text: str, numbers: Sequence[int]) -> str:
    markers = "".join(f"[{number}]" for number in numbers)
    return f"{text}{' ' if markers and text[-1:].isascii() else ''}{markers}"
