"""Passages through llama-index's types: a Document in, a NodeParser between, TextNodes out.

The NodeParser is ours unless `ingest.node_parser` names another one.
"""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Sequence
from typing import Any

from llama_index.core.node_parser import NodeParser
from llama_index.core.schema import (
    BaseNode,
    Document,
    MetadataMode,
    NodeRelationship,
    TextNode,
)
from pydantic import PrivateAttr

from ingest.passage_context import Tokenizer, heading_paths
from ingest.readers import from_llama_documents
from ingest.splitting import Limits, split
from kb_platform.domain.chunk import Chunk
from kb_platform.domain.document import ParsedDocument
from kb_platform.domain.errors import SettingsError
from kb_platform.settings import IngestSettings

__all__ = ["StructureNodeParser", "from_llama_documents", "split_into_chunks", "to_llama_document"]

_PARSED = "parsed"


def to_llama_document(parsed: ParsedDocument) -> Document:
    """Return the document as llama-index knows it: its canonical text, and its structure for our NodeParser."""
    return Document(
        text=parsed.text,
        metadata={"title": parsed.title, _PARSED: parsed},
        excluded_embed_metadata_keys=[_PARSED],
        excluded_llm_metadata_keys=[_PARSED],
    )


class StructureNodeParser(NodeParser):
    """Splits Documents by their structure (`ingest.splitting`), sized in the embedding model's tokens.

    Documents of other readers, which bring no structure, are split by their paragraphs. Nodes carry offsets, and
    `heading_path`, `context` and `token_count` as metadata.
    """

    chunk_tokens: int
    include_metadata: bool = False
    _tokenizer: Tokenizer = PrivateAttr()

    def __init__(self, tokenizer: Tokenizer, chunk_tokens: int, **options: Any) -> None:
        super().__init__(chunk_tokens=chunk_tokens, **options)
        self._tokenizer = tokenizer

    @classmethod
    def class_name(cls) -> str:
        return "StructureNodeParser"

    def _parse_nodes(
        self,
        nodes: Sequence[BaseNode],
        show_progress: bool = False,  # noqa: ARG002 - the base class's signature
        **_options: Any,
    ) -> list[BaseNode]:
        limits = Limits.of(self.chunk_tokens, self._tokenizer.max_tokens)
        made: list[BaseNode] = []
        for node in nodes:
            parsed = node.metadata.get(_PARSED)
            if not isinstance(parsed, ParsedDocument):
                text = node.get_content(metadata_mode=MetadataMode.NONE)
                parsed = from_llama_documents([Document(text=text)], node.node_id)
            source = node.as_related_node_info()
            made.extend(
                TextNode(
                    text=chunk.text,
                    start_char_idx=chunk.start,
                    end_char_idx=chunk.end,
                    metadata={
                        "heading_path": chunk.heading_path,
                        "context": chunk.context,
                        "token_count": chunk.token_count,
                    },
                    relationships={NodeRelationship.SOURCE: source},
                )
                for chunk in split(parsed, self._tokenizer, limits)
            )
        return made

    def _postprocess_parsed_nodes(
        self,
        nodes: list[BaseNode],
        parent_doc_map: dict[str, Document],  # noqa: ARG002 - the base class's signature
    ) -> list[BaseNode]:
        """Link neighbours. Offsets are right already; the base class would search the text for each node."""
        for left, right in itertools.pairwise(nodes):
            if left.ref_doc_id == right.ref_doc_id:
                left.relationships[NodeRelationship.NEXT] = right.as_related_node_info()
                right.relationships[NodeRelationship.PREVIOUS] = left.as_related_node_info()
        return nodes


def split_into_chunks(parsed: ParsedDocument, embedding: Tokenizer, settings: IngestSettings) -> list[Chunk]:
    """Return the document's passages in order, each exactly a slice of its canonical text.

    Raises SettingsError when `ingest.node_parser` names a parser that cannot be used or that changes the text.
    """
    if not settings.node_parser:
        return split(parsed, embedding, Limits.of(settings.chunk_tokens, embedding.max_tokens))
    nodes = _load_node_parser(settings).get_nodes_from_documents([to_llama_document(parsed)])
    return _chunks_of_nodes(nodes, parsed, embedding, settings)


def _load_node_parser(settings: IngestSettings) -> NodeParser:
    module_name, _, class_name = settings.node_parser.rpartition(".")
    try:
        made = getattr(importlib.import_module(module_name), class_name)()
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise SettingsError(f"ingest.node_parser: {settings.node_parser} cannot be used ({error})") from error
    if not isinstance(made, NodeParser):
        raise SettingsError(f"ingest.node_parser: {settings.node_parser} is no llama-index NodeParser")
    return made


def _chunks_of_nodes(
    nodes: Sequence[BaseNode], parsed: ParsedDocument, embedding: Tokenizer, settings: IngestSettings
) -> list[Chunk]:
    paths = heading_paths(parsed)
    ends = [block.end for block in parsed.blocks]
    chunks: list[Chunk] = []
    for node in nodes:
        assert isinstance(node, TextNode)
        text, start = node.text, node.start_char_idx
        if start is None or parsed.text[start : start + len(text)] != text:
            raise SettingsError(
                f"ingest.node_parser: {settings.node_parser} changes the text; its nodes cannot be cited"
            )
        if not text.strip():
            continue
        at = next((number for number, end in enumerate(ends) if end > start), len(ends) - 1)
        path = paths[at]
        context = " > ".join(title for title in dict.fromkeys((parsed.title, *path)) if title)
        chunks.append(
            Chunk(
                ordinal=len(chunks),
                start=start,
                end=start + len(text),
                text=text,
                heading_path=path,
                context=context,
                token_count=embedding.count_tokens(text),
            )
        )
    return chunks
