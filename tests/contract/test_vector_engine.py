"""What the platform and llama-index need of a vector engine, promised by each of them through qdrant-client."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import pytest
from qdrant_client import QdrantClient, models

AXES = {"east": [1.0, 0.0, 0.0, 0.0], "north": [0.0, 1.0, 0.0, 0.0], "north_east": [0.7, 0.7, 0.0, 0.0]}
IDS = {place: str(uuid.uuid5(uuid.NAMESPACE_URL, place)) for place in AXES}
TERMS = {"east": ([1, 2], [1.0, 1.0]), "north": ([2, 3], [1.0, 1.0]), "north_east": ([2], [2.0])}


def make(engine: QdrantClient, name: str) -> None:
    engine.create_collection(
        name,
        vectors_config={"dense": models.VectorParams(size=4, distance=models.Distance.COSINE)},
        sparse_vectors_config={"sparse": models.SparseVectorParams(modifier=models.Modifier.IDF)},
    )
    engine.create_payload_index(name, "kb", models.KeywordIndexParams(type="keyword", is_tenant=True), wait=True)
    engine.create_payload_index(name, "published", models.PayloadSchemaType.BOOL, wait=True)


def fill(engine: QdrantClient, name: str) -> None:
    make(engine, name)
    engine.upsert(
        name,
        [
            models.PointStruct(
                id=IDS[place],
                vector={"dense": AXES[place], "sparse": models.SparseVector(indices=indices, values=values)},
                payload={"place": place, "kb": "b" if place == "north" else "a", "published": True, "number": number},
            )
            for number, (place, (indices, values)) in enumerate(TERMS.items())
        ],
        wait=True,
    )


def places(points: Sequence[models.ScoredPoint | models.Record]) -> list[str]:
    return [point.payload["place"] for point in points if point.payload]


def match(key: str, **how: object) -> models.FieldCondition:
    kinds = {"value": models.MatchValue, "any": models.MatchAny, "except_": models.MatchExcept}
    ((kind, value),) = how.items()
    argument = {"except": value} if kind == "except_" else {kind: value}
    return models.FieldCondition(key=key, match=kinds[kind](**argument))


def found(engine: QdrantClient, name: str, which: models.Filter) -> set[str]:
    points, _ = engine.scroll(name, scroll_filter=which, limit=10)
    return set(places(points))


def test_a_collection_exists_once_made_and_no_more_once_deleted(engine: QdrantClient, name: str) -> None:
    assert not engine.collection_exists(name)
    make(engine, name)
    assert engine.collection_exists(name)
    assert name in [collection.name for collection in engine.get_collections().collections]
    engine.delete_collection(name)
    assert not engine.collection_exists(name)


def test_a_collection_is_not_made_twice(engine: QdrantClient, name: str) -> None:
    make(engine, name)
    with pytest.raises(Exception, match="already exists"):
        make(engine, name)


def test_a_collection_tells_its_vectors(engine: QdrantClient, name: str) -> None:
    fill(engine, name)
    info = engine.get_collection(name)
    vectors, sparse = info.config.params.vectors, info.config.params.sparse_vectors
    assert isinstance(vectors, dict)
    assert sparse is not None
    assert (vectors["dense"].size, vectors["dense"].distance) == (4, models.Distance.COSINE)
    assert sparse["sparse"].modifier == models.Modifier.IDF
    assert info.points_count == 3


def test_an_alias_moves_to_another_collection_in_one_step(engine: QdrantClient, name: str) -> None:
    fill(engine, name)
    alias, other = f"{name}-alias", f"{name}-other"
    make(engine, other)
    try:
        point_to = models.CreateAliasOperation(create_alias=models.CreateAlias(collection_name=other, alias_name=alias))
        engine.update_collection_aliases([point_to])
        assert engine.count(alias).count == 0
        forget = models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=alias))
        point_to.create_alias.collection_name = name
        engine.update_collection_aliases([forget, point_to])
        assert engine.count(alias).count == 3
        assert [(a.alias_name, a.collection_name) for a in engine.get_collection_aliases(name).aliases] == [
            (alias, name)
        ]
    finally:
        engine.delete_collection(other)


def test_nearest_first_with_cosine_scores(engine: QdrantClient, name: str) -> None:
    fill(engine, name)
    points = engine.query_points(name, query=AXES["east"], using="dense", limit=3).points
    assert places(points) == ["east", "north_east", "north"]
    assert [point.score for point in points] == pytest.approx([1.0, 0.7071, 0.0], abs=1e-3)


def test_rare_terms_weigh_more(engine: QdrantClient, name: str) -> None:
    fill(engine, name)
    query = models.SparseVector(indices=[1, 2], values=[1.0, 1.0])
    points = engine.query_points(name, query=query, using="sparse", limit=3).points
    assert places(points)[0] == "east"  # has the rare term 1; "north_east" has the common term 2 twice
    assert points[0].score > points[1].score > 0


def test_a_point_is_found_by_another_and_not_by_itself(engine: QdrantClient, name: str) -> None:
    fill(engine, name)
    points = engine.query_points(name, query=IDS["east"], using="dense", limit=3).points
    assert places(points) == ["north_east", "north"]


def test_a_batch_answers_each_query_in_its_place(engine: QdrantClient, name: str) -> None:
    fill(engine, name)
    only_b = models.Filter(must=[match("kb", any=["b"])])
    requests = [
        models.QueryRequest(query=AXES["east"], using="dense", limit=1, with_payload=True),
        models.QueryRequest(query=AXES["east"], using="dense", limit=3, with_payload=True, filter=only_b),
        models.QueryRequest(
            query=models.SparseVector(indices=[3], values=[1.0]), using="sparse", limit=3, with_payload=True
        ),
    ]
    answers = engine.query_batch_points(name, requests)
    assert [places(answer.points) for answer in answers] == [["east"], ["north"], ["north"]]


def test_what_is_hidden_is_no_candidate_of_either_search(engine: QdrantClient, name: str) -> None:
    fill(engine, name)
    but_one = models.Filter(must=[match("kb", any=["a", "b"])], must_not=[match("place", any=["north_east"])])
    terms = models.SparseVector(indices=[1, 2, 3], values=[1.0, 1.0, 1.0])
    requests = [
        models.QueryRequest(query=AXES["north_east"], using="dense", limit=3, with_payload=True, filter=but_one),
        models.QueryRequest(query=terms, using="sparse", limit=3, with_payload=True, filter=but_one),
    ]
    for answer in engine.query_batch_points(name, requests):
        assert set(places(answer.points)) == {"east", "north"}


def test_what_one_search_found_is_scored_by_the_other(engine: QdrantClient, name: str) -> None:
    fill(engine, name)
    by_terms = models.Prefetch(
        query=models.SparseVector(indices=[3], values=[1.0]), using="sparse", limit=5, filter=None
    )
    points = engine.query_points(name, prefetch=[by_terms], query=AXES["east"], using="dense", limit=5).points
    assert places(points) == ["north"]
    assert points[0].score == pytest.approx(0.0, abs=1e-6)


def test_ranks_are_fused(engine: QdrantClient, name: str) -> None:
    fill(engine, name)
    prefetch = [
        models.Prefetch(query=AXES["north"], using="dense", limit=3),
        models.Prefetch(query=models.SparseVector(indices=[3], values=[1.0]), using="sparse", limit=3),
    ]
    fusion = models.FusionQuery(fusion=models.Fusion.RRF)
    assert places(engine.query_points(name, prefetch=prefetch, query=fusion, limit=3).points)[0] == "north"


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        (models.Filter(must=[match("kb", value="a")]), {"east", "north_east"}),
        (models.Filter(must=[match("kb", any=["a", "c"]), match("published", value=True)]), {"east", "north_east"}),
        (models.Filter(must=[match("kb", any=["c"])]), set()),
        (models.Filter(must=[match("published", value=False)]), set()),
        (models.Filter(must_not=[match("kb", value="a")]), {"north"}),
        (models.Filter(must=[match("kb", any=["a"])], must_not=[match("place", any=["east", "west"])]), {"north_east"}),
        (models.Filter(must=[match("kb", except_=["a"])]), {"north"}),
        (models.Filter(should=[match("place", value="east"), match("kb", value="b")]), {"east", "north"}),
        (models.Filter(must=[models.HasIdCondition(has_id=[IDS["east"]])]), {"east"}),
        (models.Filter(must=[models.FieldCondition(key="number", range=models.Range(gte=1, lt=2))]), {"north"}),
        (models.Filter(must=[models.IsEmptyCondition(is_empty=models.PayloadField(key="place"))]), set()),
        (
            models.Filter(
                must=[
                    match("published", value=True),
                    models.Filter(
                        should=[match("place", value="north"), models.Filter(must_not=[match("kb", value="b")])]
                    ),
                ],
                must_not=[match("place", value="north_east")],
            ),
            {"east", "north"},
        ),
    ],
)
def test_a_filter_lets_through_exactly_what_it_says(
    engine: QdrantClient, name: str, which: models.Filter, expected: set[str]
) -> None:
    fill(engine, name)
    assert found(engine, name, which) == expected
    assert engine.count(name, count_filter=which).count == len(expected)
    dense = engine.query_points(name, query=AXES["east"], using="dense", limit=10, query_filter=which)
    assert set(places(dense.points)) == expected


def test_an_upsert_replaces_the_point(engine: QdrantClient, name: str) -> None:
    fill(engine, name)
    engine.upsert(
        name,
        [models.PointStruct(id=IDS["east"], vector={"dense": AXES["north"]}, payload={"place": "moved"})],
        wait=True,
    )
    (record,) = engine.retrieve(name, [IDS["east"]], with_vectors=["dense"])
    assert record.payload == {"place": "moved"}
    assert record.vector == {"dense": pytest.approx(AXES["north"])}
    assert engine.count(name).count == 3


def test_a_payload_field_is_set_by_filter_and_the_others_stay(engine: QdrantClient, name: str) -> None:
    fill(engine, name)
    engine.set_payload(name, {"published": False}, points=models.Filter(must=[match("kb", value="a")]), wait=True)
    assert found(engine, name, models.Filter(must=[match("published", value=True)])) == {"north"}
    (record,) = engine.retrieve(name, [IDS["east"]])
    assert record.payload == {"place": "east", "kb": "a", "published": False, "number": 0}


def test_points_are_deleted_by_id_and_by_filter(engine: QdrantClient, name: str) -> None:
    fill(engine, name)
    engine.delete(name, points_selector=models.PointIdsList(points=[IDS["east"]]), wait=True)
    assert engine.count(name).count == 2
    which = models.Filter(must=[match("kb", value="b")])
    engine.delete(name, points_selector=models.FilterSelector(filter=which), wait=True)
    assert places(engine.scroll(name)[0]) == ["north_east"]


def test_scrolling_in_pages_meets_each_point_once(engine: QdrantClient, name: str) -> None:
    fill(engine, name)
    seen: list[str] = []
    offset = None
    while True:
        points, offset = engine.scroll(name, limit=2, offset=offset, with_payload=["place"])
        seen += places(points)
        if offset is None:
            break
    assert sorted(seen) == sorted(AXES)


def test_a_vector_of_another_dimension_is_refused(engine: QdrantClient, name: str) -> None:
    fill(engine, name)
    wrong = models.PointStruct(id=1, vector={"dense": [1.0, 2.0]}, payload={})
    with pytest.raises(Exception, match=r"(?i)dim|shape|broadcast"):
        engine.upsert(name, [wrong], wait=True)
    assert engine.count(name).count == 3


def test_an_unknown_collection_is_an_error(engine: QdrantClient) -> None:
    with pytest.raises(Exception, match=r"not found|Not found|doesn't exist"):
        engine.count("there-is-none")
