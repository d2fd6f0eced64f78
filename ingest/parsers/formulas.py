"""Office formulas (OMML) in one line of TeX-like text, so that they can be found and quoted."""

from __future__ import annotations

from lxml import etree  # type: ignore[import-untyped]

from ingest.parsers.office_xml import attribute, child, local

_MAX_DEPTH = 60


def formula_text(element: etree._Element, depth: int = 0) -> str:
    """Return the formula's text: fractions as (a)/(b), powers as x^{2}, roots as √(x)."""
    if depth > _MAX_DEPTH:
        return ""
    name = local(element)
    if name == "t":
        return element.text or ""
    if name.endswith("Pr"):
        return ""
    if name == "f":
        return f"({_part(element, 'num', depth)})/({_part(element, 'den', depth)})"
    if name == "sSup":
        return f"{_part(element, 'e', depth)}^{{{_part(element, 'sup', depth)}}}"
    if name == "sSub":
        return f"{_part(element, 'e', depth)}_{{{_part(element, 'sub', depth)}}}"
    if name == "sSubSup":
        base, low, high = (_part(element, part, depth) for part in ("e", "sub", "sup"))
        return f"{base}_{{{low}}}^{{{high}}}"
    if name == "rad":
        degree = _part(element, "deg", depth)
        return f"√{f'[{degree}]' if degree else ''}({_part(element, 'e', depth)})"
    if name == "nary":
        sign = _property(element, "naryPr", "chr") or "∫"
        low, high = _part(element, "sub", depth), _part(element, "sup", depth)
        limits = (f"_{{{low}}}" if low else "") + (f"^{{{high}}}" if high else "")
        return f"{sign}{limits} {_part(element, 'e', depth)}"
    if name == "d":
        opening = _property(element, "dPr", "begChr") or "("
        closing = _property(element, "dPr", "endChr") or ")"
        inner = [formula_text(part, depth + 1) for part in element if local(part) == "e"]
        return f"{opening}{', '.join(inner)}{closing}"
    if name == "m":
        rows = [
            " ".join(formula_text(cell, depth + 1) for cell in row if local(cell) == "e")
            for row in element
            if local(row) == "mr"
        ]
        return f"[{'; '.join(rows)}]"
    return "".join(formula_text(inner, depth + 1) for inner in element)


def _part(element: etree._Element, name: str, depth: int) -> str:
    part = child(element, name)
    return formula_text(part, depth + 1).strip() if part is not None else ""


def _property(element: etree._Element, properties: str, name: str) -> str:
    found = child(element, properties, name)
    return attribute(found, "val") if found is not None else ""
