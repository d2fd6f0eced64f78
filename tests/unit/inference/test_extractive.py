"""Choosing and composing quotes: pure, on passages written here."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inference.evidence import RankedQuote, bearing, weigh_passages, worth_giving
from inference.extractive import choose_quotes, compose
from inference.markers import as_plain_text
from inference.quotes import quotes_of
from kb_platform.database.tables import now
from kb_platform.domain.answer import Source
from kb_platform.domain.chunk import Hit, PassageEdit, Scores

E5 = "multilingual-e5-small"


def source(
    number: int,
    text: str,
    dense: float = 0.85,
    start: int = 0,
    other: float | None = None,
    sentence: float | None = None,
) -> Source:
    scores = Scores(dense=dense, dense_other=other, sentence_other=sentence)
    return Source(number, Hit(str(number), "k", "d", "v", "n", "t", 0, start, start + len(text), text, scores=scores))


def ranked(*sources: Source, best: str) -> list[RankedQuote]:
    every = [quote for one in sources for quote in quotes_of(one)]
    scored = [RankedQuote(quote, 10.0 if best in quote.text else 8.0, 0.8, 0.5) for quote in every]
    return sorted(scored, key=lambda item: -item.score)


def test_a_lead_in_brings_its_list() -> None:
    one = source(1, "申请须知。\n申请条件：\n（一）满一年；\n（二）无处分。\n附则。")
    chosen = choose_quotes(ranked(one, best="申请条件"))
    assert [quote.text for quote in chosen] == ["申请条件：", "（一）满一年；", "（二）无处分。"]


def test_only_what_is_about_as_good_as_the_best_is_quoted() -> None:
    one = source(1, "The fee is 5. Birds can fly. Fish can swim.")
    assert [quote.text for quote in choose_quotes(ranked(one, best="fee"))] == ["The fee is 5."]


def test_the_answer_is_the_quotes_with_their_markers_and_exact_evidence() -> None:
    one = source(1, "开放时间为8:00。节假日闭馆。", start=100)
    extract = compose(quotes_of(one))
    assert extract.text == "开放时间为8:00。[1]节假日闭馆。[1]"
    first, second = extract.citations
    assert (first.evidence_start, first.evidence_end) == (100, 110)
    assert extract.text[second.sentence_start : second.sentence_end] == "节假日闭馆。[1]"


def test_of_an_edited_passage_the_editors_words_are_quoted_and_the_evidence_is_the_whole_original_passage() -> None:
    hit = replace(source(1, "费用为120元。每年缴纳。", start=40).hit, end=47, edit=PassageEdit("张老师", now()))
    extract = compose(quotes_of(Source(1, hit))[:1])
    (citation,) = extract.citations
    assert extract.text == "费用为120元。[1]"
    assert citation.edited_words == "费用为120元。"
    assert (citation.evidence_start, citation.evidence_end) == (40, 47)


def test_evidence_is_strong_for_what_the_passage_says_and_weak_for_something_else() -> None:
    passages = [source(1, "图书馆开放时间为每日8:00至22:30，法定节假日闭馆。", dense=0.88)]
    assert weigh_passages("图书馆的开放时间是几点？", passages, E5) > 0.5
    elsewhere = [source(1, "图书馆开放时间为每日8:00至22:30，法定节假日闭馆。", dense=0.78)]
    assert weigh_passages("珠穆朗玛峰有多高？", elsewhere, E5) < 0.1
    assert weigh_passages("图书馆几点开？", [], E5) == 0.0


def test_an_embedding_model_that_was_not_calibrated_is_judged_by_words() -> None:
    passages = [source(1, "The dormitory fee is 1,200 yuan per year.", dense=0.3)]
    assert weigh_passages("How much is the dormitory fee?", passages, "some-other-model") > 0.5
    assert weigh_passages("Who won the world cup?", passages, "some-other-model") < 0.5


def test_a_passage_in_another_language_counts_where_it_lies_nearest() -> None:
    english = source(1, "The dormitory fee is 1,200 yuan per year.", dense=0.86)
    chinese = source(2, "图书馆开放时间为每日8:00至22:30。", dense=0.80)
    assert weigh_passages("宿舍费多少钱？", [english, chinese], E5) > 0.5
    far = source(1, "The dormitory fee is 1,200 yuan per year.", dense=0.79)
    assert weigh_passages("差旅费怎么报销？", [far, chinese], E5) < 0.5


def test_a_passage_in_another_language_counts_where_retrieval_puts_it_first_though_its_cosine_is_lower() -> None:
    english = source(1, "The dormitory fee is 1,200 yuan per year.", dense=0.83)
    chinese = source(2, "图书馆开放时间为每日8:00至22:30。", dense=0.84)
    assert weigh_passages("宿舍费多少钱？", [english, chinese], E5) > 0.5
    assert weigh_passages("宿舍费多少钱？", [chinese, english], E5) < 0.5


@pytest.mark.parametrize(
    ("question", "text", "border"),
    [
        ("宿舍费多少钱？", "The dormitory fee is 1,200 yuan per year.", 0.825),
        ("How much is the dormitory fee?", "住宿费每学年1200元。", 0.845),
    ],
)
def test_a_passage_in_another_language_counts_by_its_nearness_to_the_question_as_it_would_be_there(
    question: str, text: str, border: float
) -> None:
    assert weigh_passages(question, [source(1, text, dense=0.77, other=border + 0.01)], E5) > 0.5
    far = source(1, text, dense=0.84, other=border - 0.04)
    assert weigh_passages(question, [far], E5) < 0.1


def test_one_near_sentence_of_a_passage_in_another_language_is_enough() -> None:
    text = "The library opens at eight. The dormitory fee is 1,200 yuan per year. Pets are not allowed."
    far = source(1, text, dense=0.77, other=0.79)
    near = source(1, text, dense=0.77, other=0.79, sentence=0.86)
    assert weigh_passages("宿舍费多少钱？", [far], E5) < 0.1
    assert weigh_passages("宿舍费多少钱？", [near], E5) > 0.5
    assert bearing("宿舍费多少钱？", [source(2, "图书馆每年一月闭馆。", dense=0.8), near], E5) == [near]


def test_without_a_calibration_the_order_does_not_put_another_language_before_words_that_answer() -> None:
    english = source(1, "The library is closed in January.", dense=0.5)
    chinese = source(2, "宿舍费每年1200元。", dense=0.6)
    assert bearing("宿舍费每年多少钱？", [english, chinese], "some-other-model") == [chinese]


def test_the_evidence_rests_on_the_passages_of_one_language() -> None:
    english = source(1, "The dormitory fee is 1,200 yuan per year.", dense=0.85)
    chinese = source(2, "图书馆每年一月闭馆，多少读者不知道。", dense=0.83)
    assert bearing("宿舍费每年多少钱？", [english, chinese], E5) == [english]
    assert bearing("图书馆每年几月闭馆？", [source(2, chinese.hit.text, dense=0.9), english], E5) == [
        source(2, chinese.hit.text, dense=0.9)
    ]
    assert bearing("宿舍费每年多少钱？", [chinese], E5) == [chinese]


def test_passages_that_have_nothing_to_do_with_it_are_left_out_and_numbers_stay_without_gaps() -> None:
    useful = [source(n, f"图书馆开放时间为每日{n}:00，法定节假日闭馆。", dense=0.88) for n in (1, 2, 3)]
    noise = source(4, "实验室禁止饮食。", dense=0.76)
    last = source(5, "图书馆的开放时间在考试周延长。", dense=0.88)
    kept = worth_giving(["图书馆的开放时间是几点？"], [*useful, noise, last], E5)
    assert [one.number for one in kept] == [1, 2, 3, 4]
    assert noise.hit not in [one.hit for one in kept]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (
            "The fee is paid at [the portal](https://pay.example/login) by May.",
            "The fee is paid at the portal (https://pay.example/login) by May.",
        ),
        (
            "The fee is paid by May ![](https://pay.example/x.png) at the desk.",
            "The fee is paid by May  (https://pay.example/x.png) at the desk.",
        ),
        ("The fee is paid [here](javascript:alert(1)) by May.", "The fee is paid here by May."),
        (
            'The fee <script src="https://x.example/x.js"></script> is paid by May.',
            'The fee < script src="https://x.example/x.js">< /script> is paid by May.',
        ),
        ("The fee is paid at <https://pay.example> by May.", "The fee is paid at < https://pay.example> by May."),
        ("The fee [12] is paid by May.", "The fee (12) is paid by May."),
        ("The fee [is paid](https://pay.example/?", "The fee [is paid] (https://pay.example/?"),
        ("The fee of a vector<int> is paid by May, if x < a.", "The fee of a vector<int> is paid by May, if x < a."),
    ],
)
def test_what_a_document_says_becomes_no_link_and_no_tag_in_an_answer(written: str, shown: str) -> None:
    assert as_plain_text(written) == shown
