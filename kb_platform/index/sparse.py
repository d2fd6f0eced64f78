"""Sparse vectors: BM25 term weights (Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and
Beyond") over terms that know Chinese and English, and over pairs of neighbouring words (Metzler and Croft 2005, "A
Markov Random Field Model for Term Dependencies").

The passage's side carries term frequency, saturated and normalised by length; the query's side carries 1 a term and
less a pair; the index multiplies in the inverse document frequency, which stays right as documents come and go.
"""

from __future__ import annotations

import functools
import logging
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import jieba
import numpy as np
import snowballstemmer

jieba.setLogLevel(logging.WARNING)

# Earned on the evaluation sets (docs/quality.md): passages are short, so that a term's first occurrence says most.
K1 = 0.6
B = 0.75
AVERAGE_TERMS = 250
"""Length of a usual passage in terms. A constant, so that a passage's vector does not depend on the others."""
PAIR_WEIGHT = 1.0
CHINESE_PAIR_WEIGHT = 0.3
"""A pair of words in a question counts so much of a term. Less in Chinese, whose terms hold pairs of characters."""
_PAIR = 1 << 31
"""The bit that tells a pair's index from a term's."""

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
    """Return the BM25 weights of a passage's terms and pairs, inverse document frequency left out."""
    pieces = list(_pieces(text))
    counts = Counter(term_index(term) for piece in pieces for term in piece.terms)
    norm = K1 * (1 - B + B * sum(counts.values()) / AVERAGE_TERMS)
    counts.update(index for index, _ in _pairs(pieces))
    return _vector({index: count * (K1 + 1) / (count + norm) for index, count in counts.items()})


def query_vector(text: str) -> SparseVector:
    """Return weight 1 for each of a question's terms, and the weight of a pair for each pair."""
    pieces = list(_pieces(text))
    weights = dict.fromkeys((term_index(term) for piece in pieces for term in piece.terms), 1.0)
    return _vector(weights | dict(_pairs(pieces)))


def expansion_vector(passages: Iterable[tuple[SparseVector, float]], most_terms: int) -> SparseVector:
    """Return what weighted passages say together, as a query: the terms (not pairs) of most weight."""
    given = [(passage, weight) for passage, weight in passages if passage.indices]
    if not given:
        return SparseVector((), ())
    indices = np.concatenate([np.array(passage.indices, np.uint32) for passage, _ in given])
    weights = np.concatenate([np.array(passage.values) * weight for passage, weight in given])
    is_term = indices < _PAIR
    terms, places = np.unique(indices[is_term], return_inverse=True)
    sums = np.bincount(places, weights[is_term], len(terms))
    best = np.argsort(-sums, kind="stable")[:most_terms]
    return SparseVector(tuple(terms[best].tolist()), tuple(sums[best].tolist()))


def is_chinese(text: str) -> bool:
    """Whether the text holds Chinese (or Japanese) characters."""
    return bool(_HAN.search(text))


def term_index(term: str) -> int:
    return zlib.crc32(term.encode()) & ~_PAIR


def _pair_index(one: str, other: str) -> int:
    return zlib.crc32(f"{one} {other}".encode()) | _PAIR


def _vector(weights: Mapping[int, float]) -> SparseVector:
    return SparseVector(tuple(weights), tuple(weights.values()))


def terms(text: str) -> Iterator[str]:
    """Yield the text's terms, repeated as often as they occur.

    Chinese: the dictionary's words, every pair of neighbouring characters (so that names and words that no
    dictionary knows are found), and article numbers whole. Other scripts: words, numbers and codes in lower case; a
    code such as CS-101 whole and in parts, 1,234.5 as 1234.5; an English word as it stands and, marked, its stem
    (the exact form then counts twice); no English stop words, but IT and WHO.
    """
    for piece in _pieces(text):
        yield from piece.terms


@dataclass(frozen=True, slots=True)
class _Piece:
    """A word with the terms that stand for it. `key` is what a pair is made of; empty where none is (the parts of
    Chinese words, a code as a whole)."""

    key: str
    terms: tuple[str, ...]
    is_chinese: bool = False


def _pieces(text: str) -> Iterator[_Piece]:
    text = _THOUSANDS.sub("", unicodedata.normalize("NFKC", text))
    yield _Piece("", tuple(_ARTICLE.findall(text)))
    for run in _RUN.findall(text):
        yield from _chinese_pieces(run) if _HAN.match(run) else _other_pieces(run)


def _pairs(pieces: Iterable[_Piece]) -> Iterator[tuple[int, float]]:
    """Yield each pair's index and its weight in a question."""
    before: _Piece | None = None
    for piece in pieces:
        if not piece.key:
            continue
        if before is not None:
            weight = CHINESE_PAIR_WEIGHT if before.is_chinese or piece.is_chinese else PAIR_WEIGHT
            yield _pair_index(before.key, piece.key), weight
        before = piece


def _chinese_pieces(run: str) -> Iterator[_Piece]:
    pairs_that_are_words = set()
    position = 0
    for word in jieba.cut(run, HMM=False):
        yield _Piece(word, (word,), is_chinese=True)
        if len(word) == 2:
            pairs_that_are_words.add(position)
        position += len(word)
    characters = (run[first : first + 2] for first in range(len(run) - 1) if first not in pairs_that_are_words)
    yield _Piece("", tuple(characters), is_chinese=True)


def _other_pieces(run: str) -> Iterator[_Piece]:
    parts = _PART.split(run)
    if len(parts) > 1:
        yield _Piece("", (run.lower(),))
    for part in parts:
        word = part.lower()
        if word in _STOP_WORDS and not _is_abbreviation(part):
            continue
        if word.isascii() and word.isalpha():
            stem = _stem(word)
            yield _Piece(stem, (word, f"~{stem}"))  # the mark keeps a stem apart from a word that looks like it
        else:
            yield _Piece(word, (word,))


def _is_abbreviation(word: str) -> bool:
    """Whether it is IT or WHO rather than it or who."""
    return len(word) > 1 and word.isupper()


@functools.lru_cache(maxsize=100_000)
def _stem(word: str) -> str:
    stem: str = _stemmer.stemWord(word)
    return stem
