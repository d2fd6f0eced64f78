from __future__ import annotations

import json
from pathlib import Path

import pytest

from inference.model_configs import config_from_folder, preset_of, read_model_config
from inference.serving import base_url, main, parse_gpus
from inference.serving_plan import (
    GIB,
    ONE_NODE,
    Gpu,
    Machine,
    ModelConfig,
    Nodes,
    cache_bytes_per_token,
    plan_serving,
    tool_parser,
)
from kb_platform.domain.errors import SettingsError

A100 = Gpu("NVIDIA A100-SXM4-80GB", 80 * GIB)
H200 = Gpu("NVIDIA H200", 141 * GIB)


def flags(arguments: tuple[str, ...]) -> dict[str, str]:
    return {name: value for name, value in zip(arguments, [*arguments[1:], ""], strict=True) if name.startswith("--")}


def plan(name: str, *gpus: Gpu, extra: tuple[str, ...] = (), nodes: Nodes = ONE_NODE) -> tuple[dict[str, str], str]:
    made = plan_serving(name, read_model_config(name), Machine(gpus, 0), extra=extra, nodes=nodes)
    return flags(made.arguments), "\n".join(made.reasons)


def test_a_distill_gets_its_reasoning_parser_and_as_many_gpus_as_its_heads_divide_by() -> None:
    chosen, _ = plan("deepseek-ai/DeepSeek-R1-Distill-Qwen-32B", A100, A100, A100)
    assert chosen["--reasoning-parser"] == "deepseek_r1"
    assert chosen["--tensor-parallel-size"] == "2", "40 heads do not divide by 3"
    assert "--enable-prefix-caching" in chosen


def test_r1_does_not_fit_eight_gpus_of_80_gib_and_the_refusal_shows_the_arithmetic() -> None:
    with pytest.raises(SettingsError) as refused:
        plan("deepseek-ai/DeepSeek-R1", *[A100] * 8)
    assert "641.7 GiB weights" in refused.value.message
    assert "8 × 80.0 GiB" in refused.value.message


def test_r1_fits_eight_h200_and_two_machines_of_eight_a100() -> None:
    chosen, why = plan("deepseek-ai/DeepSeek-R1", *[H200] * 8)
    assert chosen["--tensor-parallel-size"] == "8"
    assert "fp8" in why
    chosen, _ = plan("deepseek-ai/DeepSeek-R1", *[A100] * 8, nodes=Nodes(2))
    assert chosen["--pipeline-parallel-size"] == "2"


def test_v3_has_no_reasoning_parser_and_v31_its_own() -> None:
    assert "--reasoning-parser" not in plan("deepseek-ai/DeepSeek-V3-0324", *[H200] * 8)[0]
    assert plan("deepseek-ai/DeepSeek-V3.1", *[H200] * 8)[0]["--reasoning-parser"] == "deepseek_v3"


def test_models_that_were_trained_to_call_tools_get_the_parser_of_their_form() -> None:
    for name, parser in (("DeepSeek-V3-0324", "deepseek_v3"), ("DeepSeek-V3.1", "deepseek_v31")):
        chosen, _ = plan(f"deepseek-ai/{name}", *[H200] * 8)
        assert (chosen["--tool-call-parser"], "--enable-auto-tool-choice" in chosen) == (parser, True)
    assert "--tool-call-parser" not in plan("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", A100)[0]


def test_every_answer_says_what_came_from_the_prefix_cache() -> None:
    assert "--enable-prompt-tokens-details" in plan("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", A100)[0]


def test_of_several_machines_only_the_first_listens_for_questions() -> None:
    first, _ = plan("deepseek-ai/DeepSeek-R1", *[A100] * 8, nodes=Nodes(2, 0, "10.0.0.1"))
    second, _ = plan("deepseek-ai/DeepSeek-R1", *[A100] * 8, nodes=Nodes(2, 1, "10.0.0.1"))
    assert (first["--node-rank"], first["--master-addr"], "--headless" in first) == ("0", "10.0.0.1", False)
    assert (second["--node-rank"], second["--master-addr"], "--headless" in second) == ("1", "10.0.0.1", True)


def test_flags_of_the_caller_win() -> None:
    chosen, _ = plan("DeepSeek-R1-Distill-Qwen-7B", A100, extra=("--port", "9001", "--max-model-len=4096"))
    assert chosen["--port"] == "9001"
    assert "--max-model-len" not in chosen, "only the caller's own --max-model-len=4096 is left"


def test_the_cache_of_latent_attention_is_counted_once_a_layer() -> None:
    config = preset_of("DeepSeek-R1")
    assert config is not None
    assert cache_bytes_per_token(config) == 61 * 576 * 2
    config = preset_of("DeepSeek-R1-Distill-Llama-8B")
    assert config is not None
    assert cache_bytes_per_token(config) == 32 * 2 * 8 * 128 * 2
    assert cache_bytes_per_token(config, tensor_parallel=8) * 8 == cache_bytes_per_token(config)


def test_a_small_gpu_gets_a_shorter_context_and_a_tiny_one_a_refusal() -> None:
    chosen, _ = plan("DeepSeek-R1-Distill-Qwen-7B", Gpu("RTX 4090", 24 * GIB))
    assert int(chosen["--max-model-len"]) < 65_536
    with pytest.raises(SettingsError, match="does not fit"):
        plan("DeepSeek-R1-Distill-Qwen-7B", Gpu("RTX 3060", 12 * GIB))


def test_without_a_gpu_only_a_cpu_build_serves() -> None:
    config = ModelConfig("Qwen2ForCausalLM", 24, 14, 2, 64, 32_768, 10**9)
    with pytest.raises(SettingsError, match="No NVIDIA GPU"):
        plan_serving("m", config, Machine((), 24 * GIB))
    made = plan_serving("m", config, Machine((), 24 * GIB, cpu_build=True), context_tokens=8192)
    assert flags(made.arguments)["--dtype"] == "bfloat16"
    assert int(made.environment["VLLM_CPU_KVCACHE_SPACE"]) >= 1
    assert made.context_tokens == 8192


def test_a_folder_says_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(
        json.dumps(
            {
                "architectures": ["DeepseekV3ForCausalLM"],
                "num_hidden_layers": 4,
                "num_attention_heads": 8,
                "hidden_size": 512,
                "max_position_embeddings": 4096,
                "kv_lora_rank": 512,
                "qk_rope_head_dim": 64,
                "quantization_config": {"quant_method": "fp8"},
            }
        )
    )
    (tmp_path / "model.safetensors").write_bytes(b"\0" * 1000)
    (tmp_path / "chat_template.jinja").write_text("{{ '<think>' }}")
    config = config_from_folder(tmp_path)
    assert (config.latent_dim, config.weight_bytes, config.quantisation, config.thinks) == (576, 1000, "fp8", True)


@pytest.mark.parametrize(
    ("model", "tokens", "parser"),
    [
        ("/models/ours", ["<think>", "<｜tool▁calls▁begin｜>"], "deepseek_v3"),
        ("/models/ours", ["<think>"], ""),
        ("/models/ours", None, "deepseek_v3"),
        ("/models/DeepSeek-V3.1", ["<think>"], ""),
        ("/models/DeepSeek-V3.2", ["<think>"], "deepseek_v32"),  # marks its calls in another way
        ("/models/DeepSeek-V4", ["<think>"], "deepseek_v4"),
    ],
)
def test_a_deepseek_model_whose_tokenizer_cannot_mark_tool_calls_gets_no_parser_that_wants_the_marks(
    tmp_path: Path, model: str, tokens: list[str] | None, parser: str
) -> None:
    config = {"architectures": ["DeepseekV3ForCausalLM"], "num_hidden_layers": 2, "num_attention_heads": 4}
    (tmp_path / "config.json").write_text(json.dumps({**config, "hidden_size": 64, "kv_lora_rank": 512}))
    (tmp_path / "model.safetensors").write_bytes(b"0")
    if tokens is not None:
        added = {"added_tokens": [{"id": place, "content": token} for place, token in enumerate(tokens)]}
        (tmp_path / "tokenizer.json").write_text(json.dumps(added))
    assert tool_parser(model, config_from_folder(tmp_path)) == parser


def test_a_folder_without_weights_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(SettingsError, match=r"config\.json cannot be used"):
        config_from_folder(tmp_path)


def test_an_unknown_model_names_those_that_are_known() -> None:
    with pytest.raises(SettingsError, match="deepseek-r1-distill-qwen-7b"):
        read_model_config("no-such-model")


def test_nvidia_smi_is_read() -> None:
    assert (
        parse_gpus("NVIDIA H100 80GB HBM3, 81559\nNVIDIA H100 80GB HBM3, 81559\n")
        == (Gpu("NVIDIA H100 80GB HBM3", 81559 * 1024**2),) * 2
    )
    assert parse_gpus("No devices were found\n") == ()


def test_print_says_the_command_and_how_to_connect(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "--gpus", "1x80", "--port", "9001"]) == 0
    said = capsys.readouterr().out
    assert "vllm serve deepseek-ai/DeepSeek-R1-Distill-Qwen-7B" in said
    assert "KB_MODEL__BASE_URL=http://127.0.0.1:9001/v1" in said


def test_what_cannot_fit_ends_with_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["deepseek-ai/DeepSeek-R1", "--gpus", "8x80"]) == 2
    assert "does not fit" in capsys.readouterr().err


def test_the_address_of_a_server_on_all_interfaces_is_one_that_can_be_opened() -> None:
    made = plan_serving(
        "DeepSeek-R1-Distill-Qwen-7B", read_model_config("DeepSeek-R1-Distill-Qwen-7B"), Machine((A100,), 0),
        extra=("--host", "0.0.0.0", "--port=9002"),
    )  # fmt: skip
    assert base_url(made) == "http://127.0.0.1:9002/v1"
