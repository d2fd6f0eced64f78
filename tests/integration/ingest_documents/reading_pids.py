"""A llama-index reader that says which process it runs in."""

from __future__ import annotations

import os
from pathlib import Path

from llama_index.core.readers.base import BaseReader
from llama_index.core.schema import Document


class PidReader(BaseReader):
    def load_data(self, file: Path, **_named: object) -> list[Document]:
        return [Document(text=f"process {os.getpid()}")]
