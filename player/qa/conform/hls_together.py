"""The rules of RFC 8216bis 4.4 and 6.2.4 on the playlists of one presentation, held against each other. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from itertools import pairwise
from urllib.parse import urljoin

from player.qa.conform.hls_dates import date_of
from player.qa.conform.model import BIS, Manifests, PresentationRule, Severity
from player.qa.conform.playlist import Playlist, number, playlist

_DRIFT = timedelta(seconds=1)
_EXACT_S = 0.01
_Found = Iterator[tuple[str, str]]


def media_playlists(manifests: Manifests) -> dict[str, Playlist]:
    """The media playlists by their addresses."""
    found = {name: playlist(text) for name, text in manifests.items() if text.lstrip("\ufeff").startswith("#EXTM3U")}
    return {name: each for name, each in found.items() if each.is_media and not each.is_multivariant}


def subtitles(manifests: Manifests) -> set[str]:
    """The addresses of the playlists of subtitles."""
    return {
        urljoin(name, each["URI"])
        for name, text in manifests.items()
        for each in playlist(text).lists("EXT-X-MEDIA")
        if each.get("TYPE") == "SUBTITLES" and "URI" in each
    }


def is_vod(found: Playlist) -> bool:
    """Whether a playlist says that it never changes."""
    return any(line.value.strip() == "VOD" for line in found.all("EXT-X-PLAYLIST-TYPE"))


def duration_s(found: Playlist) -> float:
    """The sum of the durations of its segments."""
    return sum(number(line.value.partition(",")[0].strip()) or 0.0 for line in found.all("EXTINF"))


def _beside(manifests: Manifests) -> dict[str, Playlist]:
    """The media playlists but those of subtitles and of I-frames."""
    text = subtitles(manifests)
    found = media_playlists(manifests)
    return {name: each for name, each in found.items() if name not in text and not each.has("EXT-X-I-FRAMES-ONLY")}


def short(name: str) -> str:
    """The last part of an address."""
    return name.partition("?")[0].rpartition("/")[2] or name


def _differing(values: Mapping[str, object], what: str) -> _Found:
    """Each that has another value than the first one."""
    rows = list(values.items())
    for name, value in rows[1:]:
        if value != rows[0][1]:
            told, other = (each if each is not None else "none" for each in (value, rows[0][1]))
            yield name, f"{what} is {told}; that of {short(rows[0][0])} is {other}."


def _targets(manifests: Manifests) -> _Found:
    text = subtitles(manifests)
    found = media_playlists(manifests)
    free = {name for name, each in found.items() if is_vod(each) and (name in text or _is_iframes(each))}
    yield from _differing(
        {name: each.seconds("EXT-X-TARGETDURATION") for name, each in found.items() if name not in free},
        "The target duration",
    )


def _is_iframes(found: Playlist) -> bool:
    return found.has("EXT-X-I-FRAMES-ONLY")


def _types(manifests: Manifests) -> _Found:
    found = media_playlists(manifests)
    yield from _differing(
        {name: next((line.value for line in each.all("EXT-X-PLAYLIST-TYPE")), None) for name, each in found.items()},
        "EXT-X-PLAYLIST-TYPE",
    )


def _controls(manifests: Manifests) -> _Found:
    told = {
        name: next((sorted(each.items()) for each in found.lists("EXT-X-SERVER-CONTROL")), None)
        for name, found in media_playlists(manifests).items()
    }
    first = next(iter(told), "")
    for name, control in told.items():
        if control != told[first]:
            yield name, f"Its EXT-X-SERVER-CONTROL is not that of {short(first)}."


def _dated(manifests: Manifests) -> _Found:
    found = media_playlists(manifests)
    dated = [name for name, each in found.items() if each.has("EXT-X-PROGRAM-DATE-TIME")]
    for name in found if dated else ():
        if name not in dated:
            yield name, f"It has no EXT-X-PROGRAM-DATE-TIME; {short(dated[0])} has."


def _dates(manifests: Manifests) -> _Found:
    """Of playlists that never change the first segments are shown at one time, so that they have one date."""
    starts = {}
    for name, found in media_playlists(manifests).items():
        lines = [line for line in found.lines if line.tag in ("EXT-X-PROGRAM-DATE-TIME", "")]
        date = date_of(lines[0].value) if lines and lines[0].tag and is_vod(found) else None
        if date is not None and date.tzinfo is not None:
            starts[name] = date
    for first, name in ((next(iter(starts)), name) for name in list(starts)[1:]):
        if abs(starts[name] - starts[first]) > _DRIFT:
            yield name, f"Its first segment is of {starts[name]}, that of {short(first)} of {starts[first]}."


def _date_ranges(manifests: Manifests) -> _Found:
    """The tags of one range say the same everywhere; playlists that do not change any more have the same ranges."""
    told: dict[str, tuple[str, dict[str, str]]] = {}
    ended: dict[str, set[str]] = {}
    for name, found in media_playlists(manifests).items():
        own: dict[str, dict[str, str]] = {}
        for each in found.lists("EXT-X-DATERANGE"):
            own.setdefault(each.get("ID", ""), {}).update(each)
        for id_, attributes in own.items():
            first, before = told.setdefault(id_, (name, attributes))
            if before != attributes:
                yield name, f"The date range {id_[:40]} is not that of {short(first)}."
        if own and found.has("EXT-X-ENDLIST"):
            ended[name] = set(own)
    for one, other in pairwise(ended):
        if ended[one] != ended[other]:
            missing = min(ended[one] ^ ended[other])
            yield other, f"Either it or {short(one)} does not have the date range {missing[:40]}."


def _lengths(manifests: Manifests) -> _Found:
    found = {name: each for name, each in _beside(manifests).items() if each.has("EXT-X-ENDLIST")}
    targets = [each.seconds("EXT-X-TARGETDURATION") or 0.0 for each in media_playlists(manifests).values()]
    for first, name in ((next(iter(found)), name) for name in list(found)[1:]):
        apart_s = duration_s(found[name]) - duration_s(found[first])
        if abs(apart_s) > min(targets) + _EXACT_S:
            yield name, f"It lasts {abs(apart_s):.1f} s {'more' if apart_s > 0 else 'less'} than {short(first)}."


def _discontinuities(manifests: Manifests) -> _Found:
    found = {name: each for name, each in _beside(manifests).items() if each.has("EXT-X-ENDLIST")}
    yield from _differing(
        {
            name: int(each.seconds("EXT-X-DISCONTINUITY-SEQUENCE") or 0) + len(each.all("EXT-X-DISCONTINUITY"))
            for name, each in found.items()
        },
        "The discontinuity sequence number of the last segment",
    )


def _listed(manifests: Manifests, tag: str) -> Iterator[str]:
    """The addresses that the tags of a name have."""
    for name, text in manifests.items():
        for each in playlist(text).lists(tag):
            yield urljoin(name, each.get("URI", ""))


def _iframes_only(manifests: Manifests) -> _Found:
    media = media_playlists(manifests)
    for name in _listed(manifests, "EXT-X-I-FRAME-STREAM-INF"):
        if name in media and not _is_iframes(media[name]):
            yield name, "A playlist of I-frames has no EXT-X-I-FRAMES-ONLY."


def _starts(manifests: Manifests) -> _Found:
    told = {name: each for name, text in manifests.items() for each in playlist(text).lists("EXT-X-START")}
    first = next((each for name, each in told.items() if playlist(manifests[name]).is_multivariant), None)
    for name, each in told.items():
        if first is not None and {"PRECISE": "NO", **each} != {"PRECISE": "NO", **first}:
            yield name, "Its EXT-X-START is not that of the multivariant playlist."


def _imports(manifests: Manifests) -> _Found:
    multivariant = [found for found in map(playlist, manifests.values()) if found.is_multivariant]
    known = {
        each.get("NAME") or each.get("QUERYPARAM") for found in multivariant for each in found.lists("EXT-X-DEFINE")
    }
    for name, found in media_playlists(manifests).items() if multivariant else ():
        for each in found.lists("EXT-X-DEFINE"):
            if each.get("IMPORT", None) not in (None, *known):
                yield name, f"It imports {each['IMPORT'][:40]}, which the multivariant playlist does not define."


def _session_keys(manifests: Manifests) -> _Found:
    def told(name: str, each: dict[str, str]) -> tuple[str, tuple[str, ...]]:
        return urljoin(name, each["URI"]), tuple(each.get(key, default) for key, default in _KEY_DEFAULTS.items())

    tags = [(name, found) for name, found in ((name, playlist(text)) for name, text in manifests.items())]
    session = dict(
        told(name, each) for name, found in tags for each in found.lists("EXT-X-SESSION-KEY") if "URI" in each
    )
    for name, found in tags:
        for each in found.lists("EXT-X-KEY"):
            uri, values = told(name, each) if "URI" in each else ("", ())
            if values != session.get(uri, values):
                which = [
                    key for key, own, other in zip(_KEY_DEFAULTS, values, session[uri], strict=True) if own != other
                ]
                yield name, f"An EXT-X-KEY has another {which[0]} than the EXT-X-SESSION-KEY of its URI."
                break


_KEY_DEFAULTS = {"METHOD": "", "KEYFORMAT": "identity", "KEYFORMATVERSIONS": "1"}
_AT = "http://a.test/"
_MASTER = (
    '#EXTM3U\n#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="x",URI="s.m3u8"\n'
    '#EXT-X-STREAM-INF:BANDWIDTH=1,SUBTITLES="s"\nv.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=2,SUBTITLES="s"\nw.m3u8\n'
)
_RANGE = '#EXT-X-DATERANGE:ID="a",START-DATE="2026-01-01T00:00:00Z",DURATION=4\n'
_ONE = (
    "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-SERVER-CONTROL:HOLD-BACK=24\n"
    "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z\n"
    f"{_RANGE}#EXTINF:4,\n1.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:4,\n2.ts\n#EXT-X-ENDLIST\n"
)
_TEXT = _ONE.replace("DURATION:4", "DURATION:8")
_ONCE = "#EXTINF:4,\n2.ts\n"


def _presentation(old: str = "", new: str = "") -> dict[str, str]:
    """A presentation of two variants with subtitles; the second variant is changed."""
    other = _ONE.replace(old, new, 1) if old else _ONE
    return {f"{_AT}m.m3u8": _MASTER, f"{_AT}v.m3u8": _ONE, f"{_AT}w.m3u8": other, f"{_AT}s.m3u8": _TEXT}


_MORE = (
    '#EXTM3U\n#EXT-X-VERSION:8\n#EXT-X-DEFINE:NAME="q",VALUE="1"\n#EXT-X-START:TIME-OFFSET=1\n'
    '#EXT-X-SESSION-KEY:METHOD=AES-128,URI="k",IV=0x00000000000000000000000000000001\n'
    '#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="i.m3u8"\n'
)
_KEYED = (
    "#EXTM3U\n#EXT-X-VERSION:8\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-I-FRAMES-ONLY\n"
    '#EXT-X-START:TIME-OFFSET=1,PRECISE=NO\n#EXT-X-DEFINE:IMPORT="q"\n'
    '#EXT-X-KEY:METHOD=AES-128,URI="k",IV=0x00000000000000000000000000000002\n'
    "#EXTINF:4,\n1.ts\n#EXT-X-ENDLIST\n"
)


def _listed_rule(
    code: str, clause: str, text: str, check: Callable[[Manifests], _Found], old: str, new: str
) -> PresentationRule:
    """A rule on what the multivariant playlist says of a playlist of I-frames."""
    keeps = {f"{_AT}m.m3u8": _MORE, f"{_AT}v.m3u8": _KEYED, f"{_AT}i.m3u8": _KEYED}
    breaks = {**keeps, f"{_AT}i.m3u8": _KEYED.replace(old, new, 1)}
    return PresentationRule(code, f"{BIS} {clause}", Severity.MUST, text, check, breaks, keeps)


def _rule(
    code: str, text: str, check: Callable[[Manifests], _Found], old: str, new: str, kept: tuple[str, str] = ("", "")
) -> PresentationRule:
    return PresentationRule(
        code, f"{BIS} 6.2.4", Severity.MUST, text, check, _presentation(old, new), _presentation(*kept)
    )


RULES: tuple[PresentationRule, ...] = (
    _rule(
        "hls.same_target",
        "All playlists have one target duration, but those of I-frames and subtitles that never change.",
        _targets,
        "DURATION:4",
        "DURATION:5",
    ),
    _rule(
        "hls.same_type",
        "All playlists say the same EXT-X-PLAYLIST-TYPE.",
        _types,
        "#EXT-X-PLAYLIST-TYPE:VOD\n",
        "",
    ),
    _rule(
        "hls.same_server_control",
        "All playlists say the same EXT-X-SERVER-CONTROL.",
        _controls,
        "HOLD-BACK=24",
        "HOLD-BACK=25",
    ),
    _rule(
        "hls.all_dated",
        "Where one playlist says what date its segments have, all do.",
        _dated,
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z\n",
        "",
    ),
    _rule(
        "hls.same_dates",
        "What is shown at one time has one date in all playlists.",
        _dates,
        "00:00:00Z\n",
        "00:00:02Z\n",
        ("00:00:00Z\n", "00:00:01Z\n"),
    ),
    _rule(
        "hls.same_dateranges",
        "Playlists with date ranges have the same ones.",
        _date_ranges,
        'ID="a"',
        'ID="b"',
    ),
    _rule(
        "hls.same_length",
        "What one playlist has and another has not is no longer than the target duration.",
        _lengths,
        _ONCE,
        f"{_ONCE}#EXTINF:4,\n3.ts\n#EXTINF:0.1,\n4.ts\n",
        (_ONCE, f"{_ONCE}#EXTINF:4,\n3.ts\n"),
    ),
    _rule(
        "hls.same_discontinuities",
        "What is shown at one time has one discontinuity sequence number.",
        _discontinuities,
        "#EXT-X-DISCONTINUITY\n",
        "",
    ),
    _listed_rule(
        "hls.iframes_only",
        "4.4.6.3",
        "A playlist that EXT-X-I-FRAME-STREAM-INF names has EXT-X-I-FRAMES-ONLY.",
        _iframes_only,
        "#EXT-X-I-FRAMES-ONLY\n",
        "",
    ),
    _listed_rule(
        "hls.same_start",
        "4.4.2.2",
        "The EXT-X-START of the multivariant playlist is that of the others that have one.",
        _starts,
        "TIME-OFFSET=1",
        "TIME-OFFSET=2",
    ),
    _listed_rule(
        "hls.define_imported",
        "4.4.2.3",
        "A variable that is imported is defined in the multivariant playlist.",
        _imports,
        '"q"',
        '"r"',
    ),
    _listed_rule(
        "hls.session_key_same",
        "4.4.6.5",
        "An EXT-X-SESSION-KEY has the METHOD, KEYFORMAT and KEYFORMATVERSIONS of the EXT-X-KEY of its URI.",
        _session_keys,
        "METHOD=AES-128",
        "METHOD=SAMPLE-AES",
    ),
)
