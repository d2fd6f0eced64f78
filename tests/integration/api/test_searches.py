"""Searching without answering: settings tried out, and why a passage was found."""

from __future__ import annotations

from typing import Any

import httpx

from tests.integration.api.conftest import Rules


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
    assert "绩点" in "".join(best["text"][start:end] for start, end in why["matches"])
    assert search(reader, rules).json()["explanations"] == []


def test_other_weights_give_other_scores_for_this_search_only(reader: httpx.Client, rules: Rules) -> None:
    def fused(**settings: Any) -> list[float]:
        found = search(reader, rules, **({"settings": settings} if settings else {})).json()
        return [hit["scores"]["fused"] for hit in found["hits"]]

    usual = fused()
    words_only = search(reader, rules, settings={"dense_weight": 0, "feedback_weight": 0}).json()["hits"]
    order = [hit["scores"]["sparse"] or 0 for hit in words_only]
    assert order == sorted(order, reverse=True)
    assert fused() == usual
    assert search(reader, rules, settings={"dense_weight": 2}).status_code == 422
    assert search(reader, rules, settings={"no_such": 1}).status_code == 422
