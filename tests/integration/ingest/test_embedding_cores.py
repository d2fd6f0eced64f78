"""Who embeds alone uses all cores; two share them; a killed process gives its part back."""

from __future__ import annotations

import multiprocessing
import os
import time
from multiprocessing.synchronize import Event
from pathlib import Path

import torch

from ingest.embedding_cores import embedding_cores
from kb_platform.settings import QueueSettings, Settings


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
