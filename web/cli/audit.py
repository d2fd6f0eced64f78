"""`kb audit`: was the audit tampered with."""

from __future__ import annotations

from typing import Annotated

import typer
from pydantic import SecretStr

from kb_platform.audit import verify
from kb_platform.database.engine import open_database
from kb_platform.domain.errors import InvalidInput
from web.cli import embedded
from web.cli.client import Data
from web.cli.instance import data_folder, instance_settings

app = typer.Typer(help="The audit: who did what.", no_args_is_help=True)


@app.callback()
def audit() -> None:
    """The audit: who did what."""


@app.command("verify")
def verify_audit(
    data: Data = None,
    known: Annotated[
        str, typer.Option(help="NUMBER:HASH of an event as it was noted elsewhere, e.g. from an earlier run.")
    ] = "",
) -> None:
    """Check the audit's hash chain from end to end. Exit status 1, and the first broken event, where it was changed."""
    settings = instance_settings(data)
    secret = settings.security.secret_key
    if not embedded.given_by(settings).secret_key:
        secret = SecretStr(data_folder(data).secrets().secret_key)
    database = open_database(settings)
    try:
        found = verify(database, secret, _known(known))
    finally:
        database.close()
    if found.problem:
        where = f"First broken event: {found.broken}. " if found.broken else ""
        typer.echo(f"NOT INTACT. {where}{found.problem[:1].upper()}{found.problem[1:]}.", err=True)
        raise typer.Exit(1)
    typer.echo(f"Intact: {found.events} events, {found.first_number} to {found.last_number}.")
    typer.echo(f"Note elsewhere, to check against later (--known): {found.last_number}:{found.last_hash}")


def _known(text: str) -> tuple[int, str] | None:
    if not text:
        return None
    number, colon, digest = text.partition(":")
    if not colon or not number.isdecimal() or len(digest) != 64:
        raise InvalidInput("--known takes the number and the hash as `kb audit verify` printed them: NUMBER:HASH.")
    return int(number), digest
