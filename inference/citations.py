"""Checking what an answer cites: sentence by sentence, while it is written.

A sentence is checked against the passages whose markers it carries. Rules come first (numbers, units, names, negation,
exchanged words: `verdicts`), then support: how much of the sentence's words the best words of the passage hold, and how
near the two lie as embeddings, or what an entailment model thinks of them. The evidence is the shortest run of the
passage's sentences that carries the claim, in characters of the document version's canonical text. Before a passage in
the other language nearness alone decides (`across_languages`).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from inference.across_languages import is_foreign, nearest_quote, written_alike
from inference.entailment import EntailmentModel, Judgement
from inference.facts import quantities
from inference.markers import CLEAN_MARKER, without_markers
from inference.nearness import Scale, cosines
from inference.quotes import Quote, quotes_of
from inference.sentences import Span, split_sentences
from inference.terms import Term, TextTerms, content_terms, coverage
from inference.verdicts import claim_before, support_of
from kb_platform.domain.answer import Citation, Source, Support
from kb_platform.embedding import EmbeddingModel

WITHIN = Scale(unrelated=0.76, same_meaning=0.94)
COPIED = 0.6
"""Share of its words from which a claim in another language than its passage is taken to be copied from it."""
_MARKERS_AFTER = re.compile(r"(?:\s*\[\d{1,3}\])+")
_HALF_MARKER = re.compile(r"\s*\[\d{0,3}$")
_ONLY_MARKERS = re.compile(r"(?:\s*\[\d{1,3}\])*[\s.。!！?？;；]*")


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """Characters [start, end) of the answer's text, markers included, and the numbers that it cites."""

    start: int
    end: int
    text: str
    numbers: tuple[int, ...]

    @property
    def claim(self) -> str:
        """The sentence without its markers."""
        return without_markers(self.text).strip()


def sentence_at(start: int, text: str) -> AnswerSentence:
    """Return the sentence that begins there."""
    return AnswerSentence(start, start + len(text), text, _numbers_of(text))


class SentenceStream:
    """Feeds on the answer's text (markers already `[n]`) and returns each sentence once it is complete."""

    def __init__(self) -> None:
        self._text = ""
        self._start = 0

    def feed(self, text: str) -> list[AnswerSentence]:
        self._text += text
        # The last one may go on, or markers may follow its full stop (and be cut in the middle just now).
        return self._take(split_answer(_HALF_MARKER.sub("", self._text))[:-1])

    def finish(self) -> list[AnswerSentence]:
        return self._take(split_answer(self._text))

    def _take(self, sentences: list[AnswerSentence]) -> list[AnswerSentence]:
        moved = [AnswerSentence(s.start + self._start, s.end + self._start, s.text, s.numbers) for s in sentences]
        if sentences:
            self._text = self._text[sentences[-1].end :]
            self._start += sentences[-1].end
        return moved


def split_answer(text: str) -> list[AnswerSentence]:
    """Return the sentences of an answer; markers behind a full stop belong to the sentence before them."""
    spans: list[Span] = []
    for span in split_sentences(text):
        if spans and _ONLY_MARKERS.fullmatch(span.of(text)) and "\n" not in text[spans[-1].end : span.start]:
            spans[-1] = Span(spans[-1].start, span.end)
            continue
        if spans and (led := _MARKERS_AFTER.match(span.of(text))) and "\n" not in text[spans[-1].end : span.start]:
            at = span.start + led.end()
            spans[-1] = Span(spans[-1].start, at)
            while at < span.end and text[at].isspace():
                at += 1
            span = Span(at, span.end)
        if span.end > span.start:
            spans.append(span)
    return [
        AnswerSentence(span.start, span.end, span.of(text), _numbers_of(span.of(text)))
        for span in spans
        if not _ONLY_MARKERS.fullmatch(span.of(text)) or span is spans[0]
    ]


@dataclass(frozen=True, slots=True)
class _Evidence:
    """The words of a passage that carry a claim: the share of the claim's words that they hold, and, in the other
    language, how near they lie (0..1)."""

    quotes: tuple[Quote, ...]
    words: float
    across: float | None = None

    @property
    def text(self) -> str:
        return " ".join(quote.text for quote in self.quotes)


def check_sentence(
    sentence: AnswerSentence,
    sources: Sequence[Source],
    embedding: EmbeddingModel,
    threshold: float,
    entailment: EntailmentModel | None = None,
    strike: bool = False,
) -> list[Citation]:
    """Return a checked citation for each marker of the sentence whose number is among the sources.

    `threshold`: support (0..1) from which a citation counts as supported. `entailment` judges in place of words and
    nearness what the rules let pass. `strike`: where no passage carries the sentence, say that it is struck out.
    """
    cited = [source for number in sentence.numbers for source in sources if source.number == number]
    if not cited or not sentence.claim:
        return []
    claim = claim_before(sentence.claim, [_whole(source) for source in cited])
    terms = content_terms(claim.text)
    evidence = [_evidence(terms, claim.text, source, embedding) for source in cited]
    if any(found.across is not None for found in evidence):
        claim = replace(claim, lost_names=written_alike(claim.lost_names, claim.text))
    texts = [found.text for found in evidence]
    judged: Sequence[Judgement | None] = [None] * len(cited)
    if entailment:
        judged = entailment.judge(texts, claim.text)
        scores = [judgement.entails for judgement in judged if judgement]
    else:
        scores = _scores(claim.text, evidence, embedding)
    citations = []
    for source, found, score, thought in zip(cited, evidence, scores, judged, strict=True):
        is_across = found.across is not None
        verdict = support_of(claim, found.text, found.words, score, threshold, thought, is_across)
        citations.append(_citation(sentence, source, found, score, verdict))
    if strike and all(citation.support is Support.UNSUPPORTED for citation in citations):
        return [replace(citation, is_struck=True) for citation in citations]
    return citations


def best_evidence(terms: Sequence[Term], claim: str, source: Source) -> _Evidence:
    """Return the quote, or two that stand together, that hold most of the claim's words and numbers."""
    quotes = quotes_of(source)
    if not quotes:
        return _Evidence((), 0.0)
    around = f"{source.hit.document_title} {' '.join(source.hit.heading_path)}"
    numbers = {quantity.value for quantity in quantities(claim)}

    def words(run: tuple[Quote, ...]) -> float:
        text = " ".join(quote.text for quote in run)
        held = coverage(terms, TextTerms(text))
        # A title says what a passage is about; its words count, but not for choosing between its sentences.
        with_title = coverage(terms, TextTerms(f"{around} {text}"))
        share = held + 0.5 * (with_title - held)
        if numbers:
            present = len(numbers & {quantity.value for quantity in quantities(text)}) / len(numbers)
            share = 0.7 * share + 0.3 * present
        return share

    singles: list[tuple[float, tuple[Quote, ...]]] = [(words((quote,)), (quote,)) for quote in quotes]
    best, run = max(singles, key=lambda item: item[0])
    chosen = run[0]
    for first, second in itertools.pairwise(quotes):
        if chosen not in (first, second):
            continue
        both = words((first, second))
        if both > best + 0.12:
            best, run = both, (first, second)
    return _Evidence(run, best)


def _citation(
    sentence: AnswerSentence, source: Source, found: _Evidence, score: float, verdict: tuple[Support, str]
) -> Citation:
    hit = source.hit
    words = Span(found.quotes[0].start, found.quotes[-1].end) if found.quotes else Span(0, len(hit.text))
    start, end = hit.in_original(words.start, words.end)
    support, reason = verdict
    return Citation(
        source.number,
        sentence.start,
        sentence.end,
        start,
        end,
        support,
        round(min(1.0, score), 3),
        reason,
        words.of(hit.text) if hit.edit else "",
    )


def _evidence(terms: Sequence[Term], claim: str, source: Source, embedding: EmbeddingModel) -> _Evidence:
    """Return the passage's words that carry the claim; a row of figures is of no language and may be copied."""
    found = best_evidence(terms, claim, source)
    if found.words >= COPIED or not is_foreign(claim, source):
        return found
    quote, near = nearest_quote(claim, source, embedding)
    return _Evidence((quote,) if quote else (), 0.0, near)


def _scores(claim: str, evidence: Sequence[_Evidence], embedding: EmbeddingModel) -> list[float]:
    """Return the support (0..1) of each evidence by its words and its nearness; in the other language by nearness."""
    near = iter(cosines(claim, [found.text for found in evidence if found.across is None], embedding))
    return [
        max(found.words, 0.5 * found.words + 0.5 * WITHIN.share(float(next(near))))
        if found.across is None
        else found.across
        for found in evidence
    ]


def _whole(source: Source) -> str:
    hit = source.hit
    return f"{hit.document_title}\n{' '.join(hit.heading_path)}\n{hit.context}\n{hit.text}"


def _numbers_of(text: str) -> tuple[int, ...]:
    return tuple(dict.fromkeys(int(number) for number in CLEAN_MARKER.findall(text)))
