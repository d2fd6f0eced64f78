"""What goes wrong, and what the audit tells, is said in the reader's language."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import inference.chatting
import web.app  # with all that it imports, so that every error is known
from kb_platform.domain.errors import KnowledgeBaseError
from kb_platform.settings import Settings
from web.auditing import is_audited

TEXTS = Path(web.__file__).parent / "ui" / "src" / "i18n"
SAID_BY_THE_SERVER = {
    "invalid_input",  # names the field
    "address_refused",  # names the address
    "model_not_found",  # names the model; of the OpenAI-compatible API
    "quota_full",  # never without one of its own codes
    "no_answer_written",  # says why, in the question's language
}
NEVER_RECORDED = {"look_at_invitation"}  # nobody is signed in
OF_JOBS = {"gave_up", "internal_error"}
"""Given by workers/tasks.py, the second by web/api/turn_stream.py as well."""


def codes(error: type[KnowledgeBaseError] = KnowledgeBaseError) -> Iterator[str]:
    yield error.code
    for below in error.__subclasses__():
        yield from codes(below)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_code_of_an_error_has_a_sentence(language: str) -> None:
    known = json.loads((TEXTS / f"{language}.json").read_text(encoding="utf-8"))["errors"]
    assert inference.chatting.NoAnswerWritten.code in codes()
    assert (set(codes()) | OF_JOBS) - known.keys() == SAID_BY_THE_SERVER


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_action_of_the_audit_has_words(language: str) -> None:
    known = json.loads((TEXTS / f"{language}.json").read_text(encoding="utf-8"))["audit"]["actions"]
    described = web.app.create_app(Settings(_env_file=None)).openapi()
    actions = {
        operation["operationId"]
        for methods in described["paths"].values()
        for method, operation in methods.items()
        # A reading request is recorded where it was refused, which takes somebody who is signed in.
        if is_audited(method.upper(), operation["operationId"]) or operation.get("security")
    }
    assert len(actions) > 50
    assert {"delete_document", "list_users"} <= actions
    assert actions - known.keys() == NEVER_RECORDED
