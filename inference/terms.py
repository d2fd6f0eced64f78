"""Content words of a text and how much of one text's words another holds, in Chinese and English."""

from __future__ import annotations

import functools
import logging
import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from inference import lexicon

_PIECE = re.compile(
    r"[㐀-䶿一-鿿豈-﫿]+|[0-9]+(?:[.,][0-9]+)*%?|[^\W\d_㐀-鿿豈-﫿]+(?:[-'’][^\W\d_㐀-鿿豈-﫿]+)*", re.UNICODE
)
_HAN = re.compile(r"[㐀-鿿豈-﫿]")

_ENGLISH_STOP = frozenset(lexicon.ENGLISH_STOP_WORDS.split())
_ENGLISH_LIGHT = frozenset(lexicon.ENGLISH_LIGHT_WORDS.split())
_CHINESE_STOP = frozenset(lexicon.CHINESE_STOP_WORDS.split())
_CHINESE_LIGHT = frozenset(lexicon.CHINESE_LIGHT_WORDS.split())
LIGHT = 0.35
NAMED = 2.0
DEFAULT_WEIGHT = 1.0


@dataclass(frozen=True, slots=True)
class Term:
    """A content word. `key` is its normalised form; `weight` says how telling it is; `is_name`: a name, number or
    code, which a passage that answers can hardly paraphrase."""

    key: str
    weight: float
    is_name: bool = False
    is_han: bool = False


def normalise(text: str) -> str:
    """Return the text in one form: full-width to half-width, lower case."""
    return unicodedata.normalize("NFKC", text).lower()


def content_terms(text: str) -> list[Term]:
    """Return the content words of the text, each once, in order."""
    terms: dict[str, Term] = {}
    for term in terms_in_order(text):
        terms.setdefault(term.key, term)
    return list(terms.values())


def terms_in_order(text: str) -> list[Term]:
    """Return the content words of the text as they come, each as often as it stands there."""
    terms: list[Term] = []
    normal = unicodedata.normalize("NFKC", text)
    for match in _PIECE.finditer(normal):
        piece = match.group()
        if _HAN.match(piece):
            found: Iterable[Term] = _chinese_terms(piece)
        elif piece[0].isdigit():
            found = (Term(piece.replace(",", ""), NAMED, is_name=True),)
        else:
            found = _latin_terms(piece, starts_sentence=not normal[: match.start()].strip(" \"'“‘(（"))
        terms.extend(found)
    return terms


def stem(word: str) -> str:
    """Return the word without its commonest English endings (enough to match plurals and tenses)."""
    word = word.replace("’", "'").removesuffix("'s").rstrip("'")
    for ending, least in (("ies", 5), ("sses", 6), ("ing", 6), ("edly", 7), ("ed", 5), ("es", 5), ("s", 4), ("ly", 6)):
        if word.endswith(ending) and len(word) >= least and not word.endswith(("ss", "us", "is")):
            word = word[: -len(ending)] + ("y" if ending == "ies" else "")
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 4 else word


class TextTerms:
    """A text made ready to be asked how much of a term it holds."""

    def __init__(self, text: str) -> None:
        self.text = normalise(text)
        self.stems: set[str] = set()
        self.numbers: set[str] = set()
        for piece in _PIECE.findall(self.text):
            if piece[0].isdigit():
                self.numbers.add(piece.replace(",", ""))
            elif not _HAN.match(piece):
                self.stems.add(stem(piece))
                self.stems.update(stem(part) for part in re.split(r"[-'’]", piece) if part)
        self.prefixes = {word[:5] for word in self.stems if len(word) >= 5}

    def holds(self, term: Term) -> float:
        """Return 0..1: 1 the text holds the term, between: a word of the same root, or part of a Chinese word."""
        if term.is_han:
            if term.key in self.text:
                return 1.0
            if len(term.key) < 3:
                return 0.0
            pairs = [term.key[i : i + 2] for i in range(len(term.key) - 1)]
            found = sum(pair in self.text for pair in pairs) / len(pairs)
            return 0.8 * found
        if term.key[0].isdigit():
            return 1.0 if term.key in self.numbers else 0.0
        if term.key in self.stems:
            return 1.0
        return 0.6 if not term.is_name and len(term.key) >= 5 and term.key[:5] in self.prefixes else 0.0


def coverage(terms: Iterable[Term], text: TextTerms) -> float:
    """Return the weighted share (0..1) of the terms that the text holds; 0 where there are no terms."""
    total = found = 0.0
    for term in terms:
        total += term.weight
        found += term.weight * text.holds(term)
    return found / total if total else 0.0


def _latin_terms(piece: str, starts_sentence: bool) -> tuple[Term, ...]:
    word = piece.lower()
    if word in _ENGLISH_STOP or len(word) == 1:
        return ()
    is_name = (piece[0].isupper() and not starts_sentence) or piece[1:].lower() != piece[1:]
    key = stem(word)
    if not key:
        return ()
    if is_name:
        return (Term(key, NAMED, is_name=True),)
    return (Term(key, LIGHT if word in _ENGLISH_LIGHT or key in _ENGLISH_LIGHT else DEFAULT_WEIGHT),)


def _chinese_terms(run: str) -> list[Term]:
    terms = []
    for word in cut_chinese(run):
        if word in _CHINESE_STOP:
            continue
        if word in _CHINESE_LIGHT:
            terms.append(Term(word, LIGHT, is_han=True))
        else:
            terms.append(Term(word, _chinese_weight(word), is_han=True))
    return terms


def _chinese_weight(word: str) -> float:
    """Return a weight around 1 from the word's inverse document frequency in jieba's corpus."""
    table, median = _jieba_idf()
    idf: float = table.get(word, median * 1.1 if len(word) > 1 else median * 0.5)
    return min(2.0, max(LIGHT, idf / median)) * (0.5 if len(word) == 1 else 1.0)


def cut_chinese(text: str) -> list[str]:
    """Return the words of a run of Chinese characters."""
    import jieba

    jieba.setLogLevel(logging.WARNING)
    return [str(word) for word in jieba.cut(text)]


@functools.cache
def _jieba_idf() -> tuple[dict[str, float], float]:
    """Return jieba's table and its median."""
    import jieba.analyse

    loader = jieba.analyse.default_tfidf.idf_loader
    table, median = loader.get_idf()
    return table, float(median) if math.isfinite(median) else 10.0
