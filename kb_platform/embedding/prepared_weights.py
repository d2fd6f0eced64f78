"""Weights in the order in which the processor multiplies them, put so once.

torch's Linear lets oneDNN bring its bfloat16 weights into blocks at each call; of a question's pass that is a third of
the time. The same product with weights in blocks gives the same numbers. The operators are those that torch's own
compiler puts in the place of a Linear whose weights do not change; they have no public name.
"""

from __future__ import annotations

import torch


def prepare_weights(model: torch.nn.Module) -> int:
    """Put a layer with weights in blocks in the place of each bfloat16 Linear of a model that is only read from.
    Returns how many; 0, with nothing changed, where this torch or this processor has no such operator."""
    if not _is_possible():
        return 0
    replaced = 0
    for parent in list(model.modules()):
        for name, layer in parent.named_children():
            if type(layer) is torch.nn.Linear and layer.weight.dtype == torch.bfloat16:
                setattr(parent, name, _PreparedLinear(layer))
                replaced += 1
    return replaced


class _PreparedLinear(torch.nn.Module):
    def __init__(self, layer: torch.nn.Linear) -> None:
        super().__init__()
        self._weight = torch.ops.mkldnn._reorder_linear_weight(layer.weight.detach(), None)
        self._bias = None if layer.bias is None else layer.bias.detach()

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        product: torch.Tensor = torch.ops.mkldnn._linear_pointwise(states, self._weight, self._bias, "none", [], "")
        return product


def _is_possible() -> bool:
    operators = torch.ops.mkldnn
    names = ("_reorder_linear_weight", "_linear_pointwise", "_is_mkldnn_bf16_supported")
    return all(hasattr(operators, name) for name in names) and bool(operators._is_mkldnn_bf16_supported())
