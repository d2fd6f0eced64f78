"""A question in one language finds the passage in the other, though half of the passages are in its own."""

from __future__ import annotations

from dataclasses import replace

from kb_platform.index.sparse import is_chinese
from tests.integration.retrieval.conftest import House, scope

PAIRS = [
    ("图书馆周末几点关门？", "On Saturdays and Sundays the library closes at six in the evening."),
    ("本科生最多可以借几本书？", "An undergraduate may borrow twenty books at a time."),
    ("宿舍费每年多少钱？", "The dormitory fee is 1,200 yuan per academic year."),
    ("考试作弊会受到什么处分？", "A student who cheats in an examination is given a demerit at least."),
    ("怎样申请奖学金？", "Applications for scholarships are handed in to the faculty office before 30 September."),
    ("门诊需要带什么证件？", "Patients bring an identity card and their insurance card to the outpatient department."),
    ("转专业需要什么条件？", "To change the major, a student must have completed one academic year."),
    ("校园卡丢了怎么办？", "A lost campus card is reported to the service hall, where it is blocked and replaced."),
    ("硕士论文的截止日期是什么时候？", "The deadline for handing in a master's thesis is the tenth of May."),
    ("停车位怎么收费？", "Parking on the premises costs five yuan an hour for visitors."),
    ("疫苗接种在哪里进行？", "Vaccinations are given on the second floor of the prevention centre."),
    ("如何办理护照？", "A passport is applied for in person at the exit and entry administration."),
    ("食堂几点开饭？", "The canteen serves breakfast from seven, lunch from eleven thirty."),
    ("实验室安全有什么规定？", "Nobody may work alone with hazardous substances in the laboratory."),
    ("教师每年有多少天假期？", "Teaching staff are entitled to fifteen days of paid leave a year."),
    ("How long must blood donors wait between donations?", "两次献血的间隔不得少于六个月。"),
    ("Which documents are needed to register a company?", "办理企业登记须提交章程、住所证明和法定代表人身份证明。"),
    ("When does the spring semester begin?", "春季学期于二月二十六日开始上课。"),
    ("Who approves business trips abroad?", "因公出国须经国际合作处审批。"),
    ("How is the weighted average grade computed?", "加权平均成绩等于各课程成绩与学分乘积之和除以总学分。"),
    ("What happens when tuition is paid late?", "逾期未缴纳学费的学生不予注册。"),
    ("Can visitors enter the ward at night?", "住院病区夜间谢绝探视。"),
    ("How many credits are required to graduate?", "学生须修满一百六十学分方可毕业。"),
    ("Where can I get a transcript?", "成绩单可在教务处自助打印机上打印。"),
    ("Are pets allowed in the dormitory?", "学生公寓内禁止饲养宠物。"),
    ("How should medical waste be disposed of?", "医疗废物应当分类收集，交由有资质的单位集中处置。"),
    ("What is the height limit for buildings near the airport?", "机场净空保护区内建筑物高度不得超过四十五米。"),
    ("Does the insurance cover dental treatment?", "镶牙、洗牙等口腔治疗费用不在医保报销范围内。"),
    ("How do I appeal a disciplinary decision?", "对处分决定有异议的，可在十日内向申诉委员会提出书面申诉。"),
    ("Who pays for the repair of damaged equipment?", "损坏仪器设备的，由责任人承担维修费用。"),
]


def test_a_question_in_one_language_finds_the_passage_in_the_other(house: House) -> None:
    base = house.knowledge_base()
    house.document(base, [passage for _, passage in PAIRS])
    found = {question: house.found(question, scope(base), 3) for question, _ in PAIRS}
    first = sum(found[question][0] == passage for question, passage in PAIRS)
    among_three = sum(passage in found[question] for question, passage in PAIRS)
    assert among_three >= 0.9 * len(PAIRS)
    assert first >= 0.6 * len(PAIRS)


def test_the_only_passage_in_the_other_language_is_found_among_many_in_the_questions_own(house: House) -> None:
    base = house.knowledge_base()
    documents = {passage: house.document(base, [passage]) for _, passage in PAIRS}
    first = 0
    for question, passage in PAIRS:
        own = {id_ for text, id_ in documents.items() if is_chinese(text) == is_chinese(question)}
        among = replace(scope(base), document_ids=frozenset(own | {documents[passage]}))
        best, *others = house.found(question, among, 3)
        assert passage in (best, *others)
        first += best == passage
    assert first >= 0.7 * len(PAIRS)
