"""An answer in one language cites passages in the other: the real embedding model judges, and finds the very words."""

from __future__ import annotations

import pytest

from inference.citations import check_sentence, sentence_at
from kb_platform.domain.answer import Citation, Source, Support
from kb_platform.domain.chunk import Hit, Scores
from kb_platform.embedding import EmbeddingModel

PASSAGES = [  # sentence by sentence, in Chinese and in English
    [
        ("图书馆周一至周五开放至晚上十点。", "The library is open until ten in the evening from Monday to Friday."),
        ("周末下午六点闭馆。", "At weekends it closes at six in the afternoon."),
        ("法定节假日不开放。", "It stays closed on public holidays."),
    ],
    [
        ("本科生每次最多可借二十本书。", "An undergraduate may borrow at most 20 books at a time."),
        ("借期为三十天，可续借一次。", "The loan period is 30 days and can be renewed once."),
        ("逾期每天罚款0.1元。", "Every day overdue costs a fine of 0.1 yuan."),
    ],
    [
        ("宿舍费为每学年1200元。", "The dormitory fee is 1,200 yuan per academic year."),
        ("宿舍晚上十一点关门。", "The dormitory closes at eleven at night."),
        ("晚归者须登记。", "Whoever returns late has to register."),
    ],
    [
        (
            "申请转专业的学生须修满一学年。",
            "Whoever applies to change the major must have completed one academic year.",
        ),
        ("平均绩点不得低于3.0。", "Their grade point average must not be below 3.0."),
        ("申请须在四月十五日之前提交。", "The application must be handed in before 15 April."),
    ],
    [
        ("考试作弊者给予记过处分。", "Whoever cheats in an examination is given a demerit."),
        ("情节严重的，开除学籍。", "In serious cases the student is expelled."),
        ("对处分有异议的，可在十日内申诉。", "An appeal against the decision can be made within ten days."),
    ],
    [
        ("门诊患者须携带身份证和医保卡。", "Outpatients must bring their identity card and insurance card."),
        ("初诊患者先到挂号窗口登记。", "New patients register at the counter first."),
        ("急诊全天开放。", "The emergency room is open all day."),
    ],
    [
        ("出差应事先经部门负责人批准。", "Business trips must be approved by the head of department beforehand."),
        ("住宿费凭发票报销。", "Accommodation is reimbursed against invoices."),
        ("市内交通费每天80元包干。", "Local transport is paid at a flat rate of 80 yuan a day."),
    ],
    [
        ("博士生的基本学制为四年。", "The regular period of study for doctoral students is four years."),
        ("学位论文须经两名校外专家评审。", "The dissertation must be reviewed by two external experts."),
        ("答辩委员会由五人组成。", "The defence committee consists of five members."),
    ],
    [
        ("实验室内禁止饮食。", "Eating and drinking are forbidden in the laboratory."),
        ("进入实验室必须佩戴护目镜。", "Safety goggles must be worn when entering the laboratory."),
        ("危险废物应分类收集。", "Hazardous waste must be collected separately."),
    ],
    [
        ("疫苗应在二至八摄氏度保存。", "The vaccine must be stored at two to eight degrees Celsius."),
        ("开封后六小时内使用。", "It must be used within six hours after opening."),
        ("孕妇接种前应咨询医生。", "Pregnant women should consult a doctor before vaccination."),
    ],
]
SENTENCES = [(passage, place) for passage in range(len(PASSAGES)) for place in range(3)]
THRESHOLD = 0.6


def check(claim: str, passage: str, embedding: EmbeddingModel) -> Citation:
    hit = Hit("c", "k", "d", "v", "n", "", 0, 0, len(passage), passage, scores=Scores(dense=0.8))
    [citation] = check_sentence(sentence_at(0, f"{claim}[1]"), [Source(1, hit)], embedding, THRESHOLD)
    return citation


def written(sentences: list[tuple[str, str]], language: int) -> str:
    """The passage in Chinese (0) or English (1)."""
    return ("", " ")[language].join(sentence[language] for sentence in sentences)


@pytest.mark.parametrize("language", [0, 1], ids=["of a Chinese passage", "of an English passage"])
def test_a_translated_sentence_is_supported_and_its_evidence_is_the_very_sentence(
    embedding: EmbeddingModel, language: int
) -> None:
    supported = 0
    for number, place in SENTENCES:
        passage = written(PASSAGES[number], language)
        citation = check(PASSAGES[number][place][1 - language], passage, embedding)
        assert passage[citation.evidence_start : citation.evidence_end].strip() == PASSAGES[number][place][language]
        assert citation.support is not Support.UNSUPPORTED
        assert citation.reason in ("", "the passage, in another language, may say this")
        supported += citation.support is Support.SUPPORTED
    assert supported >= 0.8 * len(SENTENCES)


@pytest.mark.parametrize("language", [0, 1], ids=["of a Chinese passage", "of an English passage"])
def test_what_a_passage_in_the_other_language_does_not_say_is_not_supported_by_it(
    embedding: EmbeddingModel, language: int
) -> None:
    for number, place in SENTENCES:
        claim = PASSAGES[number][place][1 - language]
        rest = [sentence for other, sentence in enumerate(PASSAGES[number]) if other != place]
        elsewhere = PASSAGES[(number + 1 + place) % len(PASSAGES)]
        for passage in (rest, elsewhere):
            assert check(claim, written(passage, language), embedding).support is not Support.SUPPORTED


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        ("本科生每次最多可借四十本书。", "An undergraduate may borrow at most 20 books at a time."),
        ("The dormitory fee is 1,500 yuan per academic year.", "宿舍费为每学年1200元。"),
    ],
)
def test_a_changed_number_is_noticed_across_languages(embedding: EmbeddingModel, claim: str, passage: str) -> None:
    citation = check(claim, passage, embedding)
    assert citation.support is Support.UNSUPPORTED
    assert "numbers not in the passage" in citation.reason


def test_names_that_the_other_language_writes_otherwise_are_not_held_to_be_lacking(embedding: EmbeddingModel) -> None:
    claim = "The library of Tsinghua University is open until ten in the evening."
    assert check(claim, "清华大学图书馆开放至晚上十点。", embedding).support is Support.SUPPORTED
    claim = "课程CS-102的先修课程是高等数学。"
    citation = check(claim, "Advanced mathematics is a prerequisite of the course CS-101.", embedding)
    assert citation.support is not Support.SUPPORTED


def test_figures_copied_from_a_passage_are_supported_whatever_its_language(embedding: EmbeddingModel) -> None:
    assert check("CS-101: 3.5", "课程代码与学分如下。CS-101: 3.5", embedding).support is Support.SUPPORTED
