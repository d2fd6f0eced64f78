"""Writes: Qdrant's JSON → the engine's update operations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import qdrant_edge as edge

from kb_platform.index.embedded.errors import BadRequest
from kb_platform.index.embedded.filters import read_filter
from kb_platform.index.embedded.queries import read_vector

Json = Mapping[str, Any]

_FIELD_TYPES: dict[str, tuple[Any, Any]] = {
    "keyword": (edge.PayloadSchemaType.Keyword, edge.KeywordIndexParams),
    "integer": (edge.PayloadSchemaType.Integer, edge.IntegerIndexParams),
    "float": (edge.PayloadSchemaType.Float, edge.FloatIndexParams),
    "bool": (edge.PayloadSchemaType.Bool, edge.BoolIndexParams),
    "datetime": (edge.PayloadSchemaType.Datetime, edge.DatetimeIndexParams),
    "uuid": (edge.PayloadSchemaType.Uuid, edge.UuidIndexParams),
    "text": (edge.PayloadSchemaType.Text, None),
}


def read_upsert(body: Json, sizes: Mapping[str, int]) -> edge.UpdateOperation:
    """Return the upsert. `sizes` gives each dense vector's dimension."""
    if body.get("batch") is not None:
        points = _batch_points(body["batch"], sizes)
    elif body.get("points") is not None:
        points = [_point(point, sizes) for point in body["points"]]
    else:
        raise BadRequest("an upsert needs points")
    return edge.UpdateOperation.upsert_points(points)


def read_delete(body: Json) -> edge.UpdateOperation:
    if body.get("points") is not None:
        return edge.UpdateOperation.delete_points(body["points"])
    return edge.UpdateOperation.delete_points_by_filter(_filter_of(body))


def read_set_payload(body: Json, overwrite: bool) -> edge.UpdateOperation:
    payload, key = body["payload"], body.get("key")
    operation = edge.UpdateOperation
    if body.get("points") is not None:
        by_id = operation.overwrite_payload if overwrite else operation.set_payload
        return by_id(body["points"], payload, key)
    by_filter = operation.overwrite_payload_by_filter if overwrite else operation.set_payload_by_filter
    return by_filter(_filter_of(body), payload, key)


def read_delete_payload(body: Json) -> edge.UpdateOperation:
    if body.get("points") is not None:
        return edge.UpdateOperation.delete_payload(body["points"], body["keys"])
    return edge.UpdateOperation.delete_payload_by_filter(_filter_of(body), body["keys"])


def read_clear_payload(body: Json) -> edge.UpdateOperation:
    if body.get("points") is not None:
        return edge.UpdateOperation.clear_payload(body["points"])
    return edge.UpdateOperation.clear_payload_by_filter(_filter_of(body))


def read_field_index(body: Json) -> edge.UpdateOperation:
    schema = body.get("field_schema")
    type_name = schema["type"] if isinstance(schema, Mapping) else schema
    if type_name not in _FIELD_TYPES:
        raise BadRequest(f"the embedded engine indexes no field as {type_name!r}")
    plain, params = _FIELD_TYPES[type_name]
    if isinstance(schema, Mapping) and params is not None:
        options = {name: value for name, value in schema.items() if name != "type" and value is not None}
        return edge.UpdateOperation.create_field_index(body["field_name"], params(**options))
    return edge.UpdateOperation.create_field_index(body["field_name"], plain)


def _filter_of(body: Json) -> edge.Filter:
    given = read_filter(body.get("filter"))
    if given is None:
        raise BadRequest("the request names neither points nor a filter")
    return given


def _point(body: Json, sizes: Mapping[str, int]) -> edge.Point:
    return edge.Point(id=body["id"], vector=_named_vectors(body["vector"], sizes), payload=body.get("payload"))


def _batch_points(batch: Json, sizes: Mapping[str, int]) -> list[edge.Point]:
    ids, vectors, payloads = batch["ids"], batch["vectors"], batch.get("payloads")
    if isinstance(vectors, Mapping):
        each = [{name: values[i] for name, values in vectors.items()} for i in range(len(ids))]
    else:
        each = vectors
    return [
        edge.Point(id=id_, vector=_named_vectors(each[i], sizes), payload=payloads[i] if payloads else None)
        for i, id_ in enumerate(ids)
    ]


def _named_vectors(body: Any, sizes: Mapping[str, int]) -> dict[str, Any]:
    named = body if isinstance(body, Mapping) else {"": body}
    for name, vector in named.items():
        # Checked before the engine writes the operation to its log, where a wrong one would stay.
        if name in sizes and len(vector) != sizes[name]:
            raise BadRequest(f"Wrong input: Vector dimension error: expected dim: {sizes[name]}, got {len(vector)}")
    return {name: read_vector(vector) for name, vector in named.items()}


def read_delete_field_index(field: str) -> edge.UpdateOperation:
    return edge.UpdateOperation.delete_field_index(field)
