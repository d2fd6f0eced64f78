"""Sparse vectors: BM25 term weights (Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and
Beyond") over terms that know Chinese and English.

The passage's side carries term frequency, saturated and normalised by length; the query's side carries 1 a term; the
index multiplies in the inverse document frequency, which stays right as documents come and go.
"""

from __future__ import annotations

import functools
import logging
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import jieba
import snowballstemmer

jieba.setLogLevel(logging.WARNING)

# Earned on the evaluation sets (docs/quality.md): passages are short, so that a term's first occurrence says most.
K1 = 0.6
B = 0.75
AVERAGE_TERMS = 250
"""Length of a usual passage in terms. A constant, so that a passage's vector does not depend on the others."""

_HAN_RANGE = "぀-ヿ㐀-䶿一-鿿豈-﫿"
_RUN = re.compile(rf"[{_HAN_RANGE}]+|[^\W_{_HAN_RANGE}]+(?:[-./_:'’][^\W_{_HAN_RANGE}]+)*")
_HAN = re.compile(f"[{_HAN_RANGE}]")
_ARTICLE = re.compile(r"第[0-9零〇一二三四五六七八九十百千两]+[条章节款项编卷号届期页]")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_PART = re.compile(r"[-./_:'’]")
_ENGLISH_STOP_WORDS = """
a about also an and are as at be been but by can could did do does for from had has have he her him his how i if in into
is it its me might must my no not of on or our she should such than that the their them then there these they this to
was we were what when where which who whom whose why will with would you your
"""
_STOP_WORDS = frozenset(_ENGLISH_STOP_WORDS.split())
_stemmer = snowballstemmer.stemmer("english")


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

    Chinese: the dictionary's words, every pair of neighbouring characters (so that names and words that no
    dictionary knows are found), and article numbers whole. Other scripts: words, numbers and codes in lower case; a
    code such as CS-101 whole and in parts, 1,234.5 as 1234.5; an English word as it stands and, marked, its stem
    (the exact form then counts twice); no English stop words, but IT and WHO.
    """
    text = _THOUSANDS.sub("", unicodedata.normalize("NFKC", text))
    yield from _ARTICLE.findall(text)
    for run in _RUN.findall(text):
        if _HAN.match(run):
            yield from _chinese_terms(run)
        else:
            yield from _other_terms(run)


def _chinese_terms(run: str) -> Iterator[str]:
    pairs_that_are_words = set()
    position = 0
    for word in jieba.cut(run, HMM=False):
        yield word
        if len(word) == 2:
            pairs_that_are_words.add(position)
        position += len(word)
    for first in range(len(run) - 1):
        if first not in pairs_that_are_words:
            yield run[first : first + 2]


def _other_terms(run: str) -> Iterator[str]:
    parts = _PART.split(run)
    if len(parts) > 1:
        yield run.lower()
    for part in parts:
        word = part.lower()
        if word in _STOP_WORDS and not _is_abbreviation(part):
            continue
        yield word
        if word.isascii() and word.isalpha():
            yield _stem(word)


def _is_abbreviation(word: str) -> bool:
    """Whether it is IT or WHO rather than it or who."""
    return len(word) > 1 and word.isupper()


@functools.lru_cache(maxsize=100_000)
def _stem(word: str) -> str:
    # The mark keeps a stem apart from a word that happens to look like it.
    return f"~{_stemmer.stemWord(word)}"
