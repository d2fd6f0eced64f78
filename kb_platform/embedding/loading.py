"""Opening the configured embedding model."""

from __future__ import annotations

import os
import re
from pathlib import Path

import torch
from llama_index.core.base.embeddings.base import BaseEmbedding
from tokenizers import Tokenizer

from kb_platform.domain.errors import SettingsError
from kb_platform.embedding import builtin
from kb_platform.embedding.model import BATCH_TOKENS, PASS_TOKENS, EmbeddingModel
from kb_platform.embedding.packing import pack_passes
from kb_platform.embedding.prepared_weights import prepare_weights
from kb_platform.embedding.tokens import approximate_offsets, exact_offsets
from kb_platform.settings import EmbeddingSettings

SPECIAL_TOKENS = 2
KERNEL_CACHES = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY")
"""Read by oneDNN and by torch's bridge to it, at the first batch of a process."""
KERNELS_KEPT = "128"


def load_embedding(settings: EmbeddingSettings, data_dir: Path) -> EmbeddingModel:
    """Open the configured model: an endpoint where `base_url` is given, else in this process.

    Raises SettingsError when the model cannot be loaded.
    """
    return _endpoint(settings) if settings.base_url else _local(settings, data_dir)


def _local(settings: EmbeddingSettings, data_dir: Path) -> EmbeddingModel:
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]
    _keep_few_kernels()

    is_builtin = settings.model == "builtin"
    path = str(builtin.builtin_checkpoint(data_dir)) if is_builtin else settings.model
    name = builtin.NAME if is_builtin else Path(settings.model).name
    query_prefix = settings.query_prefix or (builtin.QUERY_PREFIX if is_builtin else "")
    passage_prefix = settings.passage_prefix or (builtin.PASSAGE_PREFIX if is_builtin else "")
    device = settings.device or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        embedding = HuggingFaceEmbedding(
            path,
            query_instruction=query_prefix,
            text_instruction=passage_prefix,
            embed_batch_size=settings.batch_size,
            device=device,
            model_kwargs={"dtype": settings.dtype or fastest_dtype(device)},
        )
    except (OSError, ValueError) as error:
        raise SettingsError(f"The embedding model {settings.model!r} cannot be loaded: {error}") from error
    model = embedding._model  # llama-index keeps no public way to its sentence-transformers model
    is_packed = device == "cpu" and pack_passes(model)
    if is_packed:  # of other architectures some look at their layers' weights
        prepare_weights(model)
        model.preprocess(["?"])  # sets the tokenizer's truncation, before several passes run at once
    counting = Tokenizer.from_str(model.tokenizer.backend_tokenizer.to_str())
    counting.no_truncation()
    counting.no_padding()
    offsets = exact_offsets(counting)
    return EmbeddingModel(
        name=collection_word(name),
        dimension=int(model.get_embedding_dimension() or 0),
        max_tokens=int(embedding.max_length or settings.max_tokens) - SPECIAL_TOKENS - len(offsets(passage_prefix)),
        embedding=embedding,
        token_offsets=offsets,
        batch_size=settings.batch_size,
        pass_tokens=None if is_packed else PASS_TOKENS if device == "cpu" else BATCH_TOKENS,
    )


def _keep_few_kernels() -> None:
    """Let torch keep a hundred compiled kernels for the processor in place of a thousand: it makes one for each shape
    of a batch, and a worker that reads texts of all lengths would grow by a megabyte with each (measured)."""
    for name in KERNEL_CACHES:
        os.environ.setdefault(name, KERNELS_KEPT)


def _endpoint(settings: EmbeddingSettings) -> EmbeddingModel:
    from llama_index.embeddings.openai_like import OpenAILikeEmbedding

    embedding = OpenAILikeEmbedding(
        model_name=settings.model,
        api_base=settings.base_url,
        api_key=settings.api_key.get_secret_value() if settings.api_key else "none",
        embed_batch_size=settings.batch_size,
        max_retries=3,
    )
    dimension = settings.dimension or len(_ask(embedding, settings))
    return EmbeddingModel(
        name=collection_word(settings.model.rsplit("/", 1)[-1]),
        dimension=dimension,
        max_tokens=settings.max_tokens - SPECIAL_TOKENS,
        embedding=embedding,
        token_offsets=approximate_offsets,
        batch_size=settings.batch_size,
        pass_tokens=BATCH_TOKENS,
    )


def _ask(embedding: BaseEmbedding, settings: EmbeddingSettings) -> list[float]:
    import openai

    try:
        return embedding.get_text_embedding("dimension")
    except openai.OpenAIError as error:
        raise SettingsError(f"The embedding endpoint {settings.base_url} does not answer: {error}") from error


def fastest_dtype(device: str) -> str:
    """Return bfloat16 where the device multiplies it in hardware, else float32."""
    if device.startswith("cuda"):
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
    cpu = torch.backends.cpu.get_cpu_capability() if device == "cpu" else ""
    in_hardware = cpu.startswith("AVX512") and torch.cpu._is_avx512_bf16_supported()
    return "bfloat16" if in_hardware or torch.cpu._is_amx_tile_supported() else "float32"


def collection_word(name: str) -> str:
    """Return the name with only what a collection's name may hold."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-")
