"""A model's facts for serving: read from its config.json, or known by name for the DeepSeek models."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from inference.serving_plan import ModelConfig
from kb_platform.domain.errors import SettingsError

GB = 1000**3
TOOL_CALLS = "<｜tool▁calls▁begin｜>"


def _distill_qwen(layers: int, heads: int, kv_heads: int, parameters: float) -> ModelConfig:
    return ModelConfig("Qwen2ForCausalLM", layers, heads, kv_heads, 128, 131_072, int(parameters * 2 * GB), thinks=True)


def _distill_llama(layers: int, heads: int, parameters: float) -> ModelConfig:
    return ModelConfig("LlamaForCausalLM", layers, heads, 8, 128, 131_072, int(parameters * 2 * GB), thinks=True)


# From the checkpoints' own config.json and model.safetensors.index.json; parameters in thousands of millions.
PRESETS: dict[str, ModelConfig] = {
    "deepseek-r1": ModelConfig(
        "DeepseekV3ForCausalLM", 61, 128, 128, 128, 163_840, 689 * GB, "fp8", latent_dim=576, thinks=True
    ),
    "deepseek-v3": ModelConfig("DeepseekV3ForCausalLM", 61, 128, 128, 128, 163_840, 689 * GB, "fp8", latent_dim=576),
    "deepseek-r1-distill-qwen-1.5b": _distill_qwen(28, 12, 2, 1.78),
    "deepseek-r1-distill-qwen-7b": _distill_qwen(28, 28, 4, 7.62),
    "deepseek-r1-distill-qwen-14b": _distill_qwen(48, 40, 8, 14.77),
    "deepseek-r1-distill-qwen-32b": _distill_qwen(64, 40, 8, 32.76),
    "deepseek-r1-distill-llama-8b": _distill_llama(32, 32, 8.03),
    "deepseek-r1-distill-llama-70b": _distill_llama(80, 64, 70.55),
}


def read_model_config(model: str) -> ModelConfig:
    """Return the facts of a model given as a folder, a name in the local hub cache, or a preset's name.

    Raises SettingsError where nothing is known about it.
    """
    folder = Path(model)
    if folder.is_dir():
        return config_from_folder(folder)
    if cached := _hub_cache_folder(model):
        return config_from_folder(cached)
    if preset := preset_of(model):
        return preset
    known = ", ".join(sorted(PRESETS))
    raise SettingsError(
        f"“{model}” is neither a folder with a config.json, nor a model in the local hub cache, nor one of {known}. "
        "Download the model first and give its folder."
    )


def preset_of(model: str) -> ModelConfig | None:
    """Return the preset of a name such as `deepseek-ai/DeepSeek-R1-Distill-Qwen-7B` or `DeepSeek-V3-0324`."""
    name = model.rstrip("/").rsplit("/", 1)[-1].lower()
    name = re.sub(r"-(\d{4}|base|terminus)$", "", name)
    if name in PRESETS:
        return PRESETS[name]
    if re.fullmatch(r"deepseek-v3\.1", name):
        return PRESETS["deepseek-r1"]
    return None


def config_from_folder(folder: Path) -> ModelConfig:
    """Read config.json, the chat template and the sizes of the weights. Raises SettingsError."""
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text())
        text = config.get("text_config", config)
        heads = int(text["num_attention_heads"])
        latent = int(text.get("kv_lora_rank") or 0)
        return ModelConfig(
            architecture=str((config.get("architectures") or ["unknown"])[0]),
            layers=int(text["num_hidden_layers"]),
            attention_heads=heads,
            kv_heads=int(text.get("num_key_value_heads") or heads),
            head_dim=int(text.get("head_dim") or text["hidden_size"] // heads),
            context_tokens=int(text.get("max_position_embeddings") or 4096),
            weight_bytes=_weight_bytes(folder),
            quantisation=str((config.get("quantization_config") or {}).get("quant_method", "")),
            latent_dim=latent + int(text.get("qk_rope_head_dim") or 0) if latent else 0,
            thinks=_template_thinks(folder),
            marks_tool_calls=_marks_tool_calls(folder),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError(f"{path} cannot be used: {error}") from error


def _weight_bytes(folder: Path) -> int:
    for pattern in ("*.safetensors", "*.bin", "*.pt"):
        if size := sum(file.stat().st_size for file in folder.glob(pattern)):
            return size
    raise ValueError("the folder holds no weights (*.safetensors)")


def _template_thinks(folder: Path) -> bool:
    for name in ("chat_template.jinja", "tokenizer_config.json"):
        file = folder / name
        if file.is_file():
            text = file.read_text()
            template: Any = text if name.endswith("jinja") else json.loads(text).get("chat_template") or ""
            if "<think>" in str(template):
                return True
    return False


def _marks_tool_calls(folder: Path) -> bool:
    """Say whether the tokenizer has the token that opens tool calls; True where it is not written as JSON."""
    file = folder / "tokenizer.json"
    return not file.is_file() or any(
        token["content"] == TOOL_CALLS for token in json.loads(file.read_text()).get("added_tokens", ())
    )


def _hub_cache_folder(model: str) -> Path | None:
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", model):
        return None
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(model, "config.json")
    except HFValidationError:
        return None
    if not isinstance(found, str):
        return None
    folder = Path(found).parent
    return folder if any(folder.glob("*.safetensors")) else None
