"""`python -m web`: the HTTP server on the address of the settings."""

from __future__ import annotations

import logging

import uvicorn

from kb_platform.settings import load_settings
from web.app import create_app

GRACEFUL_SECONDS = 3


def main() -> None:
    settings = load_settings()
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s")
    uvicorn.run(
        create_app(settings),
        host=settings.server.host,
        port=settings.server.port,
        log_level=settings.log_level.lower(),
        server_header=False,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
    )


if __name__ == "__main__":
    main()
