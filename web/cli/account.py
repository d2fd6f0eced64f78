"""`kb sign-in`: a sign-in that later commands use."""

from __future__ import annotations

from typing import Annotated

import typer

from kb_platform.domain.errors import NotFound
from web.cli.client import Data, SignedIn, Url, call, keep_sign_in, open_client
from web.cli.instance import data_folder


def sign_in(
    email: Annotated[str, typer.Option(prompt="E-mail address", help="Sign-in name.")],
    password: Annotated[
        str, typer.Option(prompt=True, hide_input=True, envvar="KB_PASSWORD", help="Asked for when not given.")
    ],
    url: Url = None,
    data: Data = None,
) -> None:
    """Sign in and keep the token (in ~/.config/kb, for its owner only)."""
    local = data_folder(data).running()
    address = (url or (local.url if local else "")).rstrip("/")
    if not address:
        raise NotFound("No platform runs on this machine: give its address with --url.")
    with open_client(address, None) as client:
        session = call(client, "POST", "/sessions", json={"email": email, "password": password})
    path = keep_sign_in(SignedIn(address, session["token"], session["expires_at"]))
    typer.echo(f"Signed in as {session['user']['email']} until {session['expires_at'][:16]}; kept in {path}.")
