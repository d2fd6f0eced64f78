"""What a conversation's prompts have in common, as a server's prefix cache sees them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import httpx
import pytest
import uvicorn

from inference.prompts import SYSTEM, Language
from inference.token_counts import deepseek_tokenizer
from tests.integration.api.conftest import ReadAll, free_port, upload, wait_for
from tests.integration.api.scripted_model import Script, scripted_app

RULES = {
    "借阅": "本科生可借图书二十册，借期三十天，可续借一次。逾期每册每天罚款两角，遗失图书按原价三倍赔偿。",
    "阅览室": "图书馆阅览室周一至周五八点开放，二十二点关闭；周末九点开放，二十点关闭。阅览室内禁止饮食和喧哗。",
    "研修间": "图书馆研修间须提前一天预约，每次不超过四小时，三人以上方可使用，爽约两次停用一个月。",
    "电子资源": "图书馆电子数据库仅限校内使用，校外访问须通过虚拟专用网登录，禁止批量下载。",
    "馆际互借": "馆际互借申请由图书馆参考咨询部受理，五个工作日内答复，邮费由申请人承担。",
    "捐赠": "校友向图书馆捐赠图书须经采编部审核，入藏图书加盖捐赠章并颁发证书。",
}
QUESTIONS = [
    "本科生在图书馆可以借多少册图书？",
    "图书馆借书的借期是多少天？",
    "图书馆的图书逾期怎么罚款？",
    "图书馆阅览室周末几点开放？",
    "图书馆遗失图书怎么赔偿？",
]


@pytest.fixture
def script() -> Script:
    return Script(answer="本科生可借图书二十册[1]。")


@pytest.fixture
def connected(admin: httpx.Client, script: Script) -> Iterator[None]:
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(scripted_app(script), host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(f"http://127.0.0.1:{port}/v1/models")
    made = admin.post("/api/v1/model-endpoints", json={"base_url": f"http://127.0.0.1:{port}/v1"})
    assert made.status_code == 201, made.text
    yield
    admin.delete(f"/api/v1/model-endpoints/{made.json()['id']}")
    server.should_exit = True
    thread.join(timeout=10)


def prompt_tokens(messages: list[dict[str, str]]) -> list[int]:
    """The prompt in tokens, DeepSeek's chat template written out."""
    marks = {"system": "", "user": "<｜User｜>", "assistant": "<｜Assistant｜>"}
    ends = {"system": "", "user": "", "assistant": "<｜end▁of▁sentence｜>"}
    text = "".join(marks[m["role"]] + m["content"] + ends[m["role"]] for m in messages)
    return list(deepseek_tokenizer().encode(text + "<｜Assistant｜>", add_special_tokens=False).ids)


def shared(one: list[int], other: list[int]) -> int:
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def test_four_fifths_of_a_follow_ups_prompt_were_sent_before(
    editor: httpx.Client, base: str, read_all: ReadAll, script: Script, connected: None
) -> None:
    upload(editor, base, *((f"{name}.md", f"# 图书馆{name}规定\n\n{text}\n".encode()) for name, text in RULES.items()))
    read_all(base)
    conversation = editor.post("/api/v1/conversations", json={"knowledge_base_ids": [base]}).json()["id"]
    turns: list[dict[str, Any]] = [
        editor.post(f"/api/v1/conversations/{conversation}/turns", json={"question": question, "stream": False}).json()
        for question in QUESTIONS
    ]
    assert [turn["state"] for turn in turns] == ["done"] * 5, [turn["error"] for turn in turns]
    asked = [request["messages"] for request in script.requests]
    sent = [prompt_tokens(messages) for messages in asked if messages[0]["content"] == SYSTEM[Language.CHINESE]]
    assert len(sent) == 5
    again = sum(shared(before, prompt) for before, prompt in pairwise(sent))
    share = again / sum(len(prompt) for prompt in sent[1:])
    print(f"shared with what was sent before: {share:.3f} of the prompt tokens of turns 2 to 5")
    assert share >= 0.8
    numbers = [{s["chunk_id"]: s["number"] for s in turn["sources"]} for turn in turns]
    for earlier, later in pairwise(numbers):
        assert all(later[chunk] == number for chunk, number in earlier.items()), "a passage keeps its number"


def test_the_plan_comes_with_the_answer_and_is_kept(
    editor: httpx.Client, base: str, read_all: ReadAll, connected: None
) -> None:
    upload(editor, base, ("借阅.md", f"# 图书馆借阅规定\n\n{RULES['借阅']}\n".encode()))
    read_all(base)
    conversation = editor.post("/api/v1/conversations", json={"knowledge_base_ids": [base]}).json()["id"]
    path = f"/api/v1/conversations/{conversation}"
    with editor.stream("POST", f"{path}/turns", json={"question": QUESTIONS[0]}) as response:
        names = [line.removeprefix("event: ") for line in response.iter_lines() if line.startswith("event: ")]
    assert "plan" in names
    plan = editor.get(path).json()["turns"][0]["plan"]
    assert plan["counted_by"] == "server"
    assert plan["prompt_tokens"] == 100, "what the server said it counted"
    assert sum(part["tokens"] for part in plan["parts"]) == 100
    assert plan["prompt_tokens"] + plan["reasoning_reserve"] + plan["answer_reserve"] <= plan["window"]
    assert [place["number"] for place in plan["placed"]] == [1]


def test_a_passage_that_may_not_be_read_any_more_is_not_given_again(
    editor: httpx.Client, base: str, read_all: ReadAll, script: Script, connected: None
) -> None:
    made = upload(editor, base, *((f"{n}.md", f"# 图书馆{n}规定\n\n{t}\n".encode()) for n, t in RULES.items())).json()
    read_all(base)
    conversation = editor.post("/api/v1/conversations", json={"knowledge_base_ids": [base]}).json()["id"]
    path = f"/api/v1/conversations/{conversation}/turns"
    editor.post(path, json={"question": QUESTIONS[0], "stream": False})
    gone = next(document["id"] for document in made["documents"] if document["name"] == "借阅.md")
    editor.delete(f"/api/v1/documents/{gone}")
    editor.post(path, json={"question": QUESTIONS[3], "stream": False})
    last = "".join(message["content"] for message in script.requests[-1]["messages"] if message["role"] != "assistant")
    assert "阅览室" in last
    assert "遗失图书按原价三倍赔偿" not in last
