"""The same files into a running open-webui, by its REST API, where its address is given.

KB_BENCH_OPENWEBUI_URL and KB_BENCH_OPENWEBUI_KEY (an API key of its administrator).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from benchmarks.figures import Figure, progress

NAME = "ingest-speed"


def measure_open_webui(paths: list[Path], pages: int, our_seconds: float) -> Iterator[Figure]:
    """Yield how many times our pages a second are open-webui's; nothing where no address is given."""
    url = os.environ.get("KB_BENCH_OPENWEBUI_URL")
    if not url:
        progress("vs_openwebui is left out: KB_BENCH_OPENWEBUI_URL is not given")
        return
    headers = {"Authorization": f"Bearer {os.environ.get('KB_BENCH_OPENWEBUI_KEY', '')}"}
    with httpx.Client(base_url=url, headers=headers, timeout=1800) as client:
        made = client.post("/api/v1/knowledge/create", json={"name": "benchmark", "description": "benchmark"})
        made.raise_for_status()
        knowledge_id = made.json()["id"]
        began = time.perf_counter()
        for path in paths:
            with path.open("rb") as file:
                sent = client.post("/api/v1/files/", files={"file": (path.name, file, "application/pdf")})
            sent.raise_for_status()
            added = client.post(f"/api/v1/knowledge/{knowledge_id}/file/add", json={"file_id": sent.json()["id"]})
            added.raise_for_status()
        seconds = time.perf_counter() - began
    yield Figure(NAME, "vs_openwebui", seconds / our_seconds, "times", pages)
