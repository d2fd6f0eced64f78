"""The HTTP client of the `kb` command: which server, which credential, errors in words, server-sent events."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import httpx
import typer

from kb_platform.domain.errors import KnowledgeBaseError, NotAuthenticated
from web.cli.instance import Folder, data_folder, write_private

Url = Annotated[
    str | None,
    typer.Option("--url", envvar="KB_URL", help="Address of the platform (default: the instance of this machine)."),
]


Data = Annotated[Path | None, typer.Option("--data", help="Folder of everything that is kept (default: ./data).")]


MOST_WAITS = 5
MOST_WAIT_SECONDS = 60


class ServerRefused(KnowledgeBaseError):
    """The server answered with an error; the message is the server's."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A kept sign-in."""

    url: str
    token: str
    expires_at: str


@dataclass(frozen=True, slots=True)
class LocalKey:
    """The key that `kb up` leaves in the data folder for the user of this machine."""

    folder: Folder

    def read(self) -> str:
        try:
            return self.folder.key_file.read_text()
        except OSError as error:
            raise NotAuthenticated(f"{self.folder.key_file} cannot be read. `kb sign-in` is the other way.") from error


def connect(url: str | None, data: Path | None) -> httpx.Client:
    """Return a client that is signed in: to `url`, else to the instance with the data folder, else to where one signed
    in last.

    The credential is KB_TOKEN where set, else the kept sign-in for that address, else this machine's key.
    Raises NotAuthenticated, saying what to do.
    """
    folder = data_folder(data)
    local = folder.running()
    kept = kept_sign_in()
    given = os.environ.get("KB_TOKEN")
    address = (url or (local.url if local else "") or (kept.url if kept else "")).rstrip("/")
    if not address:
        raise NotAuthenticated("No platform runs here (`./kb up`), and there is no sign-in elsewhere (`kb sign-in`).")
    if given:
        return open_client(address, given)
    if kept and kept.url == address:
        return open_client(address, kept.token)
    if local and local.url == address:
        return open_client(address, LocalKey(folder))
    raise NotAuthenticated(f"Sign in first: kb sign-in --url {address}")


def open_client(url: str, credential: str | LocalKey | None) -> httpx.Client:
    """Return a client for the server, with a session token, an API key or this machine's key."""
    token = credential.read() if isinstance(credential, LocalKey) else credential
    return httpx.Client(
        base_url=url,
        headers={"Authorization": f"Bearer {token}"} if token else {},
        timeout=httpx.Timeout(30, read=300),
        trust_env=not _is_loopback(url),  # a proxy is no way to this machine
    )


def call(client: httpx.Client, method: str, path: str, **arguments: Any) -> Any:
    """Return the JSON answer of a request; waits where the server wants fewer requests. Raises ServerRefused,
    NotAuthenticated."""
    for patience in range(MOST_WAITS, -1, -1):
        try:
            response = client.request(method, f"/api/v1{path}", **arguments)
        except httpx.HTTPError as error:
            raise ServerRefused(f"{client.base_url} does not answer: {error}") from error
        wait = int(response.headers.get("retry-after", "1"))
        if response.status_code != 429 or wait > MOST_WAIT_SECONDS or not patience:
            break
        time.sleep(wait)
    check(response)
    try:
        return response.json() if response.content else None
    except ValueError as error:
        raise ServerRefused(f"{client.base_url} answers, but it is not this platform.") from error


def check(response: httpx.Response) -> None:
    """Raise the server's error in its own words, if it is one. The body has been read."""
    if response.is_success:
        return
    try:
        message = response.json()["error"]["message"]
    except (ValueError, KeyError, TypeError):
        message = f"The server answered {response.status_code}."
    raise (NotAuthenticated if response.status_code == 401 else ServerRefused)(message)


def events(response: httpx.Response) -> Iterator[tuple[str, Any]]:
    """Yield (name, data) of each server-sent event as it comes. Raises as `check` does."""
    if not response.is_success:
        response.read()
        check(response)
    name, data = "message", []
    for line in response.iter_lines():
        field, _colon, value = line.partition(":")
        if field == "event":
            name = value.strip()
        elif field == "data":
            data.append(value.removeprefix(" "))
        elif not line:
            if data:
                yield name, json.loads("\n".join(data))
            name, data = "message", []


def find_or_make_base(client: httpx.Client, name: str, make: bool) -> str:
    """Return the id of the knowledge base of that name. Raises ServerRefused when there is none and none is made."""
    for base in call(client, "GET", "/knowledge-bases")["knowledge_bases"]:
        if base["name"] == name:
            return str(base["id"])
    if not make:
        raise ServerRefused(f"There is no knowledge base named “{name}”.")
    return str(call(client, "POST", "/knowledge-bases", json={"name": name})["id"])


def kept_sign_in() -> SignedIn | None:
    try:
        return SignedIn(**json.loads(_session_file().read_text()))
    except (OSError, ValueError, TypeError):
        return None


def keep_sign_in(sign_in: SignedIn) -> Path:
    """Keep the sign-in for later commands, readable by its owner only. Returns the file."""
    path = _session_file()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(path, json.dumps(asdict(sign_in)))
    return path


def _session_file() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(base).expanduser() / "kb" / "session.json"


def _is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
