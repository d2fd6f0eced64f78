"""A real OpenID Connect provider, as a process of its own on loopback."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from benchmarks.served_app import wait_for
from web.cli.processes import free_port

START_SECONDS = 30


@contextmanager
def oidc_provider(*people: dict[str, Any]) -> Iterator[str]:
    """Run the provider, which knows these people by their claims (`sub` and more); yield its issuer."""
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    known = [argument for person in people for argument in ("--user-claims", json.dumps(person))]
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", "true", *known]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"{issuer}/.well-known/openid-configuration", START_SECONDS)
        yield issuer
    finally:
        process.terminate()
        process.wait(10)


def consent(authorization_url: str, subject: str) -> str:
    """Sign in at the provider as `subject`; return the address that it sends the browser to."""
    answer = httpx.post(authorization_url, data={"sub": subject}, trust_env=False)
    assert answer.status_code in (302, 303), answer.text
    return str(answer.headers["location"])
