"""llama-index's node postprocessors, plugged in by setting, over what a search found."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import NodeWithScore, TextNode

from kb_platform.domain.chunk import Hit
from kb_platform.domain.errors import SettingsError


def load_postprocessors(settings: Mapping[str, Mapping[str, Any]]) -> list[BaseNodePostprocessor]:
    """Return the postprocessors named by dotted path, each made with its arguments. Raises SettingsError."""
    return [_load(path, arguments) for path, arguments in settings.items()]


def _load(path: str, arguments: Mapping[str, Any]) -> BaseNodePostprocessor:
    module, _, name = path.rpartition(".")
    try:
        made = getattr(importlib.import_module(module), name)(**arguments)
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise SettingsError(f"The node postprocessor {path!r} cannot be made: {error}") from error
    if not isinstance(made, BaseNodePostprocessor):
        raise SettingsError(f"{path!r} is no llama-index node postprocessor")
    return made


def postprocess(postprocessors: Sequence[BaseNodePostprocessor], query: str, hits: Sequence[Hit]) -> list[Hit]:
    """Return the hits that the postprocessors leave, in their order and with the scores that they changed as
    `reranked`. A node that they made themselves is dropped: only passages of the platform can be cited."""
    by_id = {hit.chunk_id: hit for hit in hits}
    nodes = [NodeWithScore(node=_node(hit), score=_score(hit)) for hit in hits]
    for postprocessor in postprocessors:
        nodes = postprocessor.postprocess_nodes(nodes, query_str=query)
    return [_with_score(by_id[node.node_id], node.score) for node in nodes if node.node_id in by_id]


def _node(hit: Hit) -> TextNode:
    metadata = {"document": hit.document_name, "title": hit.document_title, "headings": " › ".join(hit.heading_path)}
    return TextNode(id_=hit.chunk_id, text=hit.text, metadata=metadata)


def _score(hit: Hit) -> float:
    return hit.scores.fused if hit.scores.reranked is None else hit.scores.reranked


def _with_score(hit: Hit, score: float | None) -> Hit:
    if score is None or score == _score(hit):
        return hit
    return replace(hit, scores=replace(hit.scores, reranked=score))
