"""`kb bench`, `kb openapi`: for those who work on the platform or with it."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import orjson
import typer

from web.cli.instance import ROOT, instance_settings


def bench(
    name: Annotated[str, typer.Argument(help="A benchmark's name; list: what there is.")],
    quick: Annotated[bool, typer.Option("--quick", help="A sample that ends within 50 seconds.")] = False,
) -> None:
    """Measure the platform: one JSON line a figure on standard output."""
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "benchmarks", name, *(["--quick"] if quick else [])])


def openapi() -> None:
    """Print the OpenAPI description."""
    from web.app import create_app

    typer.echo(orjson.dumps(create_app(instance_settings()).openapi(), option=orjson.OPT_INDENT_2).decode())
