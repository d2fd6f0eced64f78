"""Places and turns: who generates next."""

from __future__ import annotations

import pytest

from inference.gateway.endpoint import Endpoint, EndpointConfig
from inference.gateway.queue import FairQueue, Ticket
from kb_platform.domain.errors import ModelUnavailable, TooManyRequests


def endpoint(id_: str = "a", concurrency: int = 1, priority: int = 0) -> Endpoint:
    return Endpoint(EndpointConfig(id_, "m", "http://127.0.0.1:9/v1", "", "m", 4096, concurrency, priority))


def queue(*endpoints: Endpoint, most_waiting: int = 10) -> FairQueue:
    made = FairQueue(most_waiting)
    made.endpoints = endpoints or (endpoint(),)
    return made


def place_of(ticket: Ticket) -> str | None:
    return ticket.endpoint.config.id if ticket.endpoint else None


def test_a_free_place_is_given_at_once_and_the_next_waits_for_it() -> None:
    places = queue()
    first, second = places.enter("ann"), places.enter("bob")
    assert (place_of(first), place_of(second), second.position) == ("a", None, 1)
    places.leave(first)
    assert place_of(second) == "a"


def test_who_asks_much_does_not_keep_others_waiting() -> None:
    places = queue()
    running = places.enter("greedy")
    greedy = [places.enter("greedy") for _ in range(5)]
    modest = places.enter("modest")
    assert modest.position == 1
    assert [ticket.position for ticket in greedy] == [2, 3, 4, 5, 6]
    places.leave(running)
    assert place_of(modest) == "a"


def test_users_of_equal_standing_take_turns() -> None:
    places = queue()
    running = places.enter("ann")
    waiting = {f"{user}{n}": places.enter(user) for n in (1, 2, 3) for user in ("ann", "bob")}
    served = []
    for _ in range(6):
        places.leave(running)
        name, running = next((name, ticket) for name, ticket in waiting.items() if ticket.endpoint)
        served.append(waiting.pop(name) and name)
    assert served == ["bob1", "ann1", "bob2", "ann2", "bob3", "ann3"]


def test_positions_move_up_when_somebody_gives_up() -> None:
    places = queue()
    places.enter("ann")
    second, third = places.enter("bob"), places.enter("eve")
    assert third.position == 2
    third.changed.clear()
    places.leave(second)
    assert third.position == 1
    assert third.changed.is_set()


def test_a_full_queue_refuses_and_says_when_to_try_again() -> None:
    places = queue(most_waiting=2)
    for _ in range(3):
        places.enter("ann")
    with pytest.raises(TooManyRequests) as refused:
        places.enter("ann")
    assert refused.value.retry_after_seconds > 0
    with pytest.raises(TooManyRequests):
        places.refuse_when_full("ann")


def test_a_newcomer_takes_the_last_place_of_whoever_has_most_in_a_full_queue() -> None:
    places = queue(most_waiting=2)
    places.enter("ann")
    _, last = places.enter("ann"), places.enter("ann")
    places.refuse_when_full("bob")
    newcomer = places.enter("bob")
    assert isinstance(last.refused, TooManyRequests)
    assert newcomer.position == 1
    with pytest.raises(TooManyRequests):
        places.enter("eve")


def test_equal_endpoints_share_and_a_stand_in_waits_until_it_is_needed() -> None:
    left, right, paid = endpoint("left", 2), endpoint("right", 2), endpoint("paid", 2, priority=1)
    places = queue(left, right, paid)
    assert sorted(str(place_of(places.enter(user))) for user in "abcd") == ["left", "left", "right", "right"]
    fifth = places.enter("e")
    assert place_of(fifth) is None
    for down in (left, right):
        down.has_failed(ModelUnavailable("gone"))
    places.serve()
    assert place_of(fifth) == "paid"


def test_an_endpoint_that_is_down_is_asked_only_when_nothing_else_is_left() -> None:
    down, well = endpoint("down"), endpoint("well")
    down.has_failed(ModelUnavailable("gone"))
    places = queue(down, well)
    assert place_of(places.enter("ann")) == "well"
    assert place_of(places.enter("ann")) is None
    assert place_of(places.enter("ann", tried=frozenset({"well"}))) == "down"


def test_who_waits_for_a_model_that_is_disconnected_is_told() -> None:
    places = queue()
    places.enter("ann")
    waiting = places.enter("bob")
    places.endpoints = ()
    places.serve()
    assert isinstance(waiting.refused, ModelUnavailable)
