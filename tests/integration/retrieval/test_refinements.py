"""What happens to passages after they were found: repeated ones dropped, neighbours added, reranked, postprocessed."""

from __future__ import annotations

from collections.abc import Sequence

from llama_index.core.postprocessor import SimilarityPostprocessor
from sqlalchemy import update

from kb_platform.database.tables import ChunkRow
from kb_platform.domain.errors import Unavailable
from kb_platform.retrieval import Retriever
from kb_platform.retrieval.reranking import Reranker
from kb_platform.settings import RetrievalSettings
from tests.integration.retrieval.conftest import RULES, House, scope


def test_a_passage_that_only_words_find_still_carries_its_cosine(house: House) -> None:
    base = house.knowledge_base()
    by_words = ["QX-7741", "QX-7741: goulash with paprika and onions, stewed for three hours."]
    by_meaning = ["Where visitors may park their cars, and what its code is.", "Visitors' car parks and their codes."]
    house.document(base, [*by_words, *by_meaning, *(f"Parking place {n} is for visitors." for n in range(30))])
    retriever = Retriever(house.database, house.index, house.embedding, RetrievalSettings(candidates=2))
    ranked = retriever.search("Which parking place for visitors has the code QX-7741?", scope(base), 2).ranked
    assert len(ranked) > 2  # words and vector brought different ones
    assert all(scores.dense is not None for _, scores in ranked)


def test_the_same_words_in_two_documents_are_given_once(house: House) -> None:
    base = house.knowledge_base()
    house.document(base, RULES[:1])
    house.document(base, [RULES[0].replace("，", ", ").replace(" ", "\n")])
    house.document(base, [RULES[0].replace("警告", "记过")])
    found = house.found("第三十二条 违反考试纪律", scope(base))
    assert len(found) == 2
    assert RULES[0].replace("警告", "记过") in found


def test_neighbours_come_with_a_passage_when_asked_for(house: House) -> None:
    base = house.knowledge_base()
    document = house.document(base, RULES[:3])
    search = house.retriever().search
    best = search("第三十三条", scope(base), 1, neighbours=True).hits[0]
    assert (best.before, best.text, best.after) == tuple(RULES[:3])
    first = search("第三十二条", scope(base), 1, neighbours=True).hits[0]
    assert (first.before, first.after) == ("", RULES[1])
    assert search("第三十三条", scope(base), 1).hits[0].before == ""
    house.edit(document, RULES[0], text="第三十二条 已废止。")
    assert search("第三十三条", scope(base), 1, neighbours=True).hits[0].before == "第三十二条 已废止。"
    house.edit(document, RULES[2], is_enabled=False)
    assert search("第三十三条", scope(base), 1, neighbours=True).hits[0].after == ""


class ByLength:
    """Prefers the longest passage."""

    def scores(self, query: str, passages: Sequence[str]) -> list[float]:
        assert query
        return [float(len(passage)) for passage in passages]


class Broken:
    def scores(self, query: str, passages: Sequence[str]) -> list[float]:
        raise Unavailable(f"No answer for {query!r} and {len(passages)} passages.")


def reranked_by(house: House, reranker: Reranker, candidates: int = 30) -> Retriever:
    return Retriever(house.database, house.index, house.embedding, RetrievalSettings(), reranker, candidates)


def test_the_reranker_decides_the_order_and_its_seconds_are_told(house: House) -> None:
    base = house.knowledge_base()
    house.document(base, RULES)
    retriever = reranked_by(house, ByLength())
    found = retriever.search("第三十二条", scope(base), 3)
    assert [hit.text for hit in found.hits] == sorted(RULES, key=len, reverse=True)[:3]
    assert [hit.scores.reranked for hit in found.hits] == [float(len(hit.text)) for hit in found.hits]
    assert found.seconds_reranking is not None
    plain = retriever.search("第三十二条", scope(base), 3, reranking=False)
    assert plain.hits[0].text == RULES[0]
    assert plain.seconds_reranking is None


def test_what_the_reranker_is_not_shown_follows_as_it_was(house: House) -> None:
    base = house.knowledge_base()
    house.document(base, RULES)
    usual = house.found("第三十二条", scope(base))
    found = reranked_by(house, ByLength(), candidates=2).search("第三十二条", scope(base), 20).hits
    assert {hit.text for hit in found[:2]} == set(usual[:2])
    assert [hit.text for hit in found[2:]] == usual[2:]
    assert [hit.scores.reranked for hit in found[2:]] == [None] * (len(usual) - 2)


def test_a_reranker_that_does_not_answer_costs_no_search(house: House) -> None:
    base = house.knowledge_base()
    house.document(base, RULES)
    found = reranked_by(house, Broken()).search("第三十二条", scope(base), 3)
    assert found.hits[0].text == RULES[0]
    assert found.seconds_reranking is None


def test_a_llama_index_postprocessor_has_its_say(house: House) -> None:
    base = house.knowledge_base()
    house.document(base, RULES)
    best, *others = house.retriever().search("CS-101", scope(base), 20).hits
    postprocessor = SimilarityPostprocessor(similarity_cutoff=(best.scores.fused + others[0].scores.fused) / 2)
    retriever = Retriever(
        house.database, house.index, house.embedding, RetrievalSettings(), postprocessors=[postprocessor]
    )
    assert [hit.text for hit in retriever.search("CS-101", scope(base), 20).hits] == [best.text] == RULES[2:3]


def test_passages_of_a_document_need_not_be_found_to_be_neighbours(house: House) -> None:
    base = house.knowledge_base()
    house.document(base, RULES[:2])
    with house.database.writing() as session:
        session.execute(update(ChunkRow).where(ChunkRow.text == RULES[1]).values(ordinal=7))
    assert house.retriever().search("第三十二条", scope(base), 1, neighbours=True).hits[0].after == ""
