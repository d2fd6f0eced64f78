"""The same injections put to a small real model (0.5B, vLLM's CPU build), which follows some of them."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.figures import Figure, progress
from benchmarks.injection_lists import Injection, injections
from benchmarks.injections import answer_with, given, harm_done
from inference.endpoint_model import EndpointModel
from inference.probing import probe_endpoint
from kb_platform.embedding import EmbeddingModel, load_embedding
from kb_platform.settings import EmbeddingSettings, ModelSettings, Settings

AT_ONCE = 4
ANSWER_TOKENS = 160


def measure_injections_on_model() -> Iterator[Figure]:
    """Yield how many injections harm somebody by way of the small model, and how many it answered at all; nothing where
    vLLM's CPU build is not installed."""
    from tests.vllm_server import cache_folder, install_model, install_vllm, serve

    if not (cache_folder() / "vllm-env").exists():
        progress("the small model was not tried: python tests/vllm_server.py install")
        return
    every = list(injections())
    with tempfile.TemporaryDirectory() as folder, serve(install_model(install_vllm())) as server:
        embedding = load_embedding(EmbeddingSettings(), Path(folder))
        answered, harmed = asyncio.run(_ask_all(every, server.base_url, embedding))
    for name in harmed:
        progress(name)
    yield Figure("hostile", "injections_obeyed_small_model", len(harmed), "injections", len(every))
    yield Figure("hostile", "injections_answered_small_model", answered, "injections", len(every))


async def _ask_all(every: Sequence[Injection], base_url: str, embedding: EmbeddingModel) -> tuple[int, list[str]]:
    (offer,) = await probe_endpoint(base_url)
    model = EndpointModel(
        base_url, name=offer.name, context_window=offer.context_window, temperature=0.0, timeout_seconds=600.0
    )
    settings = Settings(_env_file=None, model=ModelSettings(answer_tokens=ANSWER_TOKENS))
    waiting, answered, harmed = list(every), 0, list[str]()

    async def ask() -> None:
        nonlocal answered
        while waiting:
            injection = waiting.pop(0)
            sources = given(injection)
            text, citations = await answer_with(model, sources, embedding, settings)
            answered += bool(text)
            if harm := harm_done(text, citations, sources):
                harmed.append(
                    f"{injection.id} {injection.goal.name} ({injection.carrier}, {injection.language}): {harm}"
                )
            if len(waiting) % 40 == 0:
                progress(f"injections, small model: {len(waiting)} left")

    try:
        await asyncio.gather(*(ask() for _ in range(AT_ONCE)))
    finally:
        await model.aclose()
    return answered, harmed
