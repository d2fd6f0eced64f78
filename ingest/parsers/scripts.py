"""What Chinese and Latin writing need when lines become paragraphs and paragraphs become headings."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable

_NO_SPACE = re.compile(
    "[\u2e80-\u2fff\u3000-\u30ff\u3100-\u312f\u3190-\u4dbf\u4e00-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"
    "\U00020000-\U0003ffff]"
)
"""Characters written without spaces between words: Han, kana, their punctuation, full-width forms (not Hangul)."""

_CJK_QUOTES = "“”‘’…—·"
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_WORD_BEFORE = re.compile(r"([^\W\d_]+(?:-[^\W\d_]+)*)[-\u2010\u2011\xad]$")
_WORD_AFTER = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_HYPHENS = "-\u2010\u2011\xad"

_CHINESE_NUMBER = "[一二三四五六七八九十百千零〇两\\d]+"
CHINESE_HEADING = re.compile(
    rf"^第\s*{_CHINESE_NUMBER}\s*(?:编|篇|部分|章|节)(?:[\s　:：、]|$|(?=[^\s，。；]{{1,40}}$))"
    r"|^附\s*[录件则](?:\s*[A-Z\d一二三四五六七八九十]+)?(?:[\s　:：]|$)"
)
ARTICLE = re.compile(rf"^第\s*{_CHINESE_NUMBER}\s*条")
LIST_MARK = re.compile(
    rf"^(?:[•●○▪■□◆◇➢►‣⁃·]\s*|[-–—*]\s+|[（(](?:{_CHINESE_NUMBER}|[a-zA-Z]|[ivx]+)[)）]\s*"
    rf"|{_CHINESE_NUMBER}、|\d{{1,3}}[.)]\s+|[a-zA-Z][.)]\s+|[①-⑳])"
)
_SENTENCE_END = re.compile(r"[。！？!?；;.…]['”’\")）」』]*$")


def is_cjk(character: str) -> bool:
    """Tell whether the character belongs to a script written without spaces."""
    return bool(_NO_SPACE.match(character))


def ends_sentence(text: str) -> bool:
    """Tell whether the text ends as a sentence of either language does."""
    return bool(_SENTENCE_END.search(text))


def chinese_heading_level(line: str) -> int:
    """Return the level (1 the highest) of a line like 第三章 学籍管理; 0 when it is no such heading."""
    if len(line) > 50 or ends_sentence(line) or not CHINESE_HEADING.match(line):
        return 0
    mark = re.match(r"^第\s*[^编篇部章节]{1,8}(编|篇|部分|章|节)", line)
    return {"编": 1, "篇": 1, "部分": 1, "章": 2, "节": 3}.get(mark.group(1), 2) if mark else 2


def glue(left: str, right: str, words: Collection[str] = ()) -> tuple[int, str]:
    """Say how two lines of one paragraph are joined.

    Returns how many characters to drop at the end of `left` (a hyphen that only broke the line) and what to put
    between: nothing next to Chinese, else a space. `words` are the document's own (lower case): they tell whether a
    word that is cut at its hyphen is written with it.
    """
    if not left or not right:
        return 0, ""
    last, first = left[-1], right[0]
    if last in _HYPHENS and len(left) > 1 and left[-2].isalpha() and not is_cjk(left[-2]) and first.isalpha():
        return (1, "") if _only_breaks_line(left, right, words) else (0, "")
    if is_cjk(last) and (is_cjk(first) or first in _CJK_QUOTES):
        return 0, ""
    if is_cjk(first) and last in _CJK_QUOTES:
        return 0, ""
    if is_cjk(last) and unicodedata.category(last)[0] == "P":
        return 0, ""
    return 0, " "


def _only_breaks_line(left: str, right: str, words: Collection[str]) -> bool:
    before, after = _WORD_BEFORE.search(left), _WORD_AFTER.match(right)
    if before is None or after is None:
        return False
    start, end = before.group(1).lower(), after.group(0).lower()
    if f"{start}{end}" in words:
        return True
    if f"{start}-{end}" in words:
        return False
    return right[0].islower() and "-" not in start


def words_of(lines: Iterable[str]) -> set[str]:
    """Return the words of these lines in lower case, hyphenated ones whole; a line's last word may be cut, so it is
    left out."""
    found: set[str] = set()
    for line in lines:
        found.update(word.lower() for word in _WORD.findall(line)[:-1])
    return found


def join_lines(lines: list[str]) -> str:
    """Return the lines as one paragraph, line breaks healed."""
    text = ""
    for line in lines:
        drop, between = glue(text, line)
        text = (text[:-drop] if drop else text) + between + line
    return text
