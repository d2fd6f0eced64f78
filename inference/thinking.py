"""Telling reasoning from answer in a model's text, while it streams.

Servers with a reasoning parser send reasoning in a field of its own. Others leave `<think>…</think>` in the text, or
only `</think>` where the chat template already opened the tag.
"""

from __future__ import annotations

from dataclasses import dataclass

OPENING = "<think>"
CLOSING = "</think>"


@dataclass(frozen=True, slots=True)
class ReasoningText:
    """The next characters of the model's reasoning."""

    text: str


@dataclass(frozen=True, slots=True)
class AnswerText:
    """The next characters of the model's answer."""

    text: str


class ThinkTagSplitter:
    """Splits streamed text at think tags, also where a tag is cut by the end of a delta.

    `starts_open`: the chat template ends with `<think>`, so the text begins as reasoning.
    """

    def __init__(self, starts_open: bool) -> None:
        self._reasoning = starts_open
        self._pending = ""
        self._seen_text = False
        self.closed = not starts_open
        """False while a block of reasoning is open."""

    def feed(self, text: str) -> list[ReasoningText | AnswerText]:
        """Take the next characters and return what is certain by now."""
        self._pending += text
        deltas: list[ReasoningText | AnswerText] = []
        while self._pending:
            if not self._reasoning and not self._seen_text:
                self._pending = self._pending.lstrip()
            # A tag that opens in the middle of an answer is the answer's own text (a question about HTML, say).
            tag = CLOSING if self._reasoning else ("" if self._seen_text else OPENING)
            if not tag:
                deltas.append(AnswerText(self._pending))
                self._pending = ""
                break
            at = self._pending.find(tag)
            if at >= 0 and (self._reasoning or at == 0):
                if at:
                    deltas.append(ReasoningText(self._pending[:at]))
                self._pending = self._pending[at + len(tag) :]
                self._reasoning = not self._reasoning
                self.closed = not self._reasoning
                continue
            kept = _length_of_tag_start(self._pending, tag)
            if not self._reasoning and kept != len(self._pending):
                self._seen_text = True
                continue
            if certain := self._pending[: len(self._pending) - kept]:
                deltas.append(ReasoningText(certain))
            self._pending = self._pending[len(self._pending) - kept :]
            break
        return deltas

    def finish(self) -> list[ReasoningText | AnswerText]:
        """Return what was held back because a tag might have begun there."""
        rest, self._pending = self._pending, ""
        if not rest:
            return []
        return [ReasoningText(rest) if self._reasoning else AnswerText(rest)]


def _length_of_tag_start(text: str, tag: str) -> int:
    """Return how many of the last characters of `text` are the start of `tag`."""
    for length in range(min(len(tag) - 1, len(text)), 0, -1):
        if tag.startswith(text[-length:]):
            return length
    return 0


def without_reasoning(text: str) -> str:
    """Return a finished text without its reasoning."""
    if CLOSING in text:
        return text.rsplit(CLOSING, 1)[1].strip()
    return "" if text.lstrip().startswith(OPENING) else text.strip()
