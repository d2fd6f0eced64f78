"""Texts of any lengths in one forward pass: one behind the other, none padded to the longest.

On a processor a padded pass costs more than its arithmetic: the padding itself, and a kernel that oneDNN compiles for
each shape it has not seen, which is most of them where documents come one by one. A packed pass has no padding, its
length is rounded up to one of few, and so is what each text attends to. Documents of a dozen passages take half the
time (docs/quality.md).

sentence-transformers packs and pools (it does so for FlashAttention on a GPU); what it lacks on a processor is an
attention that keeps the texts of a pass apart, which is given here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules.transformer import Transformer
from torch.nn.functional import pad, scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface, DataCollatorWithFlattening

ATTENTION = "packed_on_processor"
PACKED_TYPES = frozenset({"bert", "xlm-roberta"})
"""Of these architectures it is known that packed vectors are those of texts embedded alone (tested)."""
ROUNDED = ((256, 32), (1024, 128))
"""Passes of up to so many tokens are rounded up to a multiple of the second number,"""
ROUNDED_LONG = 256
"""longer ones to a multiple of this."""
WINDOW = 32
"""Attention is over a multiple of so many tokens, as every pass is: other numbers take it nearly twice the time, and
memory for a kernel each."""


def pack_passes(model: SentenceTransformer) -> bool:
    """Let the model embed each batch in one packed pass. Returns False, with nothing changed, where that is not known
    to give the same vectors."""
    transformer = model[0]
    if not isinstance(transformer, Transformer) or transformer.config.model_type not in PACKED_TYPES:
        return False
    transformer.model.set_attn_implementation(ATTENTION)
    collator = DataCollatorWithFlattening(return_flash_attn_kwargs=True)  # type: ignore[no-untyped-call]
    transformer.data_collator = collator
    # Positions begin at 0 or, in the family of RoBERTa, behind the padding's.
    transformer._flatten_position_offset = transformer._infer_flatten_position_offset()
    if transformer.model_forward_params is not None:
        transformer.model_forward_params |= {"cu_seq_lens_q"}
    transformer.can_flatten_inputs = True
    # sentence-transformers calls `forward` itself, so that torch's hooks around a module would not run.
    encoder = transformer.model
    encoder.forward = partial(_forward, encoder.forward, next(encoder.parameters()).dtype)
    return True


def rounded(tokens: int) -> int:
    """Return how long a pass of so many tokens is."""
    step = next((step for most, step in ROUNDED if tokens <= most), ROUNDED_LONG)
    return -(-tokens // step) * step


@dataclass(frozen=True, slots=True)
class _Window:
    """Where a text stands in its pass, and the tokens around it that are attended with it: as many as there are in
    windows of other texts, too. `mask` takes out those that are not the text's."""

    tokens: slice
    text: slice
    text_in_window: slice
    mask: torch.Tensor | None


def _windows(bounds: Sequence[int], pass_tokens: int, dtype: torch.dtype) -> list[_Window]:
    windows = []
    for begin, end in pairwise(bounds):
        size = -(-(end - begin) // WINDOW) * WINDOW
        first = min(begin, pass_tokens - size)
        within = slice(begin - first, end - first)
        mask = None
        if size != end - begin:
            mask = torch.full((1, 1, 1, size), -torch.inf, dtype=dtype)
            mask[..., within] = 0
        windows.append(_Window(slice(first, first + size), slice(begin, end), within, mask))
    return windows


def _forward(
    forward: Callable[..., Any],
    dtype: torch.dtype,
    *,
    input_ids: torch.Tensor,
    position_ids: torch.Tensor,
    cu_seq_lens_q: torch.Tensor,
    **named: Any,
) -> Any:
    """Call the encoder's own `forward` with the pass filled up by tokens that belong to no text, and leave them out
    of what it gives."""
    given = input_ids.shape[1]
    tokens = rounded(given)
    missing = (0, tokens - given)
    output = forward(
        input_ids=pad(input_ids, missing),
        position_ids=pad(position_ids, missing, value=int(position_ids[0, 0])),
        windows=_windows(cu_seq_lens_q.tolist(), tokens, dtype),
        **named,
    )
    output.last_hidden_state = output.last_hidden_state[:, :given]
    return output


def _attend(
    _module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    _mask: torch.Tensor | None,
    *,
    windows: Sequence[_Window],
    scaling: float | None = None,
    **_unused: Any,
) -> tuple[torch.Tensor, None]:
    """Attend within each text. The three are (1, heads, tokens, width), the result (1, tokens, heads, width)."""
    attended = torch.zeros_like(query)
    for window in windows:
        q, k, v = (states[:, :, window.tokens] for states in (query, key, value))
        found = scaled_dot_product_attention(q, k, v, attn_mask=window.mask, scale=scaling)
        attended[:, :, window.text] = found[:, :, window.text_in_window]
    return attended.transpose(1, 2).contiguous(), None


def _no_mask(*_arguments: Any, **_named: Any) -> None:
    """Return no mask: the texts' bounds say all."""


AttentionInterface.register(ATTENTION, _attend)
AttentionMaskInterface.register(ATTENTION, _no_mask)
