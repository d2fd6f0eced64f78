"""Who generates next: a bounded queue with fair shares, over the places of the endpoints of one model.

A place that becomes free goes to the user who has the fewest generations running; among equals, to the one who has
been given nothing for longest; within a user, in order. A full queue takes a newcomer who has nothing in it in the
place of the last of whoever has most in it.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Sequence

from inference.gateway.endpoint import Endpoint, EndpointState
from kb_platform.domain.errors import KnowledgeBaseError, ModelUnavailable, TooManyRequests

GUESSED_SECONDS = 20.0
"""Of a generation, to say when to try again."""


class Ticket:
    """A wish for a place. `tried`: endpoints that have failed it already."""

    def __init__(self, user_id: str, tried: frozenset[str], number: int) -> None:
        self.user_id = user_id
        self.tried = tried
        self.number = number
        self.position = 0
        self.endpoint: Endpoint | None = None
        self.refused: KnowledgeBaseError | None = None
        self.changed = asyncio.Event()


class FairQueue:
    """The endpoints of one model and who waits for them. Belongs to one event loop."""

    def __init__(self, most_waiting: int) -> None:
        self.endpoints: Sequence[Endpoint] = ()
        self._most_waiting = most_waiting
        self._waiting: list[Ticket] = []
        self._running: Counter[str] = Counter()
        self._last_served: dict[str, int] = {}
        self._count = 0

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def refuse_when_full(self, user_id: str) -> None:
        """Raise TooManyRequests when `enter` would."""
        if self._candidate(frozenset()) is None and len(self._waiting) >= self._most_waiting:
            self._greediest_beside(user_id)

    def enter(self, user_id: str, tried: frozenset[str] = frozenset()) -> Ticket:
        """Take a place or a ticket for one (`endpoint` is None until then). Raises TooManyRequests when the queue is
        full. Every ticket must `leave`."""
        self._count += 1
        ticket = Ticket(user_id, tried, self._count)
        if self._candidate(tried) is None and len(self._waiting) >= self._most_waiting:
            self._refuse(self._greediest_beside(user_id), self._full())
        self._waiting.append(ticket)
        self.serve()
        return ticket

    def leave(self, ticket: Ticket) -> None:
        """Give the place back, or stop waiting."""
        if ticket.endpoint is not None:
            ticket.endpoint.running -= 1
            self._running[ticket.user_id] -= 1
            if not self._running[ticket.user_id]:
                del self._running[ticket.user_id]
            ticket.endpoint = None
        elif ticket in self._waiting:
            self._waiting.remove(ticket)
        self.serve()

    def serve(self) -> None:
        """Give away what is free, and tell who waits where they stand now."""
        running = Counter(self._running)
        order: list[Ticket] = []
        left = list(self._waiting)
        while left:
            following = min(left, key=lambda t: (running[t.user_id], self._last_served.get(t.user_id, 0), t.number))
            left.remove(following)
            if not self.usable(following.tried):
                self._refuse(following, ModelUnavailable("This model was disconnected. Choose another one."))
                continue
            endpoint = self._candidate(following.tried)
            if endpoint is not None:
                self._give(following, endpoint)
            else:
                order.append(following)
            running[following.user_id] += 1
        for position, ticket in enumerate(order, start=1):
            if ticket.position != position:
                ticket.position = position
                ticket.changed.set()
        if not self._waiting and not self._running:
            self._last_served.clear()

    def _give(self, ticket: Ticket, endpoint: Endpoint) -> None:
        self._waiting.remove(ticket)
        endpoint.running += 1
        self._running[ticket.user_id] += 1
        self._count += 1
        self._last_served[ticket.user_id] = self._count
        ticket.endpoint = endpoint
        ticket.changed.set()

    def _refuse(self, ticket: Ticket, error: KnowledgeBaseError) -> None:
        self._waiting.remove(ticket)
        ticket.refused = error
        ticket.changed.set()

    def usable(self, tried: frozenset[str]) -> list[Endpoint]:
        """Return the endpoints that may be asked now: the untried ones of the lowest priority that are not down; those
        that are down only where nothing else is left, since they may have come back."""
        untried = [endpoint for endpoint in self.endpoints if endpoint.config.id not in tried]
        well = [endpoint for endpoint in untried if endpoint.state is not EndpointState.DOWN]
        if not well:
            return untried
        first = min(endpoint.config.priority for endpoint in well)
        return [endpoint for endpoint in well if endpoint.config.priority == first]

    def _candidate(self, tried: frozenset[str]) -> Endpoint | None:
        free = [endpoint for endpoint in self.usable(tried) if endpoint.has_place]
        return min(free, key=lambda e: (e.running / e.config.concurrency, e.config.priority), default=None)

    def _greediest_beside(self, user_id: str) -> Ticket:
        """Return the ticket that makes room for this user's. Raises TooManyRequests when none has to."""
        held = Counter(ticket.user_id for ticket in self._waiting)
        greedy, most = max(held.items(), key=lambda item: item[1], default=("", 0))
        if held[user_id] + 1 >= most:
            raise self._full()
        return next(ticket for ticket in reversed(self._waiting) if ticket.user_id == greedy)

    def _full(self) -> TooManyRequests:
        places = max(1, sum(endpoint.config.concurrency for endpoint in self.endpoints))
        wait = math.ceil(GUESSED_SECONDS * max(1, len(self._waiting)) / places)
        return TooManyRequests(f"The model has {len(self._waiting)} questions waiting. Try again in {wait} s.", wait)
