"""Searching without answering: settings tried out, and why a passage was found."""

from __future__ import annotations

from typing import Any

import httpx

from tests.integration.api.conftest import ReadAll, Rules, upload

RULES_OF_SEVERAL = {
    "transfer": "# 转专业\n\n申请转专业的学生，第一学年平均绩点不得低于3.0。",
    "grades": "# 成绩\n\n平均绩点按课程学分加权计算，每学期公布一次。",
    "library": "# 图书馆\n\n本科生一次最多可以借阅二十册图书。",
    "fees": "# 学费\n\n转专业的学生按新专业的标准缴纳学费。",
}


def search(client: httpx.Client, rules: Rules, **more: Any) -> httpx.Response:
    return client.post(
        "/api/v1/searches", json={"query": "转专业 平均绩点", "knowledge_base_ids": [rules.base], **more}
    )


def test_each_hit_says_where_each_stage_placed_it_and_which_words_matched(reader: httpx.Client, rules: Rules) -> None:
    found = search(reader, rules, explain=True).json()
    assert len(found["explanations"]) == len(found["hits"]) > 0
    best, why = found["hits"][0], found["explanations"][0]
    assert why["places"]["fused"] == 1
    assert why["places"]["dense"] is not None
    assert why["places"]["sparse"] is not None
    assert "绩点" in "".join(best["text"][match["start"] : match["end"]] for match in why["matches"])
    assert search(reader, rules).json()["explanations"] == []


def test_other_weights_give_other_scores_for_this_search_only(editor: httpx.Client, read_all: ReadAll) -> None:
    answer = editor.post("/api/v1/knowledge-bases", json={"name": "Weights"})
    several = Rules(answer.json()["id"], "", "")
    for name, text in RULES_OF_SEVERAL.items():
        upload(editor, several.base, (f"{name}.md", text.encode()))
    read_all(several.base)

    def fused(**settings: Any) -> list[float]:
        found = search(editor, several, **({"settings": settings} if settings else {})).json()
        return [hit["scores"]["fused"] for hit in found["hits"]]

    usual = fused()
    assert len(usual) == len(RULES_OF_SEVERAL)
    by_words = dict.fromkeys(("dense_weight", "feedback_weight", "feedback_words_weight"), 0)
    words_only = search(editor, several, settings=by_words).json()["hits"]
    order = [hit["scores"]["sparse"] or 0 for hit in words_only]
    assert order == sorted(order, reverse=True)
    for name in by_words:
        assert fused(**{name: 0}) != usual, name
    assert fused() == usual
    assert search(editor, several, settings={"dense_weight": 2}).status_code == 422
    assert search(editor, several, settings={"no_such": 1}).status_code == 422


def test_a_filter_of_the_request_narrows_what_is_searched(reader: httpx.Client, rules: Rules) -> None:
    def count(**filters: Any) -> int:
        answer = search(reader, rules, filters=filters)
        answer.raise_for_status()
        return len(answer.json()["hits"])

    assert count() == count(document_ids=[rules.id]) == count(formats=["markdown", "md"]) > 0
    assert count(added_from="2000-01-01T00:00:00Z") > 0
    assert count(added_until="2000-01-01T00:00:00Z") == 0
    assert count(document_ids=["00000000-0000-0000-0000-000000000000"]) == 0
    assert count(tags=["no such tag"]) == count(folder="no such folder") == count(formats=["xlsx"]) == 0
    assert search(reader, rules, filters={"added_from": "2000-01-01T00:00:00"}).status_code == 422
    assert search(reader, rules, filters={"colour": "red"}).status_code == 422


def test_neighbours_come_when_asked_for_and_reranking_seconds_only_where_there_is_a_reranker(
    reader: httpx.Client, rules: Rules
) -> None:
    plain = search(reader, rules).json()
    assert not any(hit["before"] or hit["after"] for hit in plain["hits"])
    assert plain["timings"]["reranking"] is None
    around = search(reader, rules, neighbours=True).json()["hits"]
    assert len(around) == 1 or any(hit["before"] or hit["after"] for hit in around)
