"""Bytes of a text file become text, whatever encoding they are in."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

from kb_platform.domain.errors import GarbledText

SAMPLE_BYTES = 256 * 1024

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

# About half of any running text are these characters, so the right one of several possible encodings shows them.
_COMMON_SIMPLIFIED = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运笔，。、；：？！（）《》“”"
)
_COMMON_TRADITIONAL = frozenset(
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日軍者意無力它與長把機十民第公此已工使情明性知全三又關點正業外將兩高間由問很最重並物手應戰向頭文體政美相見被利什二等產或新己制身果加西斯月話合回特代內信表化老給世位次度門任常先海通教兒原東聲提立及比員解水名真論處走義各入幾口認條平系氣題活爾更別打女變四神總何電數安少報才結反受目太量再感建務做接必場件計管期市直德資命山金指克許統區保至隊形社便空決治展馬科司五基眼書非則聽白卻界達光放強即像難且權思王象完設式色路記南品住告類求據程北邊死張該交規萬取拉格望覺術領共確傳師觀清今切院讓識候帶導爭運筆，。、；：？！（）《》「」"
)
_COMMON_KOREAN = frozenset(
    "이다는의에고을가한지하로를사기은도어리아서자나인대시수있부보정해그들제스일것만과장전라여으원안게모상요주국동성등개경명관면위적공성학생세당마회구우계치와신"
)
_KANA = re.compile("[\u3040-\u30ff。、]")
_LATIN = re.compile("[À-ÖØ-öø-ÿŒœŠšŽž‘’“”–—…€°§«»£©®·•]")


def _share_of(common: frozenset[str]) -> Callable[[str], float]:
    return lambda text: sum(character in common for character in text) / len(text)


_CANDIDATES: tuple[tuple[str, Callable[[str], float]], ...] = (
    ("gb18030", _share_of(_COMMON_SIMPLIFIED)),
    ("big5hkscs", _share_of(_COMMON_TRADITIONAL)),
    ("cp932", lambda text: len(_KANA.findall(text)) / len(text)),
    ("euc_jp", lambda text: len(_KANA.findall(text)) / len(text)),
    ("cp949", _share_of(_COMMON_KOREAN)),
)
_CLEAR = 0.2
"""Share of common characters from which an encoding is taken without a second opinion."""


def decode(data: bytes, file_name: str) -> tuple[str, str]:
    """Return the text and the name of its encoding.

    A byte order mark decides; then UTF-8 if it fits; then the East Asian encoding whose common characters it shows;
    then charset-normalizer. Raises GarbledText when it is text in none.
    """
    encoding = _encoding(data)
    text = data.decode(encoding, errors="replace")
    if text.count("\ufffd") > max(8, len(text) // 50):
        raise GarbledText(
            file_name, f"its characters cannot be read (as {encoding} many are invalid). Save it again as UTF-8."
        )
    return text.removeprefix("\ufeff"), encoding


def _encoding(data: bytes) -> str:
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return encoding
    sample = data[:SAMPLE_BYTES]
    if (wide := _wide_without_bom(sample)) is not None:
        return wide
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(data)
        return "utf-8"
    except UnicodeDecodeError as error:
        damaged = data[:SAMPLE_BYTES].decode("utf-8", errors="replace")
        bad, good = damaged.count("\ufffd"), sum(character > "\x7f" for character in damaged)
        if error.start > 0 and bad * 20 < good:
            return "utf-8"  # a few damaged bytes in what is UTF-8 else
    scored = [(_score(sample, encoding, share), encoding) for encoding, share in _CANDIDATES]
    best, encoding = max(scored, key=lambda pair: pair[0])
    if best >= _CLEAR:
        return encoding
    return _second_opinion(sample) or (encoding if best > 0 else "cp1252")


def _wide_without_bom(sample: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark: the zero bytes stand where ASCII or blanks leave them."""
    if b"\x00" not in sample[:4096] or len(sample) < 8:
        return None
    quads = sample[: len(sample) // 4 * 4]
    zeros = [quads[at::4].count(0) / (len(quads) // 4) for at in range(4)]
    if zeros[0] > 0.9 and zeros[1] > 0.9 and zeros[3] < 0.5:
        return "utf-32-be"
    if zeros[3] > 0.9 and zeros[2] > 0.9 and zeros[0] < 0.5:
        return "utf-32-le"
    even, odd = (zeros[0] + zeros[2]) / 2, (zeros[1] + zeros[3]) / 2
    if odd > 0.1 and even < 0.02:
        return "utf-16-le"
    if even > 0.1 and odd < 0.02:
        return "utf-16-be"
    return None


def _score(sample: bytes, encoding: str, share: Callable[[str], float]) -> float:
    text = codecs.getincrementaldecoder(encoding)("replace").decode(sample)
    foreign = "".join(character for character in text if character > "\x7f")
    if not foreign:
        return 0.0
    return share(foreign) - 5 * foreign.count("\ufffd") / len(foreign)


def _second_opinion(sample: bytes) -> str | None:
    text = sample.decode("cp1252", errors="replace")
    foreign = [character for character in text if character > "\x7f"]
    if foreign and sum(bool(_LATIN.match(character)) for character in foreign) / len(foreign) > 0.9:
        isolated = len(re.findall("(?<![\x80-\uffff])[\x80-\uffff](?![\x80-\uffff])", text))
        if isolated / len(foreign) > 0.6:
            return "cp1252"
    from charset_normalizer import from_bytes

    guess = from_bytes(sample).best()
    return guess.encoding if guess is not None and not guess.encoding.startswith("utf") else None


def looks_binary(sample: bytes) -> bool:
    """Tell whether these first bytes of a file are no text in any encoding."""
    if not sample or any(sample.startswith(bom) for bom, _ in _BOMS):
        return False
    if b"\x00" in sample:
        return _wide_without_bom(sample) is None
    controls = sum(byte < 9 or (13 < byte < 32 and byte != 27) for byte in sample)
    return controls > max(3, 0.02 * len(sample))
