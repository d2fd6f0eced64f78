"""What lies over the cells of a sheet: charts, text boxes, diagrams."""

from __future__ import annotations

import zipfile

from lxml import etree  # type: ignore[import-untyped]

from ingest.parsers.builder import DocumentBuilder, Run, one_line
from ingest.parsers.charts import read_chart, read_diagram
from ingest.parsers.office_xml import attribute, child, local, read_optional_tree, relationships
from ingest.parsers.sheet_tables import column_name
from ingest.parsers.source import Source
from ingest.parsers.tables import table_runs
from kb_platform.domain.document import BlockKind, CellAnchor

_MOST_DRAWINGS = 500
_ANCHORS = ("twoCellAnchor", "oneCellAnchor", "absoluteAnchor")


def add_drawings(builder: DocumentBuilder, archive: zipfile.ZipFile, part: str, sheet: str, source: Source) -> None:
    """Add the drawings of a sheet's part, each anchored by the range of cells that it covers. Raises CorruptFile."""
    for kind, path in relationships(archive, part, source).values():
        root = read_optional_tree(archive, path, source) if kind == "drawing" else None
        if root is None:
            continue
        parts = {key: target for key, (_, target) in relationships(archive, path, source).items()}
        for place in [each for each in root if local(each) in _ANCHORS][:_MOST_DRAWINGS]:
            anchor = CellAnchor(sheet, _covered(place))
            for element in place.iter("{*}chart", "{*}relIds", "{*}txBody"):
                _add(builder, archive, parts, element, anchor, source)


def _add(
    builder: DocumentBuilder,
    archive: zipfile.ZipFile,
    parts: dict[str, str],
    element: etree._Element,
    anchor: CellAnchor,
    source: Source,
) -> None:
    kind = local(element)
    if kind == "chart":
        chart = read_chart(archive, parts.get(attribute(element, "id"), ""), source)
        if chart is not None:
            builder.add(BlockKind.CAPTION, [Run(chart.title, anchor)])
            runs, lines = table_runs([[(text, anchor) for text in row] for row in chart.rows], 1)
            builder.add(BlockKind.TABLE, runs, header_rows=lines)
    elif kind == "relIds":
        for text, depth in read_diagram(archive, parts.get(attribute(element, "dm"), ""), source):
            builder.add(BlockKind.LIST_ITEM, [Run(text, anchor)], level=depth)
    else:
        for paragraph in element.iter("{*}p"):
            text = one_line("".join(each.text or "" for each in paragraph.iter("{*}t")))
            builder.add(BlockKind.PARAGRAPH, [Run(text, anchor)])


def _covered(place: etree._Element) -> str:
    first = _cell(child(place, "from"))
    last = _cell(child(place, "to")) or first
    return f"{first or 'A1'}:{last or 'A1'}"


def _cell(corner: etree._Element | None) -> str:
    if corner is None:
        return ""
    column, row = child(corner, "col"), child(corner, "row")
    if column is None or row is None or not (column.text or "").isdecimal() or not (row.text or "").isdecimal():
        return ""
    return f"{column_name(int(column.text) + 1)}{int(row.text) + 1}"
