"""`python -m web`: the HTTP server on the address of the settings."""

from __future__ import annotations

import sys

import uvicorn

from kb_platform.redaction import start_logging
from kb_platform.settings import load_settings
from web.app import create_app

GRACEFUL_SECONDS = 3
SWITCH_SECONDS = 0.0005


def main() -> None:
    settings = load_settings()
    settings.require_own_secrets()
    # The loop has to take its turn among threads that count and search: five milliseconds each time are too long.
    sys.setswitchinterval(SWITCH_SECONDS)
    start_logging(settings, "%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s")
    uvicorn.run(
        create_app(settings),
        host=settings.server.host,
        port=settings.server.port,
        log_level=settings.log_level.lower(),
        log_config=None,  # its loggers speak through ours, which hide secrets
        forwarded_allow_ips=settings.server.trusted_proxies,
        server_header=False,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
    )


if __name__ == "__main__":
    main()
