"""The seam to llama-index, with the real library."""

from __future__ import annotations

import pytest
from llama_index.core.schema import Document, NodeRelationship, TextNode

from benchmarks.documents import WordTokenizer
from ingest.chunking import StructureNodeParser, from_llama_documents, split_into_chunks, to_llama_document
from kb_platform.domain.document import BlockKind, FileFormat
from kb_platform.domain.errors import NothingReadable, SettingsError
from kb_platform.settings import IngestSettings

from .conftest import ParseFile

TOKENIZER = WordTokenizer()
MARKDOWN = "# Fees\n\n" + "\n\n".join(f"Paragraph {number} says that fees are due." for number in range(80))


def test_our_node_parser_gives_nodes_whose_offsets_are_right(parsed: ParseFile) -> None:
    document = to_llama_document(parsed("a.md", MARKDOWN))
    nodes = StructureNodeParser(TOKENIZER, chunk_tokens=60).get_nodes_from_documents([document])
    assert len(nodes) > 5
    for node in nodes:
        assert isinstance(node, TextNode)
        assert document.text[node.start_char_idx : node.end_char_idx] == node.text
        assert node.ref_doc_id == document.doc_id
    assert nodes[0].relationships[NodeRelationship.NEXT].node_id == nodes[1].node_id  # type: ignore[union-attr]
    assert nodes[3].metadata["heading_path"] == ("Fees",)


def test_our_node_parser_splits_documents_of_any_reader() -> None:
    document = Document(text="First paragraph.\n\nSecond paragraph.")
    nodes = StructureNodeParser(TOKENIZER, chunk_tokens=60).get_nodes_from_documents([document])
    assert [node.get_content() for node in nodes] == [document.text]


def test_documents_of_any_reader_become_a_parsed_document() -> None:
    document = from_llama_documents(
        [Document(text="One.\n\nTwo.", metadata={"page_label": "iv"}), Document(text="Three.")], "book.epub"
    )
    assert document.format == FileFormat.OTHER
    assert [document.block_text(block) for block in document.blocks] == ["One.", "Two.", "Three."]
    assert [(page.number, page.label) for page in document.pages] == [(1, "iv"), (2, "")]
    with pytest.raises(NothingReadable):
        from_llama_documents([], "book.epub")


def test_another_node_parser_can_take_our_place(parsed: ParseFile) -> None:
    document = parsed("a.md", MARKDOWN)
    settings = IngestSettings(node_parser="llama_index.core.node_parser.SentenceSplitter")
    found = split_into_chunks(document, TOKENIZER, settings)
    assert found
    assert all(chunk.text == document.text[chunk.start : chunk.end] for chunk in found)
    assert found[0].heading_path == ("Fees",)


@pytest.mark.parametrize("name", ["json.JSONDecoder", "no.such.Parser", "nonsense"])
def test_a_node_parser_that_is_none_is_named(parsed: ParseFile, name: str) -> None:
    with pytest.raises(SettingsError, match="node_parser"):
        split_into_chunks(parsed("a.md", MARKDOWN), TOKENIZER, IngestSettings(node_parser=name))


def test_without_a_setting_passages_come_from_the_structure(parsed: ParseFile) -> None:
    document = parsed("a.md", MARKDOWN)
    found = split_into_chunks(document, TOKENIZER, IngestSettings(chunk_tokens=60))
    assert document.blocks[0].kind == BlockKind.HEADING
    assert found[0].text.startswith("Fees\n\nParagraph 0")
