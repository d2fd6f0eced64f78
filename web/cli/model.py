"""`kb model`: the model that answers."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from web.cli.client import Data, Url, call, connect

app = typer.Typer(help="The model that answers.", no_args_is_help=True)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def serve(context: typer.Context) -> None:
    """Serve a model with vLLM: MODEL [vLLM's own arguments …]."""
    os.execv(sys.executable, [sys.executable, "-P", "-m", "inference.serving", *context.args])


@app.command("connect")
def connect_model(
    endpoint: Annotated[str, typer.Argument(metavar="URL", help="OpenAI-compatible address, with /v1.")],
    api_key: Annotated[str, typer.Option(envvar="KB_MODEL_KEY", help="Its key, if it wants one.")] = "",
    model: Annotated[str, typer.Option(help="Model's name there; default: the first that is listed.")] = "",
    url: Url = None,
    data: Data = None,
) -> None:
    """Connect an OpenAI-compatible endpoint: it answers from now on."""
    with connect(url, data) as client:
        body = {"base_url": endpoint, "api_key": api_key, "model": model}
        made = call(client, "POST", "/model-endpoints", json=body)
    window = f", context window {made['context_window']} tokens" if made["context_window"] else ""
    typer.echo(f"{made['model']} answers now{window}.")
