"""Filters: Qdrant's JSON → the engine's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import qdrant_edge as edge

from kb_platform.index.embedded.errors import BadRequest

Json = Mapping[str, Any]


def read_filter(body: Json | None) -> edge.Filter | None:
    """Return the engine's filter, None for none. Raises BadRequest on a clause or condition that is not known:
    one that was overlooked would let points through."""
    if body is None:
        return None
    unknown = body.keys() - {"must", "should", "must_not", "min_should"}
    if unknown:
        raise BadRequest(f"unknown filter clause {sorted(unknown)}")
    min_should = body.get("min_should")
    return edge.Filter(
        must=_conditions(body.get("must")),
        should=_conditions(body.get("should")),
        must_not=_conditions(body.get("must_not")),
        min_should=edge.MinShould(_conditions(min_should["conditions"]) or [], min_should["min_count"])
        if min_should
        else None,
    )


def _conditions(body: list[Json] | Json | None) -> list[Any] | None:
    if body is None:
        return None
    return [_condition(condition) for condition in (body if isinstance(body, list) else [body])]


def _condition(body: Json) -> Any:
    if "key" in body:
        return _field_condition(body)
    if body.keys() & {"must", "should", "must_not", "min_should"}:
        return read_filter(body)
    for name, read in _CONDITIONS.items():
        if name in body:
            return read(body[name])
    raise BadRequest(f"the embedded engine knows no filter condition with {sorted(body)}")


def _field_condition(body: Json) -> edge.FieldCondition:
    unknown = body.keys() - {"key", "match", "range", "is_empty", "is_null", "values_count"}
    given = {name for name, value in body.items() if value is not None} - {"key"}
    if unknown & given:
        raise BadRequest(f"unknown parts of a field condition: {sorted(unknown)}")
    if not given:
        raise BadRequest(f"the condition on {body['key']!r} says nothing")
    match, range_, count = body.get("match"), body.get("range"), body.get("values_count")
    return edge.FieldCondition(
        body["key"],
        match=_match(match) if match is not None else None,
        range=_range(range_) if range_ is not None else None,
        values_count=edge.ValuesCount(**count) if count is not None else None,
        is_empty=body.get("is_empty"),
        is_null=body.get("is_null"),
    )


def _match(body: Json) -> Any:
    for name, read in _MATCHES.items():
        if name in body:
            return read(body[name])
    raise BadRequest(f"the embedded engine knows no match by {sorted(body)}")


def _engine_value(value: Any) -> Any:
    # The binding takes Python's own True for the number 1, which matches no boolean; NumPy's it takes for a boolean.
    return np.bool_(value) if isinstance(value, bool) else value


def _range(body: Json) -> Any:
    bounds = {name: value for name, value in body.items() if value is not None}
    of_dates = any(isinstance(value, str) for value in bounds.values())
    return edge.RangeDateTime(**bounds) if of_dates else edge.RangeFloat(**bounds)


_MATCHES: dict[str, Callable[[Any], Any]] = {
    "value": lambda value: edge.MatchValue(_engine_value(value)),
    "any": edge.MatchAny,
    "except": edge.MatchExcept,
    "text": edge.MatchText,
    "text_any": edge.MatchTextAny,
    "phrase": edge.MatchPhrase,
}

_CONDITIONS: dict[str, Callable[[Any], Any]] = {
    "has_id": lambda ids: edge.HasIdCondition(set(ids)),
    "is_empty": lambda body: edge.IsEmptyCondition(body["key"]),
    "is_null": lambda body: edge.IsNullCondition(body["key"]),
    "has_vector": edge.HasVectorCondition,
    "nested": lambda body: edge.NestedCondition(body["key"], read_filter(body["filter"]) or edge.Filter()),
}
