"""Errors tell programs what happened in a word that does not change."""

from __future__ import annotations

from kb_platform.domain.errors import InvalidInput, TooLarge


def test_invalid_input_can_say_more_exactly_what_is_wrong() -> None:
    assert InvalidInput("Bad.").code == "invalid_input"
    assert InvalidInput("The current password is wrong.", "wrong_password").code == "wrong_password"
    assert TooLarge("Too large.").code == "too_large"
