"""Weights that are put in order once: the same product, and nothing where it is not possible."""

from __future__ import annotations

import pytest
import torch

from kb_platform.embedding import EmbeddingModel, load_embedding, loading
from kb_platform.embedding.prepared_weights import prepare_weights
from kb_platform.settings import EmbeddingSettings

WIDTHS = (64, 96, 48)
TEXTS = ["第十二条　转专业须修满一学年。", "The library opens at eight.", "食堂三楼供应清真餐。" * 30]


def _layers(dtype: torch.dtype) -> torch.nn.Sequential:
    torch.manual_seed(0)
    inner, outer = torch.nn.Linear(*WIDTHS[:2]), torch.nn.Linear(*WIDTHS[1:], bias=False)
    return torch.nn.Sequential(torch.nn.Sequential(inner, torch.nn.GELU()), outer).to(dtype).eval()


@pytest.mark.parametrize("texts", [1, 3, 17, 300])
def test_the_product_is_the_same_but_for_rounding(texts: int) -> None:
    layers = _layers(torch.bfloat16)
    states = torch.randn(2, texts, WIDTHS[0], dtype=torch.bfloat16)
    with torch.inference_mode():
        expected = layers(states)
        if not prepare_weights(layers):
            pytest.skip("this processor or this torch has no bfloat16 product with prepared weights")
        torch.testing.assert_close(layers(states), expected, rtol=0.02, atol=0.02)


def test_other_number_types_are_left_alone() -> None:
    layers = _layers(torch.float32)
    assert prepare_weights(layers) == 0
    assert isinstance(layers[1], torch.nn.Linear)


def test_a_torch_without_these_operators_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kb_platform.embedding.prepared_weights._is_possible", lambda: False)
    layers = _layers(torch.bfloat16)
    assert prepare_weights(layers) == 0
    assert isinstance(layers[1], torch.nn.Linear)


def test_vectors_of_the_model_are_the_same_but_for_rounding(
    embedding: EmbeddingModel, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setattr(loading, "prepare_weights", lambda _model: 0)
    folder = tmp_path_factory.getbasetemp() / "models0"  # where the fixture has converted the model already
    plain = load_embedding(EmbeddingSettings(), folder)
    same = (plain.embed_passages(TEXTS) * embedding.embed_passages(TEXTS)).sum(axis=1)
    assert (same > 0.9999).all()
