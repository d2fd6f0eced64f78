"""Batches without padding: the same vectors as texts embedded alone, for the architectures of which that is claimed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    BertConfig,
    BertModel,
    DistilBertConfig,
    DistilBertModel,
    PreTrainedTokenizerFast,
    XLMRobertaConfig,
    XLMRobertaModel,
)

from kb_platform.embedding import EmbeddingModel, load_embedding, loading
from kb_platform.embedding.packing import WINDOW, pack_passes, rounded
from kb_platform.settings import EmbeddingSettings

WORDS = ["the", "library", "opens", "at", "eight", "and", "closes", "late", "on", "all", "days", "of", "term"]
SIZES: dict[str, Any] = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
ARCHITECTURES = {
    "bert": lambda vocabulary: BertModel(BertConfig(vocab_size=vocabulary, **SIZES)),
    "xlm-roberta": lambda vocabulary: XLMRobertaModel(XLMRobertaConfig(vocab_size=vocabulary, **SIZES)),
    "distilbert": lambda vocabulary: DistilBertModel(
        DistilBertConfig(vocab_size=vocabulary, dim=32, n_layers=2, n_heads=4, hidden_dim=48)
    ),
}
TEXTS = [" ".join(WORDS[:count] * repeats) for count in (1, 3, 7, 13) for repeats in (1, 2, 9)]


def _random_model(architecture: str, folder: Path) -> SentenceTransformer:
    """Return a model of random weights that knows a dozen words."""
    special = ["<s>", "<pad>", "</s>", "<unk>"]  # the padding's place is the one that XLM-R counts positions from
    vocabulary = {word: number for number, word in enumerate([*special, *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    torch.manual_seed(0)
    ARCHITECTURES[architecture](len(vocabulary)).save_pretrained(folder)  # type: ignore[no-untyped-call]
    PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        unk_token="<unk>",
        model_max_length=128,
    ).save_pretrained(folder)
    return SentenceTransformer(modules=[Transformer(str(folder)), Pooling(32)], device="cpu")


@pytest.mark.parametrize("architecture", ["bert", "xlm-roberta"])
def test_packed_texts_have_the_vectors_that_they_have_alone(architecture: str, tmp_path: Path) -> None:
    model = _random_model(architecture, tmp_path)
    alone = np.concatenate([model.encode([text]) for text in TEXTS])
    assert pack_passes(model)
    assert np.abs(model.encode(TEXTS) - alone).max() < 1e-5
    assert np.abs(np.concatenate([model.encode([text]) for text in TEXTS]) - alone).max() < 1e-5


def test_the_order_of_the_texts_in_a_pass_is_without_matter(tmp_path: Path) -> None:
    model = _random_model("bert", tmp_path)
    assert pack_passes(model)
    assert np.abs(model.encode(TEXTS)[::-1] - model.encode(TEXTS[::-1])).max() < 1e-5


def test_an_architecture_of_which_nothing_is_known_is_left_alone(tmp_path: Path) -> None:
    model = _random_model("distilbert", tmp_path)
    before = model.encode(TEXTS)
    assert not pack_passes(model)
    assert np.array_equal(model.encode(TEXTS), before)


def _packs(embedding: EmbeddingModel) -> bool:
    return bool(embedding._embedding._model[0].can_flatten_inputs)  # type: ignore[attr-defined]


def test_the_model_that_comes_with_the_install_packs(
    embedding: EmbeddingModel, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    texts = ["长" * 500, "The library opens at eight.", "", "食堂三楼供应清真餐。" * 9, "第十二条 GPA≥3.0"]
    alone = np.concatenate([embedding.embed_passages([text]) for text in texts])
    together = embedding.embed_passages(texts)
    assert ((together * alone).sum(axis=1) > 0.9999).all()
    monkeypatch.setattr(loading, "pack_passes", lambda _model: False)
    folder = tmp_path_factory.getbasetemp() / "models0"  # where the fixture has converted the model already
    padded = load_embedding(EmbeddingSettings(), folder)
    assert ((together * padded.embed_passages(texts)).sum(axis=1) > 0.9999).all()
    assert [_packs(embedding), _packs(padded)] == [True, False]


def test_passes_that_run_at_once_give_the_same_vectors(embedding: EmbeddingModel) -> None:
    texts = [f"第{number}条 The library opens at eight. " + "食堂供应清真餐。" * (number % 40) for number in range(150)]
    together = embedding.embed_passages(texts)
    for _ in range(3):  # threads that share a tokenizer may fail now and then
        assert ((embedding.embed_passages(texts, lanes=3) * together).sum(axis=1) > 0.9999).all()


@given(st.integers(1, 5000))
def test_a_pass_is_a_multiple_of_the_window_and_little_longer_than_its_texts(tokens: int) -> None:
    assert tokens <= rounded(tokens) < tokens + max(WINDOW, tokens / 2)
    assert rounded(tokens) % WINDOW == 0


def test_passes_have_few_lengths() -> None:
    assert len({rounded(tokens) for tokens in range(1, 4097)}) <= 26
