"""The citation checks of one answer, running in threads while the model writes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from inference.citations import AnswerSentence
from kb_platform.domain.answer import Citation

Check = Callable[[AnswerSentence], list[Citation]]


class RunningChecks:
    """Starts a check for each sentence that cites; gives the results in the sentences' order."""

    def __init__(self, check: Check) -> None:
        self._check = check
        self._running: list[asyncio.Task[list[Citation]]] = []
        self.done: tuple[Citation, ...] = ()

    def start(self, sentences: Sequence[AnswerSentence]) -> None:
        for sentence in sentences:
            if sentence.numbers:
                self._running.append(asyncio.create_task(asyncio.to_thread(self._check, sentence)))

    def finished(self) -> list[Citation]:
        """Return the citations whose checks have ended, as far as none before them still runs."""
        citations: list[Citation] = []
        while self._running and self._running[0].done():
            citations.extend(self._running.pop(0).result())
        self.done += tuple(citations)
        return citations

    async def rest(self) -> AsyncIterator[Citation]:
        while self._running:
            await asyncio.wait([self._running[0]])
            for citation in self.finished():
                yield citation

    def cancel(self) -> None:
        for task in self._running:
            task.cancel()
