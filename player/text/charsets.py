"""The text of a subtitle file in whatever encoding it is: a byte order mark, UTF-8, UTF-16 without a mark, else what
fits its letters best. Pure.

charset-normalizer guesses. It is given the encodings only in which subtitles are written: of all that Python knows,
rare ones often fit a short text as well.
"""

from __future__ import annotations

import codecs

_SAMPLE_BYTES = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WESTERN = ("cp1252", "cp850")
_CENTRAL = ("cp1250", "iso8859_2", "cp852")
_CYRILLIC = ("cp1251", "koi8_r", "cp866", "iso8859_5")
_CHINESE = ("gb18030", "big5")
_OF_LANGUAGES = {
    "en de fr es it pt nl sv da no nb nn fi is ca eu gl af id ms": _WESTERN,
    "pl cs sk hu sl hr bs ro sq": _CENTRAL,
    "ru uk bg be mk": _CYRILLIC,
    "sr": (*_CENTRAL, *_CYRILLIC),
    "el": ("cp1253", "iso8859_7"),
    "tr az": ("cp1254",),
    "he": ("cp1255",),
    "ar fa ur": ("cp1256",),
    "et lv lt": ("cp1257",),
    "vi": ("cp1258",),
    "th": ("cp874",),
    "ja": ("cp932", "euc_jp"),
    "ko": ("cp949",),
    "zh": _CHINESE,
}
_BY_LANGUAGE = {tag: names for tags, names in _OF_LANGUAGES.items() for tag in tags.split()}
_ALL = list(dict.fromkeys(name for names in _OF_LANGUAGES.values() for name in names))
_WESTERN_NAMES = frozenset(
    {"English", "German", "French", "Spanish", "Italian", "Portuguese", "Dutch", "Swedish", "Danish", "Norwegian"}
    | {"Finnish", "Indonesian"}
)


def decoded(data: bytes, language: str | None = None) -> str:
    """The text of a file. ``language`` is that of its name, where it says one: its encodings are tried first."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    if wide := _wide(data):
        return data.decode(wide, "replace")
    if b"\x1b$" in data[:_SAMPLE_BYTES]:
        return data.decode("iso2022_jp", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode(_guessed(data[:_SAMPLE_BYTES], (language or "").partition("-")[0]), "replace")


def _wide(data: bytes) -> str:
    """UTF-16 without a mark: of the ASCII among its characters (digits, spaces, ends of lines) every other byte is
    zero, which no text of another encoding has."""
    sample = data[: 1 << 16]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) * 20 < len(sample):
        return ""
    return "utf-16-le" if odd > 8 * even else "utf-16-be" if even > 8 * odd else ""


def _guessed(data: bytes, language: str) -> str:
    from charset_normalizer import from_bytes

    likely = _BY_LANGUAGE.get(language)
    best = from_bytes(data, cp_isolation=list(likely)).best() if likely else None
    if best is not None:
        return best.encoding
    best = from_bytes(data, cp_isolation=_ALL).best()
    if best is None:
        return "cp1252"
    # Both fit a Western text, of which a few letters are others.
    return "cp1252" if best.encoding == "cp1250" and best.language in _WESTERN_NAMES else best.encoding
