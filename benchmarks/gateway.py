"""What the platform adds to a model, and how fast it lets go of it.

One client asks in turn, in each round and over a kept connection: the local model server itself, a bare FastAPI+httpx
proxy in front of it, and the platform's `/v1/chat/completions` (the same prompt, no knowledge base). The model answers
at once, so all that is measured is what stands between. In full, the same three ways are asked with a real vLLM in the
place of the model, as a reader has it (`…_vllm`), and a five-turn conversation with it shows how much of its prompts
came from the server's prefix cache.
"""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from benchmarks.figures import Figure, progress
from benchmarks.model_servers import ENDLESS, NAME, READING, running
from benchmarks.platform import Platform, make_knowledge_base, running_platform, upload, wait_until_read
from benchmarks.question_sets import load_question_set

BENCH = "gateway"
ROUNDS, QUICK_ROUNDS = 400, 100
WARM_ROUNDS = 20
VLLM_ROUNDS = 200
MOST_TOKENS = 8
"""Of an answer whose first token is measured."""
CANCELS, QUICK_CANCELS = 10, 3
LIMITS = ("REQUESTS_PER_MINUTE", "KEY_REQUESTS_PER_MINUTE", "QUESTIONS_PER_MINUTE")
COUNTED = {f"KB_LIMITS__{name}": "1000000" for name in LIMITS}
"""Limits that nobody reaches, so that counting is part of what is measured."""
PROMPT = "How many books may a student borrow, and for how long? Answer in one sentence."
RULES = """# Library rules

The library is open from 8:00 to 22:00. A student may borrow twenty books for thirty days.

A loan can be renewed twice, each time for thirty days, unless somebody else has reserved the book.

For each day that a book is late, a fine of 0.50 yuan is charged, up to the price of the book.

Teachers may borrow fifty books for ninety days. Visitors read in the reading room only.
"""
RULES_QUESTION = "How many books may a student borrow?"
ARTICLES = "squad2_dev"
TURNS = 5
CACHE_BLOCK = "32"
"""Tokens of a cache block: the fewest that the CPU build takes (16 on GPUs). Its 128 would round each prompt down."""


def measure(quick: bool) -> Iterable[Figure]:
    """Yield the figures; progress goes to standard error."""
    with running("model") as model, running("proxy", "--to", model) as proxy, tempfile.TemporaryDirectory() as folder:
        progress("starting a platform with the local model")
        with running_platform(Path(folder), {"KB_MODEL__BASE_URL": f"{model}/v1", **COUNTED}) as platform:
            yield from _first_tokens(model, proxy, platform, QUICK_ROUNDS if quick else ROUNDS)
            yield from _calls_of_first_question(model, platform)
            yield from _cancelling(model, platform, QUICK_CANCELS if quick else CANCELS)
    if not quick:
        yield from _with_vllm()


def _first_tokens(model: str, proxy: str, platform: Platform, rounds: int) -> Iterator[Figure]:
    seconds = _seconds_to_first_tokens(model, proxy, platform, rounds, PROMPT)
    yield from _beside_proxy(seconds, "")
    # For comparison only: what is done while a model reads its prompt costs nobody time.
    _seconds_to_first_tokens(model, proxy, platform, rounds // 2, f"{PROMPT} {READING}")


def _beside_proxy(seconds: dict[str, list[float]], suffix: str) -> Iterator[Figure]:
    direct, proxied, ours = (np.asarray(seconds[name]) * 1000 for name in ("model", "proxy", "platform"))
    added = ours - direct
    p95 = _rounded(np.percentile(added, 95))
    yield Figure(BENCH, f"ttft_added_p95_ms{suffix}", p95, "ms", len(added), _interval(added))
    ratio = float(np.median(ours) / np.median(proxied))
    yield Figure(BENCH, f"ttft_vs_proxy{suffix}", _rounded(ratio), "ratio", len(added))


def _seconds_to_first_tokens(
    model: str, proxy: str, platform: Platform, rounds: int, prompt: str, name: str = NAME
) -> dict[str, list[float]]:
    """Return the seconds of each round by whom was asked. `model` and `proxy` are addresses without a path, `name` is
    the model's."""
    progress(f"time to first token of {name}, {rounds} rounds: {prompt}")
    messages = [{"role": "user", "content": prompt}]
    body = {"model": name, "messages": messages, "stream": True, "max_tokens": MOST_TOKENS, "temperature": 0.0}
    key = platform.client.post("/api/v1/api-keys", json={"name": "bench"}).json()["key"]
    seconds: dict[str, list[float]] = {"model": [], "proxy": [], "platform": []}
    clients = {
        "model": httpx.Client(base_url=model, trust_env=False, timeout=30),
        "proxy": httpx.Client(base_url=proxy, trust_env=False, timeout=30),
        "platform": httpx.Client(
            base_url=platform.url, trust_env=False, timeout=30, headers={"Authorization": f"Bearer {key}"}
        ),
    }
    for number in range(WARM_ROUNDS + rounds):
        for name, client in clients.items():
            taken = _seconds_to_first_token(client, body)
            if number >= WARM_ROUNDS:
                seconds[name].append(taken)
    for client in clients.values():
        client.close()
    for name, values in seconds.items():
        p50, p95 = np.percentile(np.asarray(values) * 1000, [50, 95])
        progress(f"  {name}: p50 {p50:.2f} ms, p95 {p95:.2f} ms")
    added = (np.asarray(seconds["platform"]) - np.asarray(seconds["model"])) * 1000
    progress(f"  added: p50 {np.median(added):.2f} ms, p95 {np.percentile(added, 95):.2f} ms")
    return seconds


def _seconds_to_first_token(client: httpx.Client, body: dict[str, Any]) -> float:
    """Return the time to the first word; the rest is read, so that the connection is kept."""
    began, first = time.perf_counter(), 0.0
    with client.stream("POST", "/v1/chat/completions", json=body) as response:
        response.raise_for_status()
        for line in response.iter_lines():
            if first or not line.startswith("data: {"):
                continue
            choices = json.loads(line.removeprefix("data: "))["choices"]
            if choices and choices[0]["delta"].get("content"):
                first = time.perf_counter() - began
    if not first:
        raise RuntimeError("nothing was written")
    return first


def _calls_of_first_question(model: str, platform: Platform) -> Iterator[Figure]:
    progress("model calls of a first question")
    conversation = _conversation(platform, _rules_base(platform))
    before = _log(model)["chats"]
    turn = platform.client.post(f"{conversation}/turns", json={"question": RULES_QUESTION, "stream": False}).json()
    if turn["state"] != "done" or turn["answerer"] != "model":
        raise RuntimeError(f"the model did not answer: {turn['error']}")
    yield Figure(BENCH, "model_calls_first_question", _log(model)["chats"] - before, "calls", 1)


def _cancelling(model: str, platform: Platform, tries: int) -> Iterator[Figure]:
    """A reader who hangs up (OpenAI's API, conversations) and one who presses stop."""
    progress(f"cancelling, {tries} times each way")
    base = _rules_base(platform)
    chat = {"model": NAME, "messages": [{"role": "user", "content": ENDLESS}], "stream": True}
    turn = {"question": f"How many books may a student borrow? {ENDLESS}", "thinking": False}
    ways: tuple[tuple[dict[str, Any], bool], ...] = ((chat, False), (turn, False), (turn, True))
    worst = 0.0
    for body, presses_stop in ways * tries:
        path = "/v1/chat/completions" if body is chat else f"{_conversation(platform, base)}/turns"
        gone_before = len(_log(model)["left"])
        with platform.client.stream("POST", path, json=body) as response:
            response.raise_for_status()
            lines = response.iter_lines()
            turn_id = _read_until_it_writes(lines)
            left = time.monotonic()
            if presses_stop:
                platform.client.delete(f"{path}/{turn_id}/generation").raise_for_status()
                for _ in lines:
                    pass
        worst = max(worst, _when_next_left(model, gone_before) - left)
    yield Figure(BENCH, "cancel_s", _rounded(worst), "s", len(ways) * tries)


def _read_until_it_writes(lines: Iterator[str]) -> str:
    """Read until endless words come; return the turn's id where there is one."""
    turn_id = ""
    for line in lines:
        if line.startswith("data: {"):
            data = json.loads(line.removeprefix("data: "))
            turn_id = data["id"] if data.get("type") == "turn" else turn_id
            if " more" in line:
                return turn_id
    raise RuntimeError("the model stopped by itself")


def _when_next_left(model: str, gone_before: int) -> float:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        left = _log(model)["left"]
        if len(left) > gone_before:
            return float(left[gone_before])
        time.sleep(0.02)
    raise TimeoutError("the model server never noticed that its reader went")


def _with_vllm() -> Iterator[Figure]:
    from tests.vllm_server import CannotInstall, install_model, install_vllm, serve

    progress("starting a real vLLM")
    try:
        article, questions = _article()
        weights = install_model(install_vllm())
    except (CannotInstall, FileNotFoundError) as reason:
        progress(f"nothing was measured with a real model: {reason}")
        return
    flags = ("--enable-prefix-caching", "--block-size", CACHE_BLOCK)
    with serve(weights, *flags) as server, tempfile.TemporaryDirectory() as folder:
        model = server.base_url.removesuffix("/v1")
        environment = {"KB_MODEL__BASE_URL": server.base_url, "KB_MODEL__TIMEOUT_SECONDS": "300", **COUNTED}
        with running("proxy", "--to", model) as proxy, running_platform(Path(folder), environment) as platform:
            seconds = _seconds_to_first_tokens(model, proxy, platform, VLLM_ROUNDS, PROMPT, server.model)
            yield from _beside_proxy(seconds, "_vllm")
            yield from _prefix_cache(platform, server.base_url, article, questions)


def _prefix_cache(platform: Platform, base_url: str, article: str, questions: Sequence[str]) -> Iterator[Figure]:
    """Prompt tokens that vLLM took from its prefix cache, of all in a five-turn conversation about an article, by its
    own metrics; and of another reader's, who asks the same afterwards."""
    progress("a five-turn conversation")
    base = _base_of(platform, "article.md", article)
    counts = [_prefix_counts(base_url)]
    for conversation in (_conversation(platform, base), _conversation(platform, base)):
        for question in questions:
            body = {"question": question, "stream": False, "thinking": False}
            turn = platform.client.post(f"{conversation}/turns", json=body, timeout=600).json()
            counts.append(_prefix_counts(base_url))
            hits, asked = counts[-1][0] - counts[-2][0], counts[-1][1] - counts[-2][1]
            progress(f"  {turn['state']}: {hits:.0f} of {asked:.0f} prompt tokens cached")
    # A first question finds nothing of its own; what follows is where the layout of the prompt shows.
    spans = {"": (0, TURNS), "_follow_ups": (1, TURNS), "_asked_again": (TURNS, 2 * TURNS)}
    for name, (since, until) in spans.items():
        hits, asked = counts[until][0] - counts[since][0], counts[until][1] - counts[since][1]
        yield Figure(BENCH, f"prefix_cached_share{name}", _rounded(hits / asked), "share", int(asked))


def _article() -> tuple[str, tuple[str, ...]]:
    """Return the set's first article as one document, and the first questions about it. Raises FileNotFoundError."""
    articles = load_question_set(ARTICLES)
    title = articles.passages[0].context
    passages = {passage.id: passage.text for passage in articles.passages if passage.context == title}
    asked = tuple(question.text for question in articles.questions if question.gold <= passages.keys())
    return "\n\n".join([f"# {title}", *passages.values()]), asked[:TURNS]


def _prefix_counts(base_url: str) -> tuple[float, float]:
    """Return vLLM's counters of prompt tokens found in the prefix cache and looked for there."""
    text = httpx.get(base_url.removesuffix("/v1") + "/metrics", timeout=30, trust_env=False).text
    hits, queries = (
        sum(
            float(value) for value in re.findall(rf"^vllm:prefix_cache_{what}_total\{{.*\}} (\S+)$", text, re.MULTILINE)
        )
        for what in ("hits", "queries")
    )
    return hits, queries


def _rules_base(platform: Platform) -> str:
    """Return a new knowledge base with one document that has been read."""
    return _base_of(platform, "library.md", RULES)


def _base_of(platform: Platform, name: str, text: str) -> str:
    """Return a new knowledge base with this document, which has been read."""
    base = make_knowledge_base(platform.client, name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_text(text)
        upload(platform.client, base, [path])
    wait_until_read(platform.client, base)
    return base


def _conversation(platform: Platform, base: str) -> str:
    """Return the path of a new conversation."""
    made = platform.client.post("/api/v1/conversations", json={"knowledge_base_ids": [base]})
    made.raise_for_status()
    return f"/api/v1/conversations/{made.json()['id']}"


def _log(model: str) -> dict[str, Any]:
    return dict(httpx.get(f"{model}/log", trust_env=False).json())


def _interval(added: np.ndarray[Any, np.dtype[np.float64]]) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the 95th percentile."""
    random = np.random.default_rng(1)
    samples = random.choice(added, (1000, len(added)))
    low, high = np.percentile(np.percentile(samples, 95, axis=1), [2.5, 97.5])
    return _rounded(low), _rounded(high)


def _rounded(value: float) -> float:
    return round(float(value), 3)
