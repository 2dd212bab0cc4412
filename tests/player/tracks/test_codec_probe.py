"""What the media say where the manifest does not: codecs out of init segments, and what selection makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from player.base.errors import MediaError
from player.manifest import parse
from player.manifest.edit import iter_renditions
from player.manifest.model import InitFacts, Presentation, Rendition, TrackType, init_of
from player.media import ts
from player.tracks.codec_probe import facts_of, start_of, wanted, with_facts, with_kind
from player.tracks.selection import select
from tests.kit import he_aac, media, samples

URL = "https://example.org/a/x.mpd"


def mpd(codecs: str, rungs: int = 2) -> Presentation:
    said = f'codecs="{codecs}"' if codecs else ""
    representations = "".join(
        f'<Representation id="v{number}" bandwidth="{number + 1}00" height="{180 * (number + 1)}" {said}/>'
        for number in range(rungs)
    )
    return parse(
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT8S"><Period>'
        '<AdaptationSet mimeType="video/mp4"><SegmentTemplate media="$RepresentationID$-$Number$.m4s" '
        f'initialization="$RepresentationID$.mp4" duration="4"/>{representations}</AdaptationSet></Period></MPD>',
        URL,
    )


def renditions(presentation: Presentation) -> list[Rendition]:
    return [rendition for _, _, rendition in iter_renditions(presentation)]


def init_file(title: media.TestMedia, name: str) -> bytes:
    return next(Path(title.folder).rglob(name)).read_bytes()


@pytest.mark.parametrize(
    ("codec", "name", "codecs", "size"),
    [
        ("h264", "init-0.mp4", "avc1.4D400C", (320, 180)),
        ("hevc", "init-0.mp4", "hvc1", (320, 180)),
        ("vp9", "init-1.mp4", "vp09", (640, 360)),
        ("vp9", "init-2.mp4", "mp4a.40.2", (None, None)),
    ],
)
def test_an_init_segment_tells_the_codec(
    codec: str, name: str, codecs: str, size: tuple[int | None, int | None]
) -> None:
    title = media.ffmpeg_dash() if codec == "h264" else media.other_codec(codec)
    facts = facts_of(init_file(title, name))
    assert facts.codecs == (codecs,)
    assert (facts.width, facts.height) == size


def test_he_aac_is_told_by_what_is_heard() -> None:
    plain, explicit = (
        (samples.Sample("FFmpeg", "DASH", "fMP4", "H.264", audio).folder() / "init-stream1.m4s").read_bytes()
        for audio in ("AAC LC", "HE-AAC")
    )
    compatible = plain.replace(bytes.fromhex("119056e500"), he_aac.compatible_asc(24_000, 2))
    assert compatible != plain
    for init in (explicit, compatible):
        facts = facts_of(init)
        assert (facts.codecs, facts.sample_rate, facts.channels) == (("mp4a.40.5",), 48_000, 2)


def test_protection_shows() -> None:
    assert facts_of(init_file(media.packager_cbcs(), "init.mp4")).scheme == "cbcs"


@pytest.mark.parametrize("data", [b"", b"\x1a\x45\xdf\xa3", b"\0\0\0\x08moov", b"\xff" * 64])
def test_bytes_that_are_no_init_segment_are_refused(data: bytes) -> None:
    with pytest.raises(MediaError):
        facts_of(data)


def test_one_rendition_of_an_undeclared_track_is_asked_for_and_speaks_for_the_others() -> None:
    presentation = mpd("")
    (first,) = wanted(presentation)
    init = init_of(first)
    assert init is not None
    assert init.url == "https://example.org/a/v0.mp4"
    known = with_facts(presentation, first, InitFacts(("hvc1",), 320, 180))
    assert [item.media.codecs for item in renditions(known) if item.media] == [("hvc1",), ("hvc1",)]
    assert wanted(known) == ()
    with pytest.raises(MediaError, match="hevc"):
        select(known, decoders=["h264"])
    assert not wanted(mpd("avc1.4d401f"))


def test_wrong_codecs_are_said_and_the_media_count() -> None:
    presentation = mpd("avc1.4d401f")
    wrong = with_facts(presentation, renditions(presentation)[1], InitFacts(("hvc1",)))
    assert [warning.code for warning in wrong.warnings] == ["wrong_codecs"]
    selection = select(wrong, decoders=["h264"])
    assert selection.video is not None
    assert [item.id for item in selection.video.first.renditions] == ["v0"]
    assert [item.rendition.id for item in selection.unsupported_rungs] == ["v1"]
    assert "hevc" in selection.unsupported_rungs[0].reason


def test_a_rung_with_a_property_that_is_not_understood_is_passed_over_and_shown() -> None:
    """ISO/IEC 23009-1 5.8.4.8: the parent of an unknown EssentialProperty is ignored."""
    text = (
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT8S"><Period>'
        '<AdaptationSet mimeType="video/mp4" codecs="avc1.4d401f">'
        '<SegmentTemplate media="$Number$.m4s" duration="4"/>'
        '<Representation id="plain" bandwidth="1"/><Representation id="odd" bandwidth="2">'
        '<EssentialProperty schemeIdUri="urn:example:holograms"/></Representation></AdaptationSet></Period></MPD>'
    )
    selection = select(parse(text, URL))
    assert selection.video is not None
    assert [item.id for item in selection.video.first.renditions] == ["plain"]
    assert [item.rendition.id for item in selection.unsupported_rungs] == ["odd"]


def ts_head(*types: int) -> bytes:
    """Two packets: a table of programs and the map of the one that it names, with streams of these types."""
    table = bytes.fromhex("00b00d0001c10000") + b"\0\1\xe1\x00" + bytes(4)
    streams = b"".join(bytes([kind, 0xE1, pid, 0xF0, 0]) for pid, kind in enumerate(types, 1))
    body = bytes.fromhex("0001c10000e101f000") + streams + bytes(4)
    chart = b"\2" + (0xB000 | len(body)).to_bytes(2, "big") + body
    return packet(0, table) + packet(0x100, chart)


def packet(pid: int, section: bytes) -> bytes:
    return (b"\x47" + (0x4000 | pid).to_bytes(2, "big") + b"\x10\0" + section).ljust(188, b"\xff")


@pytest.mark.parametrize(
    ("types", "sound"),
    [((0x0F,), True), ((0x1B, 0x0F), False), ((0x0F, 0x15), True), ((0x24,), False), ((0x06,), None), ((), None)],
)
def test_a_program_map_tells_whether_there_is_a_picture(types: tuple[int, ...], sound: bool | None) -> None:
    head = ts_head(*types)
    assert ts.is_sound_only(head) is sound
    assert ts.is_sound_only(head[:188]) is None
    for cut in range(0, len(head), 7):
        ts.is_sound_only(head[:cut] + bytes(20))  # whatever comes, it does not fail


def test_undeclared_variants_of_sound_alone_are_audio() -> None:
    text = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n"
    presentation = parse(text, "https://example.org/a/x.m3u8")
    (rendition,) = renditions(presentation)
    changed = with_kind(presentation, rendition, ts_head(0x0F))
    assert [track.type for track in changed.periods[0].tracks] == [TrackType.AUDIO]
    assert select(changed).video is None
    assert with_kind(presentation, rendition, ts_head(0x1B, 0x0F)) is presentation
    assert start_of(rendition) is not None
