from __future__ import annotations

import uuid

from kb_platform.index import point_id

VERSION = "6c1f9a52-0f6c-4a3e-9c8f-4b1d2f7f0a11"


def test_the_same_chunk_has_the_same_point_for_ever() -> None:
    assert point_id(VERSION, 3, "multilingual-e5-small") == "c851dae1-78ee-57be-84b3-8cca60bd2d8c"


def test_another_version_place_or_model_has_another_point() -> None:
    points = {
        point_id(VERSION, 3, "m"),
        point_id(VERSION, 4, "m"),
        point_id(str(uuid.uuid4()), 3, "m"),
        point_id(VERSION, 3, "n"),
    }
    assert len(points) == 4
