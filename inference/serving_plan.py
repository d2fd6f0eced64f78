"""Which flags `vllm serve` needs for a model on a machine: pure arithmetic over the model's own config.

Memory is counted in bytes. Weights come from the checkpoint's files where they are on this disk, else from the number
of parameters; the key-value cache from layers, heads and type (multi-head latent attention, DeepSeek-V2 and later,
keeps one latent vector of kv_lora_rank + qk_rope_head_dim numbers a layer, arXiv:2405.04434, and every GPU of a
tensor-parallel group keeps it whole).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from kb_platform.domain.errors import SettingsError

GIB = 1024**3
GPU_SHARE = 0.90
"""Part of a GPU's memory that vLLM may take (its own default)."""
GPU_OVERHEAD = 2 * GIB
"""Activations, CUDA graphs and the runtime, each GPU."""
CPU_SHARE = 0.60
CPU_OVERHEAD = 3 * GIB
DEFAULT_CONCURRENCY = 4
CONTEXTS = (131_072, 65_536, 32_768, 16_384, 8_192, 4_096, 2_048)
LARGEST_DEFAULT_CONTEXT = 65_536
SMALLEST_CONTEXT = 2_048
WANT_MARKED_TOOL_CALLS = frozenset({"deepseek_v3", "deepseek_v31"})
"""Parsers of tool calls with which vLLM does not start where the tokenizer lacks their tokens."""


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """What a checkpoint's config.json says, as far as serving depends on it."""

    architecture: str
    layers: int
    attention_heads: int
    kv_heads: int
    head_dim: int
    context_tokens: int
    weight_bytes: int
    quantisation: str = ""
    """As the checkpoint names it: fp8, awq, gptq, …; empty: none."""
    latent_dim: int = 0
    """Numbers a layer that multi-head latent attention caches for a token; 0: ordinary attention."""
    thinks: bool = False
    """Its chat template knows `<think>`."""
    marks_tool_calls: bool = True
    """Its tokenizer has the tokens around tool calls that DeepSeek-V3 and V3.1 write."""


@dataclass(frozen=True, slots=True)
class Gpu:
    name: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Machine:
    """Where vLLM will run. `cpu_build`: the vLLM found there is built for CPUs."""

    gpus: tuple[Gpu, ...]
    memory_bytes: int
    cpu_build: bool = False


@dataclass(frozen=True, slots=True)
class Nodes:
    """Machines like this one that share a model: `rank` is this one's, `first` the address of the one with rank 0."""

    count: int = 1
    rank: int = 0
    first: str = ""


ONE_NODE = Nodes()


@dataclass(frozen=True, slots=True)
class ServingPlan:
    """`arguments` follow `vllm` (the first is `serve`); `environment` is added; `reasons` are for a person."""

    arguments: tuple[str, ...]
    environment: dict[str, str]
    reasons: tuple[str, ...]
    context_tokens: int


def plan_serving(
    model: str,
    config: ModelConfig,
    machine: Machine,
    extra: tuple[str, ...] = (),
    context_tokens: int = 0,
    concurrency: int = DEFAULT_CONCURRENCY,
    nodes: Nodes = ONE_NODE,
) -> ServingPlan:
    """Choose the flags. `extra` flags win over the chosen ones; `context_tokens` 0 chooses the longest window that
    `concurrency` full conversations fit in. Raises SettingsError, with the arithmetic, when the model cannot fit."""
    on_cpu = machine.cpu_build or not machine.gpus
    if on_cpu and not machine.cpu_build:
        raise SettingsError(
            f"No NVIDIA GPU was found (nvidia-smi), so vLLM cannot serve {model} here. Run this on a machine with a "
            "GPU, install vLLM's CPU build for a trial, or connect an endpoint that runs elsewhere "
            "(KB_MODEL__BASE_URL)."
        )
    tensor_parallel = 1 if on_cpu else _tensor_parallel(config, len(machine.gpus))
    room, how = _room_for_cache(model, config, machine, on_cpu, tensor_parallel, nodes.count)
    # Over all GPUs: latent attention's cache and heads fewer than GPUs are held more than once.
    per_token = cache_bytes_per_token(config, tensor_parallel) * tensor_parallel
    cache_tokens = int(room / per_token)
    window = _choose_context(model, config, cache_tokens, context_tokens, concurrency, how, per_token)

    flags: dict[str, str | None] = {"--max-model-len": str(window), "--host": "127.0.0.1", "--port": "8000"}
    reasons = [
        how,
        f"key-value cache: {per_token / 1024:.1f} KiB a token, so {cache_tokens:,} tokens fit",
        f"context window {window:,} tokens: {cache_tokens / window:.1f} full conversations at a time "
        f"(the model's own limit: {config.context_tokens:,})",
    ]
    environment = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
    if on_cpu:
        cache_gib = max(1, min(int(room / GIB), -(-int(window * concurrency * per_token) // GIB)))
        flags |= {"--dtype": "bfloat16", "--enforce-eager": None, "--max-num-seqs": str(max(4, concurrency))}
        environment["VLLM_CPU_KVCACHE_SPACE"] = str(cache_gib)
        reasons.append(f"CPU build: bfloat16, no compilation, {cache_gib} GiB for the key-value cache")
    else:
        flags["--gpu-memory-utilization"] = f"{GPU_SHARE:.2f}"
        if tensor_parallel > 1:
            flags["--tensor-parallel-size"] = str(tensor_parallel)
            reasons.append(
                f"tensor parallel over {tensor_parallel} of {len(machine.gpus)} GPUs "
                f"({config.attention_heads} attention heads divide by it)"
            )
        if nodes.count > 1:
            flags |= _node_flags(nodes)
            reasons.append(
                f"pipeline parallel over {nodes.count} machines: start this on each of them, with --node-rank 0 to "
                f"{nodes.count - 1}; --first-node is the address of the one with rank 0, which alone listens for "
                "questions"
            )
    if not (on_cpu and config.latent_dim):
        flags["--enable-prefix-caching"] = None
        reasons.append("prefix caching: follow-up questions do not compute the shared start again")
    flags["--enable-prompt-tokens-details"] = None
    reasons.append("prompt token details: each answer says how much of its prompt was cached, and is priced so")
    if parser := reasoning_parser(model, config):
        flags["--reasoning-parser"] = parser
        reasons.append(f"reasoning parser {parser}: reasoning arrives apart from the answer")
    if parser := tool_parser(model, config):
        flags |= {"--enable-auto-tool-choice": None, "--tool-call-parser": parser}
        reasons.append(f"tool parser {parser}: for other programs that let the model call tools")
    if config.quantisation:
        reasons.append(f"{config.quantisation} weights: vLLM reads that from the checkpoint, no flag is needed")
    arguments = ["serve", model]
    for flag, value in flags.items():
        if not _given(flag, extra):
            arguments += [flag] if value is None else [flag, value]
    return ServingPlan((*arguments, *extra), environment, tuple(reasons), window)


def cache_bytes_per_token(config: ModelConfig, tensor_parallel: int = 1) -> float:
    """Return the bytes of key-value cache that one token takes on one GPU (16-bit cache)."""
    if config.latent_dim:
        return config.layers * config.latent_dim * 2
    kv_heads = max(1, -(-config.kv_heads // tensor_parallel))
    return config.layers * 2 * kv_heads * config.head_dim * 2


def reasoning_parser(model: str, config: ModelConfig) -> str:
    """Return vLLM's reasoning parser for the model, empty where it does not reason."""
    name = model.lower()
    if re.search(r"deepseek-?v3[._-]?[12]", name):
        return "deepseek_v3"
    if re.search(r"deepseek-?v4", name):
        return "deepseek_v4"
    if re.search(r"(^|[/_-])r1([._-]|$)|deepseek-?r1|r1-distill", name):
        return "deepseek_r1"
    if config.architecture.startswith("Qwen3"):
        return "qwen3" if config.thinks else ""
    return "deepseek_r1" if config.thinks else ""


def tool_parser(model: str, config: ModelConfig) -> str:
    """Return vLLM's parser of tool calls for the model, empty where it was not trained to call tools."""
    name = model.lower()
    if "distill" in name:
        return ""
    parser = ""
    if version := re.search(r"deepseek-?v(3[._-]?[12]|4)", name):
        parser = f"deepseek_v{re.sub('[._-]', '', version[1])}"
    elif config.architecture == "DeepseekV3ForCausalLM":
        parser = "deepseek_v3"
    elif config.architecture.startswith(("Qwen2", "Qwen3")):
        parser = "hermes"
    return "" if parser in WANT_MARKED_TOOL_CALLS and not config.marks_tool_calls else parser


def _node_flags(nodes: Nodes) -> dict[str, str | None]:
    flags: dict[str, str | None] = {
        "--nnodes": str(nodes.count),
        "--pipeline-parallel-size": str(nodes.count),
        "--node-rank": str(nodes.rank),
    }
    if nodes.first:
        flags["--master-addr"] = nodes.first
    return flags | ({"--headless": None} if nodes.rank else {})


def _tensor_parallel(config: ModelConfig, gpus: int) -> int:
    """Return the most GPUs that the attention heads divide by."""
    return next(size for size in range(gpus, 0, -1) if config.attention_heads % size == 0)


def _room_for_cache(
    model: str, config: ModelConfig, machine: Machine, on_cpu: bool, tensor_parallel: int, nodes: int
) -> tuple[float, str]:
    weights = config.weight_bytes
    if on_cpu:
        total, share, overhead = float(machine.memory_bytes), CPU_SHARE, float(CPU_OVERHEAD)
        place = f"{total / GIB:.1f} GiB of memory"
    else:
        smallest = min(gpu.bytes for gpu in machine.gpus)
        count = tensor_parallel * nodes
        total, share, overhead = float(smallest * count), GPU_SHARE, float(GPU_OVERHEAD * count)
        place = f"{count} × {smallest / GIB:.1f} GiB ({machine.gpus[0].name})"
    room = total * share - overhead - weights
    how = (
        f"memory: {place} × {share:.2f} − {overhead / GIB:.1f} GiB runtime − {weights / GIB:.1f} GiB weights "
        f"= {room / GIB:.1f} GiB for the key-value cache"
    )
    if room <= 0:
        needed = ""
        if not on_cpu:
            smallest = min(gpu.bytes for gpu in machine.gpus)
            per_gpu = smallest * GPU_SHARE - GPU_OVERHEAD
            least = int(weights // per_gpu) + 1
            needed = f" At least {least} such GPUs are needed; --nodes N plans several machines."
        raise SettingsError(
            f"{model} does not fit. {how[0].upper()}{how[1:]}.{needed} A smaller or quantised model fits."
        )
    return room, how


def _choose_context(
    model: str, config: ModelConfig, cache_tokens: int, wanted: int, concurrency: int, how: str, per_token: float
) -> int:
    if wanted:
        window = min(wanted, config.context_tokens)
        if cache_tokens < window:
            raise SettingsError(
                f"{model} fits, but not one conversation of {window:,} tokens: "
                f"{window:,} × {per_token / 1024:.1f} KiB = {window * per_token / GIB:.1f} GiB. "
                f"{how[0].upper()}{how[1:]}. The longest context that fits: {cache_tokens:,}."
            )
        return window
    limit = min(config.context_tokens, LARGEST_DEFAULT_CONTEXT)
    candidates = sorted({limit, *(size for size in CONTEXTS if size < limit)}, reverse=True)
    for together in (concurrency, 1):
        for window in candidates:
            if cache_tokens >= window * together:
                return window
    raise SettingsError(
        f"{model} fits, but leaves no room to answer: {cache_tokens:,} tokens of key-value cache, at least "
        f"{min(SMALLEST_CONTEXT, config.context_tokens):,} are needed. {how[0].upper()}{how[1:]}."
    )


def _given(flag: str, extra: tuple[str, ...]) -> bool:
    """Say whether the caller already set the flag (`--flag value`, `--flag=value`, `--no-flag`)."""
    negated = f"--no-{flag.removeprefix('--')}"
    return any(argument.split("=", 1)[0] in (flag, negated) for argument in extra)
