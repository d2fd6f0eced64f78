"""Who embeds alone uses all cores; two share them; who goes on gets them back; a killed process gives its part back."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Sequence
from contextlib import ExitStack
from multiprocessing.synchronize import Event
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ingest.embedding_cores import TURN_PASSAGES, _lock, _part, embed_in_turns, embedding_cores
from kb_platform.settings import EmbeddingSettings, QueueSettings, Settings


def settings(folder: Path) -> Settings:
    return Settings(_env_file=None, data_dir=folder, queue=QueueSettings(concurrency=2))


def hold(folder: Path, holding: Event, release: Event) -> None:
    with embedding_cores(settings(folder)):
        holding.set()
        release.wait(60)


def threads(folder: Path) -> int:
    with embedding_cores(settings(folder)):
        return torch.get_num_threads()


def test_parts_are_shared_and_given_back_even_by_a_killed_process(tmp_path: Path) -> None:
    cores = os.cpu_count() or 1
    assert threads(tmp_path) == cores
    spawn = multiprocessing.get_context("spawn")
    holding, release = spawn.Event(), spawn.Event()
    with embedding_cores(settings(tmp_path)) as lanes:
        assert lanes == 2  # as many passes at once as processes would run
        other = spawn.Process(target=hold, args=(tmp_path, holding, release))
        other.start()
        assert not holding.wait(3)  # this process holds all parts: the other waits
    assert holding.wait(60)
    other.kill()
    other.join()
    deadline = time.monotonic() + 5
    while threads(tmp_path) != cores and time.monotonic() < deadline:
        time.sleep(0.05)
    assert threads(tmp_path) == cores


def lengths(texts: Sequence[str]) -> NDArray[np.float32]:
    return np.array([[len(text)] for text in texts], np.float32)


def test_a_long_document_takes_the_cores_of_one_that_ended(tmp_path: Path) -> None:
    other = ExitStack()
    assert _lock(_part(settings(tmp_path), 0), other, wait=False)
    calls: list[tuple[int, int]] = []

    def embed(texts: Sequence[str], lanes: int) -> NDArray[np.float32]:
        calls.append((len(texts), lanes))
        if len(calls) == 3:
            other.close()
        return lengths(texts)

    texts = ["x" * number for number in range(10 * TURN_PASSAGES)]
    vectors = embed_in_turns(texts, settings(tmp_path), embed)
    assert np.array_equal(np.stack(vectors), lengths(texts))
    assert calls == [(TURN_PASSAGES, 1)] * 3 + [(7 * TURN_PASSAGES, 2)]


def test_a_model_elsewhere_is_given_all_texts_at_once() -> None:
    calls: list[tuple[int, int]] = []

    def embed(texts: Sequence[str], lanes: int) -> NDArray[np.float32]:
        calls.append((len(texts), lanes))
        return lengths(texts)

    elsewhere = Settings(_env_file=None, embedding=EmbeddingSettings(base_url="http://127.0.0.1:9/v1", model="m"))
    assert len(embed_in_turns(["text"] * 100, elsewhere, embed)) == 100
    assert calls == [(100, 1)]
