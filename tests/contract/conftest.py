"""The vector engines that must behave alike: the embedded engine's process, qdrant-client's own in-memory stand-in, and
a real server where its address is given."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator

import pytest
from qdrant_client import QdrantClient


@pytest.fixture(params=["embedded", "in_memory", "server"])
def engine(request: pytest.FixtureRequest) -> Iterator[QdrantClient]:
    if request.param == "in_memory":
        client = QdrantClient(":memory:")
    elif request.param == "server":
        if not os.environ.get("KB_TEST_QDRANT_URL"):
            pytest.skip("no Qdrant server to test against: give its address as KB_TEST_QDRANT_URL")
        client = QdrantClient(url=os.environ["KB_TEST_QDRANT_URL"])
    else:
        client = QdrantClient(url=request.getfixturevalue("index_url"))
    yield client
    client.close()


@pytest.fixture
def name(engine: QdrantClient) -> Iterator[str]:
    """The name of a collection that the test may make; removed afterwards."""
    made = f"contract-{uuid.uuid4()}"
    yield made
    engine.delete_collection(made)
