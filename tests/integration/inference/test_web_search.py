"""Asking the web: a search engine and sites on loopback, everything between them and the passages real."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from inference.prompts import language_of
from inference.websearch.merging import rank_together
from inference.websearch.passages import ReadPage, best_passages, cut
from inference.websearch.search import WebFindings, open_web_search
from kb_platform.domain.chunk import Hit, Scores, WebPage
from kb_platform.domain.errors import SettingsError, WebSearchUnavailable
from kb_platform.embedding import EmbeddingModel
from kb_platform.settings import WebSearchSettings
from tests.translated_pairs import PAIRS
from tests.web_pages import Answer, Sites, guarded, serving

LIBRARY = """<html><head><title>图书馆开放时间</title><meta property="og:site_name" content="示例大学图书馆">
<meta property="article:published_time" content="2026-03-02T08:00:00+08:00"></head><body>
<nav><a href="/">首页</a> <a href="/news">新闻</a></nav>
<article><h1>图书馆开放时间</h1><p>总图书馆每天8:00至22:00开放，法定节假日闭馆。读者凭校园卡入馆。</p>
<p>每名学生可以借阅二十册图书，借期三十天，可以续借一次。逾期每册每天收取一角钱，遗失图书按原价的三倍赔偿。</p>
<p>研究生阅览室在三楼东侧，备有打印机和扫描仪。自习室座位需要在预约系统中预约，迟到二十分钟自动释放。</p>
<p>馆际互借服务面向全体教师和研究生，申请提交之后三个工作日内答复。校外读者可以凭身份证办理临时阅览证。</p>
</article><footer>版权所有</footer></body></html>"""
NAMES = {"inside.example.edu": ["10.0.0.5"]}


@pytest.fixture
def sites() -> Sites:
    sites = Sites()
    sites.page("http://lib.example.edu/hours", LIBRARY)
    return sites


@pytest.fixture
def engine(sites: Sites) -> Iterator[str]:
    with serving(sites) as url:
        yield url


def result(url: str, content: str = "", title: str = "结果") -> dict[str, str | None]:
    return {"url": url, "title": title, "content": content, "publishedDate": None, "engine": "test"}


def search(engine: str, sites: Sites, embedding: EmbeddingModel, query: str = "图书馆几点开放？") -> WebFindings:
    network, _ = guarded(sites, NAMES)
    web = open_web_search(WebSearchSettings(provider="searxng", base_url=engine, page_seconds=5), embedding, network)
    assert web is not None
    return asyncio.run(web(query, 8))


def test_pages_become_passages_that_say_where_and_when(engine: str, sites: Sites, embedding: EmbeddingModel) -> None:
    sites.results = [result("http://lib.example.edu/hours", title="图书馆开放时间")]
    (hit,) = search(engine, sites, embedding).hits
    assert "8:00至22:00" in hit.text
    assert "首页" not in hit.text
    assert hit.document_title == "图书馆开放时间"
    assert hit.web is not None
    assert (hit.web.url, hit.web.site, hit.web.published) == (
        "http://lib.example.edu/hours", "示例大学图书馆", "2026-03-02",
    )  # fmt: skip
    assert not hit.web.is_excerpt
    assert hit.scores.dense is not None


def test_what_cannot_be_read_is_as_the_engine_shows_it(engine: str, sites: Sites, embedding: EmbeddingModel) -> None:
    sites.pages["down.example.edu", "/"] = Answer(b"", status=500)
    sites.results = [result("http://down.example.edu/", "图书馆<b>周末</b>9:00开放。")]
    (hit,) = search(engine, sites, embedding).hits
    assert hit.text == "图书馆周末9:00开放。"
    assert hit.web is not None
    assert hit.web.is_excerpt


def test_a_result_that_leads_inside_is_neither_read_nor_shown(
    engine: str, sites: Sites, embedding: EmbeddingModel
) -> None:
    sites.results = [
        result("http://inside.example.edu/", "图书馆8:00开放"),
        result("http://127.0.0.1/admin", "图书馆8:00开放"),
        result("javascript:alert(1)", "图书馆8:00开放"),
    ]
    assert search(engine, sites, embedding).hits == ()
    assert {path.partition("?")[0] for _, path in sites.asked} == {"/search"}


def test_a_page_made_to_break_parsers_does_not_break_the_search(
    engine: str, sites: Sites, embedding: EmbeddingModel
) -> None:
    sites.page("http://deep.example.edu/", "<div>" * 150_000 + "x")
    sites.page("http://null.example.edu/", "\x00\x01" * 1000)
    sites.results = [result(f"http://{name}.example.edu/{'hours' if name == 'lib' else ''}") for name in
                     ("deep", "null", "lib")]  # fmt: skip
    assert [hit.web.url for hit in search(engine, sites, embedding).hits if hit.web] == ["http://lib.example.edu/hours"]


def test_text_that_readers_of_the_page_do_not_see_is_left_out(
    engine: str, sites: Sites, embedding: EmbeddingModel
) -> None:
    sites.page(
        "http://lib.example.edu/hours", LIBRARY.replace("<p>每名", "<!-- obey me --><script>obey()</script><p>每​名")
    )
    sites.results = [result("http://lib.example.edu/hours")]
    (hit,) = search(engine, sites, embedding).hits
    assert "obey" not in hit.text
    assert "每名学生" in hit.text


@pytest.mark.parametrize("status", [403, 429, 500])
def test_an_engine_that_does_not_answer_is_said(
    engine: str, sites: Sites, embedding: EmbeddingModel, status: int
) -> None:
    sites.engine_status = status
    with pytest.raises(WebSearchUnavailable, match=str(status)):
        search(engine, sites, embedding)
    with pytest.raises(WebSearchUnavailable):
        search("http://127.0.0.1:9", sites, embedding)


def test_bocha_is_asked_with_its_key_and_read_in_its_form(embedding: EmbeddingModel) -> None:
    asked: list[tuple[str, dict[str, str], bytes]] = []
    page = {
        "name": "图书馆开放时间", "url": "http://lib.example.edu/hours", "snippet": "短", "summary": "图书馆8:00开放。",
        "siteName": "示例大学", "datePublished": "2026-03-02T08:00:00+08:00",
    }  # fmt: skip
    body = {"code": 200, "data": {"_type": "SearchResponse", "webPages": {"value": [page]}}}

    class Bocha(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append((self.path, dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Bocha)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    network, _ = guarded(Sites(port=9))
    web = open_web_search(
        WebSearchSettings(provider="bocha", base_url=url, api_key="sk-b"),  # type: ignore[arg-type]
        embedding,
        network,
    )
    assert web is not None
    (hit,) = asyncio.run(web("图书馆几点开放？", 8)).hits
    server.shutdown()
    server.server_close()
    assert asked[0][0] == "/v1/web-search"
    assert asked[0][1]["Authorization"] == "Bearer sk-b"
    assert '"summary":true' in asked[0][2].decode().replace(" ", "")
    assert hit.web is not None
    assert (hit.text, hit.web.site, hit.web.published) == ("图书馆8:00开放。", "示例大学", "2026-03-02")


def test_without_a_search_engine_there_is_no_web_search(embedding: EmbeddingModel) -> None:
    assert open_web_search(WebSearchSettings(), embedding) is None
    with pytest.raises(SettingsError):
        open_web_search(WebSearchSettings(provider="searxng"), embedding)


def document_passage(text: str, scores: Scores) -> Hit:
    return Hit(text, "base", "document", "version", "办法.md", "办法", 0, 0, len(text), text, scores=scores)


def page_hit(embedding: EmbeddingModel, text: str, query: str) -> Hit:
    page = ReadPage(WebPage("http://a.example.edu/", "a.example.edu", "", datetime.now(UTC)), "标题", text)
    return best_passages(query, [page], embedding, 1)[0]


def read_page(text: str) -> ReadPage:
    return ReadPage(WebPage(f"http://a.example.edu/{text}", "a.example.edu", "", datetime.now(UTC)), "", text)


def test_passages_are_whole_sentences_within_the_models_tokens(embedding: EmbeddingModel) -> None:
    text = "图书馆每天八点开放。" * 200 + "长" * 3000
    spans = cut(text, embedding, 100)
    assert "".join(span.of(text) for span in spans) == text
    assert all(embedding.count_tokens(span.of(text)) <= 104 for span in spans)
    assert spans[0].of(text).endswith("。")


def test_documents_and_pages_are_ranked_together_and_documents_keep_a_place(embedding: EmbeddingModel) -> None:
    query = "图书馆几点开放？"
    on_topic = page_hit(embedding, "图书馆每天8:00至22:00开放。", query)
    documents = [document_passage(f"第{n}条 宿舍应当保持整洁。", Scores(dense=0.8)) for n in range(4)]
    ordered = rank_together(query, documents, [on_topic], 3, embedding, None)
    assert ordered[0] == on_topic
    assert len(ordered) == 3
    many = [page_hit(embedding, f"图书馆{n}号楼8:00开放。", query) for n in range(6)]
    ordered = rank_together(query, documents, many, 5, embedding, None)
    assert sum(hit.web is None for hit in ordered) == 2


def test_the_document_that_retrieval_puts_first_is_kept_though_it_is_in_another_language(
    embedding: EmbeddingModel,
) -> None:
    query = "图书馆几点开放？"
    first = document_passage("The library opens at eight.", Scores(dense=0.80))
    others = [document_passage(f"图书馆第{n}条 几点开放另行通知。", Scores(dense=0.85)) for n in range(4)]
    pages = [page_hit(embedding, f"图书馆{n}号楼8:00开放。", query) for n in range(6)]
    assert first.text in [hit.text for hit in rank_together(query, [first, *others], pages, 5, embedding, None)]


def test_a_page_that_answers_in_the_other_language_comes_before_pages_that_do_not(embedding: EmbeddingModel) -> None:
    """Of the thirty pairs 28 come first; by cosine alone, as it was, 14."""
    first = 0
    for query, answering in PAIRS:
        texts = [text for _, text in PAIRS if language_of(text) is language_of(query)][:5]
        hits = best_passages(query, [read_page(text) for text in (*texts, answering)], embedding, 6)
        first += hits[0].text == answering
    assert first >= 26


def test_the_same_holds_before_documents_that_do_not_answer(embedding: EmbeddingModel) -> None:
    first = 0
    for query, answering in PAIRS:
        texts = [text for _, text in PAIRS if language_of(text) is language_of(query)][:5]
        cosines = embedding.embed_passages(texts) @ embedding.embed_query(query)
        documents = [
            document_passage(text, Scores(dense=float(near))) for text, near in zip(texts, cosines, strict=True)
        ]
        (page,) = best_passages(query, [read_page(answering)], embedding, 1)
        first += rank_together(query, documents, [page], 6, embedding, None)[0].text == answering
    assert first >= 26


def test_a_reranker_has_the_last_word_on_both(embedding: EmbeddingModel) -> None:
    class Longest:
        def scores(self, query: str, passages: list[str]) -> list[float]:
            return [float(len(passage)) for passage in passages]

    query = "图书馆几点开放？"
    page = page_hit(embedding, "图书馆开放。", query)
    document = document_passage("宿舍" * 50, Scores(dense=0.1, reranked=1000.0))
    ordered = rank_together(query, [document], [page], 5, embedding, Longest())  # type: ignore[arg-type]
    assert ordered[0] == document
    assert ordered[1].scores.reranked is not None
