"""A platform with two departments, for the tests that ask who gets at what."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.house import PASSWORD, build_house
from benchmarks.route_objects import World, build_world
from benchmarks.served_app import ServedApp, app_settings, serving
from kb_platform.database.migrate import upgrade


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, index_url: str) -> Iterator[ServedApp]:
    settings = app_settings(tmp_path_factory.mktemp("house") / "data", index_url, PASSWORD, "house")
    upgrade(settings)
    with serving(settings) as made:
        yield made


@pytest.fixture(scope="session")
def world(served: ServedApp) -> World:
    return build_world(served, build_house(served.services.database))
