"""Sparse vectors: BM25 term weights (Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and
Beyond") over terms that know Chinese and English.

The passage's side carries term frequency, saturated and normalised by length; the query's side carries 1 a term; the
index multiplies in the inverse document frequency, which stays right as documents come and go.
"""

from __future__ import annotations

import logging
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import jieba

jieba.setLogLevel(logging.WARNING)

K1 = 1.2
B = 0.75
AVERAGE_TERMS = 250
"""Length of a usual passage in terms. A constant, so that a passage's vector does not depend on the others."""

_RUN = re.compile(r"[぀-ヿ㐀-䶿一-鿿豈-﫿]+|[^\W_぀-ヿ㐀-䶿一-鿿豈-﫿]+(?:[-./_:'’][^\W_぀-ヿ㐀-䶿一-鿿豈-﫿]+)*")
_ARTICLE = re.compile(r"第[0-9零〇一二三四五六七八九十百千两]+[条章节款项编卷号届期页]")
_HAN = re.compile(r"[぀-ヿ㐀-䶿一-鿿豈-﫿]")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_PART = re.compile(r"[-./_:'’]")


@dataclass(frozen=True, slots=True)
class SparseVector:
    """Parallel tuples; indices are 32-bit hashes of terms."""

    indices: tuple[int, ...]
    values: tuple[float, ...]


def passage_vector(text: str) -> SparseVector:
    """Return the BM25 weights of a passage's terms, inverse document frequency left out."""
    counts = Counter(map(term_index, terms(text)))
    length = sum(counts.values())
    norm = K1 * (1 - B + B * length / AVERAGE_TERMS)
    return SparseVector(tuple(counts), tuple(count * (K1 + 1) / (count + norm) for count in counts.values()))


def query_vector(text: str) -> SparseVector:
    """Return weight 1 for each of a question's terms."""
    indices = tuple(dict.fromkeys(map(term_index, terms(text))))
    return SparseVector(indices, (1.0,) * len(indices))


def term_index(term: str) -> int:
    return zlib.crc32(term.encode())


def terms(text: str) -> Iterator[str]:
    """Yield the text's terms, repeated as often as they occur.

    Chinese: dictionary words of two and more characters, every pair of neighbouring characters (so that names and
    words that no dictionary knows are found), and article numbers whole. Other scripts: words, numbers and codes in
    lower case, a code such as CS-101 whole and in parts, 1,234.5 as 1234.5.
    """
    text = _THOUSANDS.sub("", unicodedata.normalize("NFKC", text).lower())
    yield from _ARTICLE.findall(text)
    for run in _RUN.findall(text):
        if _HAN.match(run):
            yield from _chinese_terms(run)
        else:
            yield from _other_terms(run)


def _chinese_terms(run: str) -> Iterator[str]:
    if len(run) == 1:
        yield run
        return
    for first in range(len(run) - 1):
        yield run[first : first + 2]
    for word in jieba.cut(run, HMM=False):
        if len(word) > 2:
            yield word


def _other_terms(run: str) -> Iterator[str]:
    yield run
    parts = _PART.split(run)
    if len(parts) > 1:
        yield from parts
