"""An entailment model judges citations: real cross-encoders of random weights, some with a last layer set by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

from inference.citations import AnswerSentence, check_sentence
from inference.entailment import EntailmentModel, load_entailment
from kb_platform.domain.answer import Source, Support
from kb_platform.domain.chunk import Hit
from kb_platform.domain.errors import SettingsError
from kb_platform.settings import AnsweringSettings

TEXT = "the library opens at eight and a student may borrow books"
LABELS = ("contradiction", "entailment", "neutral")


def make_checkpoint(folder: Path, labels: tuple[str, ...], says: str = "") -> Path:
    """Write a cross-encoder of random weights with these labels; `says`: the label that it always gives."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted(set(TEXT.split()))]
    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(words))
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=128,
        num_labels=len(labels),
        id2label=dict(enumerate(labels)),
        label2id={label: number for number, label in enumerate(labels)},
    )
    model = BertForSequenceClassification(config)
    if says:
        with torch.no_grad():
            model.classifier.bias.copy_(torch.tensor([9.0 if label == says else -9.0 for label in labels]))
    model.save_pretrained(folder)
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


def load(folder: Path) -> EntailmentModel:
    model = load_entailment(AnsweringSettings(entailment_model=str(folder)))
    assert model is not None
    return model


class NoEmbedding:
    name = "none"

    def embed_passages(self, texts: list[str]) -> np.ndarray:
        raise AssertionError("an entailment model needs no embedding")


def checked(claim: str, entailment: EntailmentModel) -> tuple[Support, str]:
    source = Source(1, Hit("1", "k", "d", "v", "n", "t", 0, 0, len(TEXT), TEXT))
    sentence = AnswerSentence(0, len(claim) + 3, f"{claim}[1]", (1,))
    [citation] = check_sentence(sentence, [source], NoEmbedding(), 0.6, entailment)  # type: ignore[arg-type]
    return citation.support, citation.reason


@pytest.mark.parametrize(
    ("says", "support", "reason"),
    [
        ("entailment", Support.SUPPORTED, ""),
        ("neutral", Support.UNSUPPORTED, "the passage does not say this"),
        ("contradiction", Support.UNSUPPORTED, "the passage says the contrary"),
    ],
)
def test_the_model_decides_what_the_rules_let_pass(tmp_path: Path, says: str, support: Support, reason: str) -> None:
    model = load(make_checkpoint(tmp_path / "model", LABELS, says))
    assert checked("whoever studies can take volumes home", model) == (support, reason)


def test_a_number_that_stands_nowhere_is_unsupported_whatever_the_model_says(tmp_path: Path) -> None:
    model = load(make_checkpoint(tmp_path / "model", LABELS, "entailment"))
    assert checked("a student may borrow 12 books", model)[0] is Support.UNSUPPORTED


def test_the_labels_are_read_by_their_names_and_the_shares_add_up(tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path / "model", LABELS)
    first, second = load(folder).judge([TEXT, "books"], "the library opens")
    assert first != second
    logits = load(folder)._model.predict([(TEXT, "the library opens")], activation_fn=torch.nn.Identity())[0]
    shares = np.exp(logits) / np.exp(logits).sum()
    assert (first.contradicts, first.entails) == pytest.approx((shares[0], shares[1]), abs=1e-4)


def test_a_model_of_one_score_gives_it_as_entailment(tmp_path: Path) -> None:
    [judgement] = load(make_checkpoint(tmp_path / "model", ("LABEL_0",))).judge([TEXT], "the library opens")
    assert 0.0 < judgement.entails < 1.0
    assert judgement.contradicts == 0.0


def test_a_model_that_is_not_there_or_not_of_this_kind_is_said_at_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be loaded"):
        load(tmp_path / "nothing")
    with pytest.raises(SettingsError, match="natural language inference"):
        load(make_checkpoint(tmp_path / "stars", ("one", "two", "three")))


def test_nothing_is_loaded_where_nothing_is_configured() -> None:
    assert load_entailment(AnsweringSettings()) is None
