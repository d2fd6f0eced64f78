"""What people write first: pypdf, a fixed window, sentence-transformers with its defaults, one vector each. The peer
that `ingest-speed` is measured beside; it keeps no place of any word and survives nothing."""

from __future__ import annotations

import uuid
from pathlib import Path

from pypdf import PdfReader
from qdrant_client import QdrantClient
from qdrant_client.models import Distance, PointStruct, VectorParams
from sentence_transformers import SentenceTransformer

WINDOW = 1000


def ingest(paths: list[Path], checkpoint: str, dtype: str, index_url: str, index_key: str) -> int:
    """Put the PDF files into a collection of their own. Returns how many pieces there were."""
    model = SentenceTransformer(checkpoint, device="cpu", model_kwargs={"dtype": dtype})
    client = QdrantClient(url=index_url, api_key=index_key or None)
    collection = f"script-{uuid.uuid4().hex[:8]}"
    client.create_collection(collection, vectors_config=VectorParams(size=384, distance=Distance.COSINE))
    pieces = 0
    for path in paths:
        text = "\n".join(page.extract_text() for page in PdfReader(path).pages)
        text = text.encode("utf-8", "replace").decode()  # pypdf may return halves of characters
        windows = [text[start : start + WINDOW] for start in range(0, len(text), WINDOW)]
        vectors = model.encode([f"passage: {window}" for window in windows])
        points = [
            PointStruct(id=str(uuid.uuid4()), vector=vector.tolist(), payload={"text": window, "file": path.name})
            for window, vector in zip(windows, vectors, strict=True)
        ]
        client.upsert(collection, points)
        pieces += len(points)
    return pieces
