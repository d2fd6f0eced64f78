"""docs/settings.md, made from settings.py: `python -m kb_platform.settings_reference > docs/settings.md`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from kb_platform.settings import Settings

HEADER = """\
# Settings

Made from `kb_platform/settings.py`; change it there and run `python -m kb_platform.settings_reference >
docs/settings.md`.

Each setting is an environment variable. On one machine they can also stand in a file `.env` in the checkout, one
`NAME=value` a line. An unknown name in that file, an unknown name inside a group and a value of the wrong kind are
errors at the start. `./kb up` sets the addresses and passwords of what it starts itself; give one and it uses yours.
"""


@dataclass(frozen=True, slots=True)
class Variable:
    """One setting as its environment variable."""

    name: str
    group: str
    kind: str
    default: str
    description: str


def variables() -> list[Variable]:
    """Return every setting, in the order of settings.py."""
    return list(_walk(Settings, "KB_", ""))


def as_markdown() -> str:
    """Return the text of docs/settings.md."""
    parts = [HEADER]
    group = None
    for variable in variables():
        if variable.group != group:
            group = variable.group
            title = Settings.model_fields[group].description if group else "General."
            heading = (title or group).rstrip(".")
            parts.append(f"\n## {heading}\n\n| variable | kind | default | meaning |\n| --- | --- | --- | --- |\n")
        cells = (f"`{variable.name}`", variable.kind, variable.default, variable.description)
        parts.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n")
    return "".join(parts)


def _walk(model: type[BaseModel], prefix: str, group: str) -> Iterator[Variable]:
    nested = []
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            nested.append((name, field.annotation))
        else:
            variable = f"{prefix}{name.upper()}"
            yield Variable(variable, group, _kind(field.annotation), _default(field), field.description or "")
    for name, inner in nested:
        yield from _walk(inner, f"{prefix}{name.upper()}__", name)


def _kind(annotation: Any) -> str:
    if get_origin(annotation) is dict:
        return "JSON object"
    values = [value for value in get_args(annotation) if value is not type(None)]
    if values and isinstance(values[0], str):
        return " or ".join(f"`{value}`" for value in values if value) + (" or empty" if "" in values else "")
    names = {str: "text", int: "whole number", float: "number", bool: "`true` or `false`", Path: "path"}
    kinds = [
        names.get(value, "secret text" if value is SecretStr else value.__name__) for value in values or [annotation]
    ]
    return " or ".join(kinds)


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is PydanticUndefined:
        return "required"
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if value in (None, "", {}):
        return ""
    return f"`{json.dumps(value)}`" if isinstance(value, bool | dict) else f"`{value}`"


if __name__ == "__main__":
    sys.stdout.write(as_markdown())
