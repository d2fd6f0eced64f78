"""A model that reads a passage's words and a sentence together and says whether the one follows from the other: a
cross-encoder trained on natural language inference, where one is configured (Bowman and others 2015)."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kb_platform.domain.errors import SettingsError
from kb_platform.settings import AnsweringSettings

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder
    from torch import Tensor

MOST_TOKENS = 512


@dataclass(frozen=True, slots=True)
class Judgement:
    """Probabilities (0..1) that the evidence says what the claim says, and that it says the contrary."""

    entails: float
    contradicts: float


class EntailmentModel:
    """A sentence-transformers cross-encoder in this process. Threads may share it."""

    def __init__(self, model: CrossEncoder, entails: int, contradicts: int | None) -> None:
        self._model = model
        self._entails = entails
        self._contradicts = contradicts
        self._lock = threading.Lock()

    def judge(self, evidence: Sequence[str], claim: str) -> list[Judgement]:
        """Return what the model thinks of the claim before each of the texts."""
        with self._lock:
            rows = self._model.predict(
                [(text, claim) for text in evidence], activation_fn=_as_it_is, show_progress_bar=False
            )
        return [self._judgement([float(value) for value in row]) for row in rows.reshape(len(evidence), -1)]

    def _judgement(self, logits: list[float]) -> Judgement:
        if len(logits) == 1:
            return Judgement(1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, logits[0])))), 0.0)
        highest = max(logits)
        weights = [math.exp(logit - highest) for logit in logits]
        shares = [weight / sum(weights) for weight in weights]
        return Judgement(shares[self._entails], 0.0 if self._contradicts is None else shares[self._contradicts])


def load_entailment(settings: AnsweringSettings) -> EntailmentModel | None:
    """Return the configured model, None where there is none. Raises SettingsError when it cannot be loaded, or when
    its labels do not tell which of them is entailment."""
    name = settings.entailment_model
    if not name:
        return None
    from sentence_transformers import CrossEncoder

    try:
        model = CrossEncoder(name, device=settings.entailment_device or None, max_length=MOST_TOKENS)
    except (OSError, ValueError) as error:
        raise SettingsError(f"The entailment model {name!r} cannot be loaded: {error}") from error
    labels = {str(label).lower(): int(number) for label, number in (model.config.label2id or {}).items()}
    if model.config.num_labels == 1:
        return EntailmentModel(model, 0, None)
    entails = [number for label, number in labels.items() if label.startswith("entail")]
    if len(entails) != 1:
        raise SettingsError(
            f"The entailment model {name!r} has the labels {', '.join(labels) or 'none'}: take one that was trained on "
            "natural language inference and names one of them entailment."
        )
    contradicts = [number for label, number in labels.items() if label.startswith("contradict")]
    return EntailmentModel(model, entails[0], contradicts[0] if contradicts else None)


def _as_it_is(logits: Tensor) -> Tensor:
    return logits
