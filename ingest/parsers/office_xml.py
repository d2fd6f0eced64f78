"""Parts of Office files as XML trees, read safely: no entities, no network, bounded depth, strict and transitional
namespaces alike."""

from __future__ import annotations

import posixpath
import zipfile

from lxml import etree  # type: ignore[import-untyped]

from ingest.parsers.archive import open_part, unpacked
from ingest.parsers.source import Source
from kb_platform.domain.errors import CorruptFile


def local(element: etree._Element) -> str:
    """Return an element's name without its namespace (strict and transitional documents differ in it)."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: etree._Element, name: str) -> str:
    """Return an attribute's value whatever its namespace; empty when it is not there."""
    if (value := element.get(name)) is not None:
        return str(value)
    for key, value in element.attrib.items():
        if key.rpartition("}")[2] == name:
            return str(value)
    return ""


def child(element: etree._Element, *names: str) -> etree._Element | None:
    """Return the descendant at this path of child names, or None."""
    found: etree._Element | None = element
    for name in names:
        if found is None:
            return None
        found = next((inner for inner in found if local(inner) == name), None)
    return found


def read_tree(archive: zipfile.ZipFile, name: str, source: Source) -> etree._Element:
    """Return a part's root element. Raises CorruptFile when it is missing or no XML."""
    open_part(archive, name, source).close()
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        for step in unpacked(archive, archive.getinfo(name), source):
            parser.feed(step)
        return parser.close()
    except (etree.XMLSyntaxError, ValueError) as error:
        raise CorruptFile(
            source.file_name, f"its part {name} is no valid XML. Open the file in Office and save it again."
        ) from error


def read_optional_tree(archive: zipfile.ZipFile, name: str, source: Source) -> etree._Element | None:
    """Return a part's root element, or None when the file has no such part."""
    return read_tree(archive, name, source) if name in archive.namelist() else None


def relationships(archive: zipfile.ZipFile, part: str, source: Source) -> dict[str, tuple[str, str]]:
    """Return a part's relationships inside the file: id → (kind, name of the part it points to)."""
    folder, name = posixpath.split(part)
    root = read_optional_tree(archive, f"{folder}/_rels/{name}.rels".lstrip("/"), source)
    found: dict[str, tuple[str, str]] = {}
    for relation in root if root is not None else ():
        if relation.get("TargetMode") == "External":
            continue
        target = relation.get("Target", "")
        path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
        kind = relation.get("Type", "").rpartition("/")[2]
        found[relation.get("Id", "")] = (kind, path)
    return found


def main_part(archive: zipfile.ZipFile, usual: str, source: Source) -> str:
    """Return the name of the package's main part."""
    for kind, path in relationships(archive, "", source).values():
        if kind == "officeDocument" and path in archive.namelist():
            return path
    return usual


def core_title(archive: zipfile.ZipFile, source: Source) -> str:
    """Return the title of the file's properties; empty when it has none worth showing."""
    try:
        root = read_optional_tree(archive, "docProps/core.xml", source)
    except CorruptFile:
        return ""
    title = next((element.text or "" for element in root if local(element) == "title"), "") if root is not None else ""
    unset = (
        "powerpoint presentation",
        "powerpoint 演示文稿",
        "word document",
        "untitled",
        "microsoft word",
        "presentation",
    )
    return (
        "" if title.strip().lower() in unset or title.strip().lower().startswith("microsoft word -") else title.strip()
    )
