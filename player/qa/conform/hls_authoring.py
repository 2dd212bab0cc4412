"""The MUSTs of Apple's HLS authoring specification that playlists show, beyond those of RFC 8216bis. Pure.

They are asked for by name (``matinee qa conform --authoring``): streams that are not made for Apple's devices may
break them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from player.qa.conform.hls_together import duration_s, is_vod, media_playlists, short, subtitles
from player.qa.conform.model import AUTHORING, Manifests, PresentationRule, Severity
from player.qa.conform.playlist import Playlist, number, playlist

_Found = Iterator[tuple[str, str]]
_VIDEO = ("avc1", "avc3", "hvc1", "hev1", "dvh1", "dvhe", "av01", "dav1", "mjpg")
_SOUND = ("mp4a", "ac-3", "ec-3", "ec+3", "alac", "fLaC")
_STEREO = ("mp4a.40.2", "mp4a.40.5", "mp4a.40.29")
_TEXT = ("wvtt", "stpp")
_H264_LEVEL, _HEVC_LEVEL, _AV1_LEVEL = 52, 153, 18
_H264_PROFILES = frozenset({66, 77, 88, 100})
_FASTEST = 60.0
_FEWEST = 6
_EXACT_S = 0.1
_DESCRIBES = "public.accessibility.describes-video"
_TRANSCRIBES = "public.accessibility.transcribes-spoken-dialog"
_FPS = "com.apple.streamingkeydelivery"


def _multivariant(manifests: Manifests) -> Iterator[tuple[str, Playlist]]:
    for name, text in manifests.items():
        if playlist(text).is_multivariant:
            yield name, playlist(text)


def _codecs(each: dict[str, str]) -> list[str]:
    return [codec.strip() for codec in each.get("CODECS", "").split(",") if codec.strip()]


def _has_video(each: dict[str, str]) -> bool:
    return "RESOLUTION" in each or any(codec.startswith(_VIDEO) for codec in _codecs(each))


def _streams(manifests: Manifests, tag: str = "EXT-X-STREAM-INF") -> Iterator[tuple[str, dict[str, str]]]:
    for name, found in _multivariant(manifests):
        for each in found.lists(tag):
            yield name, each


def _says(tag: str, attribute: str, *, video: bool = False) -> Callable[[Manifests], _Found]:
    """A check that every tag of a name (of those with ``video``) has an attribute."""

    def check(manifests: Manifests) -> _Found:
        for name, each in _streams(manifests, tag):
            if not each.get(attribute) and (not video or _has_video(each)):
                yield name, f"An {tag} has no {attribute}."

    return check


def _known_codecs(manifests: Manifests) -> _Found:
    for name, each in _streams(manifests):
        for codec in _codecs(each):
            if not codec.startswith((*_VIDEO, *_SOUND, *_TEXT)):
                yield name, f"The codec {codec[:40]} is none that the specification has."


def _levels(manifests: Manifests) -> _Found:
    for name, each in _streams(manifests):
        for codec in _codecs(each):
            too_high = _too_high(codec)
            if too_high:
                yield name, f"{codec[:40]}: {too_high}."


def _too_high(codec: str) -> str:
    h264 = re.fullmatch(r"avc[13]\.([0-9A-Fa-f]{2})[0-9A-Fa-f]{2}([0-9A-Fa-f]{2})", codec)
    if h264 is not None:
        profile, level = int(h264[1], 16), int(h264[2], 16)
        return "above High Profile, Level 5.2" if profile not in _H264_PROFILES or level > _H264_LEVEL else ""
    hevc = re.match(r"h(?:vc|ev)1\.([A-C]?)(\d+)\.[0-9A-Fa-f]+\.[LH](\d+)", codec)
    if hevc is not None:
        high = int(hevc[2]) > 2 or int(hevc[3]) > _HEVC_LEVEL
        return "above Main 10 Profile, Level 5.1" if high else ""
    av1 = re.match(r"av01\.\d\.(\d{2})", codec)
    return "above Level 6.2" if av1 is not None and int(av1[1]) > _AV1_LEVEL else ""


def _frame_rates(manifests: Manifests) -> _Found:
    for name, each in _streams(manifests):
        if (number(each.get("FRAME-RATE", "")) or 0.0) > _FASTEST:
            yield name, f"FRAME-RATE is {each['FRAME-RATE']}; more than 60 are not allowed."


def _sdr(manifests: Manifests) -> _Found:
    for name, found in _multivariant(manifests):
        videos = [each for each in found.lists("EXT-X-STREAM-INF") if _has_video(each)]
        if videos and all(each.get("VIDEO-RANGE", "SDR") != "SDR" for each in videos):
            yield name, "No variant has SDR video."


def _video_ranges(manifests: Manifests) -> _Found:
    for name, found in _multivariant(manifests):
        videos = [each for each in found.lists("EXT-X-STREAM-INF") if _has_video(each)]
        if any(each.get("VIDEO-RANGE", "SDR") != "SDR" for each in videos):
            for _ in (each for each in videos if "VIDEO-RANGE" not in each):
                yield name, "A variant has no VIDEO-RANGE, and another one is no SDR."


def _stereo(manifests: Manifests) -> _Found:
    for name, found in _multivariant(manifests):
        told = [codec for each in found.lists("EXT-X-STREAM-INF") for codec in _codecs(each)]
        if any(codec.startswith(_SOUND) for codec in told) and not any(codec in _STEREO for codec in told):
            yield name, "There is no stereo audio in AAC."


def _scores(manifests: Manifests) -> _Found:
    for name, found in _multivariant(manifests):
        scored = ["SCORE" in each for each in found.lists("EXT-X-STREAM-INF")]
        if any(scored) and not all(scored):
            yield name, "Some variants have a SCORE and others do not."


def _several(manifests: Manifests) -> _Found:
    for name, found in _multivariant(manifests):
        rates = {each.get("BANDWIDTH") for each in found.lists("EXT-X-STREAM-INF") if _has_video(each)}
        if len(rates) == 1:
            yield name, "There is one bit rate of video only."


def _languages(manifests: Manifests) -> _Found:
    for name, each in _streams(manifests, "EXT-X-MEDIA"):
        if each.get("TYPE") != "VIDEO" and not each.get("LANGUAGE"):
            yield name, f'The {each.get("TYPE", "")} rendition "{each.get("NAME", "")[:40]}" has no LANGUAGE.'


def _marked(mark: str) -> Callable[[Manifests], _Found]:
    """A check that a rendition for people who cannot hear, or see, is chosen automatically."""

    def check(manifests: Manifests) -> _Found:
        for name, each in _streams(manifests, "EXT-X-MEDIA"):
            chosen = "YES" in (each.get("AUTOSELECT"), each.get("DEFAULT"))
            if mark in each.get("CHARACTERISTICS", "") and not chosen:
                yield name, f'"{each.get("NAME", "")[:40]}" is for accessibility and has no AUTOSELECT=YES.'

    return check


def _trick_play(manifests: Manifests) -> _Found:
    for name, found in _multivariant(manifests):
        videos = any(_has_video(each) for each in found.lists("EXT-X-STREAM-INF"))
        if videos and not found.has("EXT-X-I-FRAME-STREAM-INF"):
            yield name, "There is no EXT-X-I-FRAME-STREAM-INF."


def _live(manifests: Manifests) -> Iterator[tuple[str, Playlist]]:
    for name, found in media_playlists(manifests).items():
        if not found.has("EXT-X-ENDLIST", "EXT-X-PLAYLIST-TYPE"):
            yield name, found


def _live_dates(manifests: Manifests) -> _Found:
    for name, found in _live(manifests):
        if not found.has("EXT-X-PROGRAM-DATE-TIME"):
            yield name, "A live playlist has no EXT-X-PROGRAM-DATE-TIME."


def _live_segments(manifests: Manifests) -> _Found:
    for name, found in _live(manifests):
        count = len(found.all("EXTINF"))
        if count < _FEWEST and (found.seconds("EXT-X-MEDIA-SEQUENCE") or 0) > 0:
            yield name, f"A live playlist lists {count} segments; {_FEWEST} are the fewest."


def _live_discontinuities(manifests: Manifests) -> _Found:
    for name, found in _live(manifests):
        if found.has("EXT-X-DISCONTINUITY") and not found.has("EXT-X-DISCONTINUITY-SEQUENCE"):
            yield name, "A live playlist has EXT-X-DISCONTINUITY and no EXT-X-DISCONTINUITY-SEQUENCE."


def _vod_lengths(manifests: Manifests) -> _Found:
    text = subtitles(manifests)
    found = {name: each for name, each in media_playlists(manifests).items() if is_vod(each) and name not in text}
    lengths = {name: duration_s(each) for name, each in found.items()}
    for first, name in ((next(iter(lengths)), name) for name in list(lengths)[1:]):
        apart_s = lengths[name] - lengths[first]
        longest = max(
            (number(line.value.partition(",")[0]) or 0.0 for line in found[name].all("EXTINF")), default=0.0
        )
        if abs(apart_s) > max(_EXACT_S, longest * _EXACT_S):
            yield name, f"It lasts {lengths[name]:.1f} s, and {short(first)} {lengths[first]:.1f} s."


def _independent(manifests: Manifests) -> _Found:
    if any(found.has("EXT-X-INDEPENDENT-SEGMENTS") for _, found in _multivariant(manifests)):
        return
    videos = {short(line.value) for _, found in _multivariant(manifests) for line in found.lines if not line.tag}
    for name, found in media_playlists(manifests).items():
        if short(name) in videos and not found.has("EXT-X-INDEPENDENT-SEGMENTS", "EXT-X-I-FRAMES-ONLY"):
            yield name, "EXT-X-INDEPENDENT-SEGMENTS stands neither here nor in the multivariant playlist."


def _fairplay(manifests: Manifests) -> _Found:
    for name, text in manifests.items():
        for each in (*playlist(text).lists("EXT-X-KEY"), *playlist(text).lists("EXT-X-SESSION-KEY")):
            if each.get("KEYFORMAT") == _FPS and each.get("METHOD") != "SAMPLE-AES":
                yield name, f"A key of FairPlay Streaming has METHOD={each.get('METHOD', '')[:40]}."
            elif each.get("URI", "").startswith("skd:") and each.get("KEYFORMAT") != _FPS:
                yield name, "A key of FairPlay Streaming has another KEYFORMAT."


def _counter_mode(manifests: Manifests) -> _Found:
    for name, text in manifests.items():
        for each in (*playlist(text).lists("EXT-X-KEY"), *playlist(text).lists("EXT-X-SESSION-KEY")):
            if each.get("METHOD") == "SAMPLE-AES-CTR":
                yield name, "METHOD is SAMPLE-AES-CTR."


def _part_hold_back(manifests: Manifests) -> _Found:
    for name, found in media_playlists(manifests).items():
        held_s = found.seconds("EXT-X-SERVER-CONTROL", "PART-HOLD-BACK")
        part_s = found.seconds("EXT-X-PART-INF", "PART-TARGET")
        if held_s is not None and part_s is not None and held_s < 3 * part_s - 0.001:
            yield name, f"PART-HOLD-BACK is {held_s:g} s, less than three times PART-TARGET ({part_s:g} s)."


_AT = "http://a.test/"
_MASTER = (
    "#EXTM3U\n#EXT-X-INDEPENDENT-SEGMENTS\n"
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x",LANGUAGE="en",AUTOSELECT=YES,'
    f'CHARACTERISTICS="{_DESCRIBES}",URI="a.m3u8"\n'
    '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="y",LANGUAGE="en",AUTOSELECT=YES,'
    f'CHARACTERISTICS="{_TRANSCRIBES}",URI="s.m3u8"\n'
    + "".join(
        f"#EXT-X-STREAM-INF:BANDWIDTH={rate},AVERAGE-BANDWIDTH={rate},RESOLUTION=640x360,FRAME-RATE=60,SCORE=1,"
        f'VIDEO-RANGE=SDR,AUDIO="a",SUBTITLES="s",CODECS="avc1.640034,mp4a.40.2"\n{name}.m3u8\n'
        for rate, name in ((1, "v"), (2, "w"))
    )
    + '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,RESOLUTION=640x360,CODECS="avc1.640034",URI="i.m3u8"\n'
)
_VOD = (
    "#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n"
    "#EXTINF:4,\n1.ts\n#EXTINF:4,\n2.ts\n#EXT-X-ENDLIST\n"
)
_LIVE = (
    "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-DISCONTINUITY-SEQUENCE:0\n"
    "#EXT-X-PART-INF:PART-TARGET=1\n#EXT-X-SERVER-CONTROL:PART-HOLD-BACK=3\n"
    '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://k",KEYFORMAT="com.apple.streamingkeydelivery"\n'
    "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z\n#EXT-X-DISCONTINUITY\n"
    + "".join(f"#EXTINF:4,\n{count}.ts\n" for count in range(6))
)


def _presentation(name: str = "", old: str = "", new: str = "", media: str = _VOD) -> dict[str, str]:
    """A presentation in which one playlist is changed."""
    iframes = media.replace("#EXTINF", "#EXT-X-I-FRAMES-ONLY\n#EXTINF", 1)
    texts = {"m": _MASTER, "v": media, "w": media, "a": media, "s": media, "i": iframes}
    return {f"{_AT}{key}.m3u8": text.replace(old, new, 1) if key == name else text for key, text in texts.items()}


def _rule(
    code: str,
    clause: str,
    text: str,
    check: Callable[[Manifests], _Found],
    change: tuple[str, str, str],
    kept: tuple[str, str, str] = ("", "", ""),
    *,
    media: str = _VOD,
) -> PresentationRule:
    return PresentationRule(
        f"authoring.{code}",
        f"{AUTHORING} {clause}",
        Severity.MUST,
        text,
        check,
        _presentation(*change, media=media),
        _presentation(*kept, media=media),
    )


_RANGES = _MASTER[_MASTER.index("VIDEO-RANGE") : _MASTER.rindex("AUDIO=")]
_LOUD = (_RANGES + _MASTER[_MASTER.rindex("AUDIO=") :]).replace("mp4a.40.2", "ac-3")
_STREAM, _IFRAMES = "EXT-X-STREAM-INF", "EXT-X-I-FRAME-STREAM-INF"
_CODECS = ',CODECS="avc1.640034,mp4a.40.2"'
RULES: tuple[PresentationRule, ...] = (
    _rule("formats", "1.1", "The codecs are those that Apple's devices have.", _known_codecs,
          ("m", "avc1.640034", "vp09.00.10.08"), ("m", "avc1.640034", "av01.0.04M.08")),
    _rule("levels", "1.3", "Profile and level are no higher than allowed.", _levels,
          ("m", "avc1.640034", "avc1.64003d"), ("m", "avc1.640034", "hvc1.2.4.H153.B0")),
    _rule("frame_rate", "1.19", "No video has more than 60 frames a second.", _frame_rates,
          ("m", "FRAME-RATE=60", "FRAME-RATE=60.5")),
    _rule("sdr", "1.24", "There is SDR video.", _sdr,
          ("m", _RANGES, _RANGES.replace("SDR", "PQ")), ("m", "VIDEO-RANGE=SDR", "VIDEO-RANGE=PQ")),
    _rule("stereo", "2.3", "There is stereo audio in AAC.", _stereo,
          ("m", _RANGES + _MASTER[_MASTER.rindex("AUDIO=") :], _LOUD), ("m", "mp4a.40.2", "ac-3")),
    _rule("described", "2.13", "Audio that describes the video is selected automatically.", _marked(_DESCRIBES),
          ("m", "AUTOSELECT=YES", "AUTOSELECT=NO")),
    _rule("transcribed", "4.6", "Subtitles for people who cannot hear are selected automatically.",
          _marked(_TRANSCRIBES), ("m", 'NAME="y",LANGUAGE="en",AUTOSELECT=YES', 'NAME="y",LANGUAGE="en"')),
    _rule("trick_play", "6.1", "There are playlists of I-frames.", _trick_play, ("m", f"#{_IFRAMES}", "#X")),
    _rule("live_dates", "8.4", "A live playlist says what date its segments have.", _live_dates,
          ("v", "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z\n", ""), media=_LIVE),
    _rule("vod_length", "8.7", "Playlists that never change cover the same time.", _vod_lengths,
          ("w", "#EXTINF:4,\n2", "#EXTINF:3,\n2"), ("w", "#EXTINF:4,\n2", "#EXTINF:3.9,\n2")),
    _rule("language", "8.10", "Renditions but those of video have a LANGUAGE.", _languages,
          ("m", 'LANGUAGE="en",', "")),
    _rule("live_segments", "8.11", "A live playlist has six segments.", _live_segments,
          ("v", "#EXTINF:4,\n0.ts\n", ""), media=_LIVE),
    _rule("live_discontinuities", "8.17", "A live playlist with discontinuities counts them.", _live_discontinuities,
          ("v", "#EXT-X-DISCONTINUITY-SEQUENCE:0\n", ""), media=_LIVE),
    _rule("codecs", "9.1", f"An {_STREAM} has CODECS.", _says(_STREAM, "CODECS"), ("m", _CODECS, "")),
    _rule("resolution", "9.2", f"An {_STREAM} with video has a RESOLUTION.", _says(_STREAM, "RESOLUTION", video=True),
          ("m", "RESOLUTION=640x360,", "")),
    _rule("iframe_codecs", "9.3", f"An {_IFRAMES} has CODECS.", _says(_IFRAMES, "CODECS"),
          ("m", ',CODECS="avc1.640034",', ",")),
    _rule("iframe_resolution", "9.4", f"An {_IFRAMES} has a RESOLUTION.", _says(_IFRAMES, "RESOLUTION"),
          ("m", "1,RESOLUTION=640x360,CODECS", "1,CODECS")),
    _rule("several", "9.9", "There are several bit rates of video.", _several,
          ("m", "BANDWIDTH=2,AVERAGE", "BANDWIDTH=1,AVERAGE")),
    _rule("independent", "9.12", "Playlists of video, or the multivariant one, say that segments are independent.",
          _independent, ("m", "#EXT-X-INDEPENDENT-SEGMENTS\n", "")),
    _rule("average", "9.14", f"An {_STREAM} has an AVERAGE-BANDWIDTH.", _says(_STREAM, "AVERAGE-BANDWIDTH"),
          ("m", "AVERAGE-BANDWIDTH=1,", "")),
    _rule("video_frame_rate", "9.15", f"An {_STREAM} with video has a FRAME-RATE.",
          _says(_STREAM, "FRAME-RATE", video=True), ("m", "FRAME-RATE=60,", "")),
    _rule("video_range", "9.16", "Where a variant is no SDR, all have a VIDEO-RANGE.", _video_ranges,
          ("m", _RANGES, _RANGES.replace("SDR", "PQ", 1).replace("VIDEO-RANGE=SDR,", "", 1)),
          ("m", "VIDEO-RANGE=SDR", "VIDEO-RANGE=PQ")),
    _rule("score", "9.19", "All variants have a SCORE, or none.", _scores, ("m", "SCORE=1,", "")),
    _rule("fairplay", "13.2", "FairPlay Streaming has its METHOD and KEYFORMAT.", _fairplay,
          ("v", "SAMPLE-AES", "AES-128"), media=_LIVE),
    _rule("counter_mode", "13.11", "No METHOD is SAMPLE-AES-CTR.", _counter_mode,
          ("v", 'SAMPLE-AES,URI="skd://k",KEYFORMAT="com.apple', 'SAMPLE-AES-CTR,URI="k",KEYFORMAT="com.other'),
          media=_LIVE),
    _rule("part_hold_back", "14.3", "PART-HOLD-BACK is three part targets or more.", _part_hold_back,
          ("v", "PART-HOLD-BACK=3", "PART-HOLD-BACK=2.9"), media=_LIVE),
)  # fmt: skip
