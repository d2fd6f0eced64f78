"""The `kb` command."""

from __future__ import annotations

import sys

import typer

from kb_platform.domain.errors import KnowledgeBaseError
from kb_platform.version import VERSION
from web.cli import account, ask, audit, checks, developing, directory, evaluate, index, model, up, upload

app = typer.Typer(
    help="Self-hosted knowledge bases with checked citations.", no_args_is_help=True, pretty_exceptions_enable=False
)
app.command()(up.up)
app.command()(up.down)
app.command()(up.status)
app.command()(up.logs)
app.command()(upload.upload)
app.command()(ask.ask)
app.command("sign-in")(account.sign_in)
app.command()(directory.directory)
app.add_typer(model.app, name="model")
app.add_typer(evaluate.app, name="eval")
app.add_typer(index.app, name="index")
app.add_typer(audit.app, name="audit")
app.command()(developing.bench)
app.command()(developing.openapi)
app.command("test", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(checks.run_checks)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(VERSION)


def main() -> None:
    """Run a command; an error of the platform is one sentence and exit status 1."""
    try:
        app()
    except KnowledgeBaseError as error:
        typer.echo(error.message, err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
