"""Charts and diagrams (SmartArt) of Office files: what they show, as a table and as a list."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree  # type: ignore[import-untyped]
from openpyxl.styles.numbers import is_date_format
from openpyxl.utils.datetime import from_excel

from ingest.parsers.builder import one_line
from ingest.parsers.number_formats import shown
from ingest.parsers.office_xml import attribute, child, local, read_optional_tree
from ingest.parsers.source import Source
from kb_platform.domain.errors import CorruptFile

_MOST_ROWS = 5_000
_MOST_POINTS = 5_000
_DEEPEST = 9
_PARENT_OF = ("", "parOf")


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart's title and its numbers: the first row names the series, the first column the categories."""

    title: str
    rows: tuple[tuple[str, ...], ...]


def read_chart(archive: zipfile.ZipFile, part: str, source: Source) -> Chart | None:
    """Return what a chart part shows, from the values that the file keeps beside it; None when that is nothing."""
    try:
        root = read_optional_tree(archive, part, source)
    except CorruptFile:
        return None
    if root is None:
        return None
    title = _title(next((each for each in root.iter("{*}title") if _is_chart_title(each)), None))
    axis = _title(
        next(
            (each for kind in ("catAx", "dateAx") for ax in root.iter("{*}" + kind) for each in ax.iter("{*}title")),
            None,
        )
    )
    names: list[str] = []
    categories: dict[int, str] = {}
    values: list[dict[int, str]] = []
    for series in root.iter("{*}ser"):
        names.append(" ".join(_points(child(series, "tx")).values()) or _title(series))
        own = _points(child(series, "cat"))
        if not own:
            own = _points(child(series, "xVal"))
        for at, text in own.items():
            categories.setdefault(at, text)
        found = child(series, "val")
        values.append(_points(found if found is not None else child(series, "yVal")))
    places = sorted({at for each in (categories, *values) for at in each})[:_MOST_ROWS]
    rows = [(categories.get(at, ""), *(each.get(at, "") for each in values)) for at in places]
    if any(names) and rows:
        rows.insert(0, (axis, *names))
    return Chart(title, tuple(rows)) if title or rows else None


def _is_chart_title(element: etree._Element) -> bool:
    return local(element.getparent()) == "chart"


def _title(element: etree._Element | None) -> str:
    if element is None:
        return ""
    return one_line("".join(each.text or "" for each in element.iter("{*}t")))


def _points(element: etree._Element | None) -> dict[int, str]:
    """Return the kept values below a reference, by their place; levels of a category are joined, the outer first."""
    if element is None:
        return {}
    number_format = next((each.text or "General" for each in element.iter("{*}formatCode")), "")
    found: dict[int, str] = {}
    levels = list(element.iter("{*}lvl"))
    for level in levels or [element]:
        inherited = ""
        inner = dict(_values(level, number_format))
        if not found:
            found = inner
            continue
        for at in found:
            inherited = inner.get(at, inherited)
            found[at] = f"{inherited} {found[at]}".strip()
    return found


def _values(element: etree._Element, number_format: str) -> Iterator[tuple[int, str]]:
    alone = [each for each in element if local(each) == "v"]
    for each in alone:
        yield 0, one_line(each.text or "")
    for point in element.iter("{*}pt"):
        place, value = attribute(point, "idx"), child(point, "v")
        if place.isdecimal() and int(place) >= _MOST_ROWS:
            return
        if place.isdecimal() and value is not None and (text := one_line(value.text or "")):
            yield int(place), _as_shown(text, number_format)


def _as_shown(text: str, number_format: str) -> str:
    if not number_format:
        return text
    try:
        number = float(text)
        if is_date_format(number_format):
            return one_line(shown(from_excel(number), number_format))
        return one_line(shown(int(number) if number.is_integer() else number, number_format)) or text
    except (ValueError, TypeError, OverflowError):
        return text


def read_diagram(archive: zipfile.ZipFile, part: str, source: Source) -> list[tuple[str, int]]:
    """Return the texts of a diagram's data part with their depth from 1."""
    try:
        root = read_optional_tree(archive, part, source)
    except CorruptFile:
        return []
    if root is None:
        return []
    above = {
        attribute(link, "destId"): attribute(link, "srcId")
        for link in root.iter("{*}cxn")
        if attribute(link, "type") in _PARENT_OF
    }
    found = []
    for point in list(root.iter("{*}pt"))[:_MOST_POINTS]:
        if text := _title(child(point, "t")):
            depth, at = 0, attribute(point, "modelId")
            while at in above and depth < _DEEPEST:
                depth, at = depth + 1, above[at]
            found.append((text, max(1, depth)))
    return found
