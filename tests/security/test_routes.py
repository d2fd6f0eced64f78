"""Who may do what, for every route there is: a table, and the application asked by everybody it names."""

from __future__ import annotations

import pytest

from benchmarks.route_objects import World
from benchmarks.route_requests import HIDDEN, MCP_PATH, MCP_TOOLS
from benchmarks.route_table import Row, route_table
from benchmarks.routes import addresses, check_routes, undescribed_paths
from web.mcp_server import ACTIONS

ROWS = route_table()


def test_every_route_is_in_the_table(world: World) -> None:
    operations = {row.operation for row in ROWS}
    assert set(addresses(world.served.app)) == operations
    assert undescribed_paths(world.served.app) == {path for _, path in HIDDEN.values()} | {MCP_PATH}
    assert {f"mcp_{tool}" for tool in MCP_TOOLS} == set(ACTIONS)


def test_no_line_of_the_table_is_there_twice() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_everybody_may_do_what_the_table_says_and_nothing_else(world: World, row: Row) -> None:
    ((cells, wrong),) = check_routes(world, [row])
    assert cells > len(row.statuses)
    assert [str(one) for one in wrong] == []


def test_the_check_sees_who_is_let_in_or_kept_out_wrongly(world: World) -> None:
    (row,) = [row for row in ROWS if row.name == "get_document"]
    other = Row(row.operation, row.of, {**row.statuses, "reader": 404, "stranger": 200, "gone": 403})
    ((_, wrong),) = check_routes(world, [other])
    assert [one.caller for one in wrong] == ["gone"] * 4 + ["reader", "stranger"]
