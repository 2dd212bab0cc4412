"""Media playlists and segments where they meet the whole: what a variant turns out to be, how much is printed."""

from __future__ import annotations

import pytest

from player.base.errors import ErrorCode, ManifestError
from player.manifest import attach_playlist, parse
from player.manifest.dump import to_json
from player.manifest.model import Presentation, TrackType

URL = "https://example.org/a/main.m3u8"
PLAIN = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=64000\nradio.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=900000\ntv.m3u8\n"


def playlist(name: str, count: int = 1) -> str:
    return "#EXTM3U\n#EXT-X-TARGETDURATION:4\n" + f"#EXTINF:4,\n{name}\n" * count + "#EXT-X-ENDLIST\n"


def types(presentation: Presentation) -> list[tuple[TrackType, list[str]]]:
    return [(t.type, [r.id for r in t.renditions]) for t in presentation.periods[0].tracks]


def test_a_variant_without_codecs_that_is_packed_audio_is_audio() -> None:
    presentation = attach_playlist(
        parse(PLAIN, URL), "variant-0", playlist("1.aac"), "https://example.org/a/radio.m3u8"
    )
    presentation = attach_playlist(presentation, "variant-1", playlist("1.ts"), "https://example.org/a/tv.m3u8")
    assert sorted(types(presentation)) == [(TrackType.AUDIO, ["variant-0"]), (TrackType.VIDEO, ["variant-1"])]
    audio = presentation.tracks(TrackType.AUDIO)[0].renditions[0]
    assert not audio.muxed_audio


@pytest.mark.parametrize("more", ["", ',CODECS="unknown"'])
def test_a_title_of_packed_audio_alone_has_no_video(more: str) -> None:
    text = f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=64000{more}\nradio.m3u8\n"
    presentation = attach_playlist(
        parse(text, URL), "variant-0", playlist("1.mp3"), "https://example.org/a/radio.m3u8"
    )
    assert types(presentation) == [(TrackType.AUDIO, ["variant-0"])]


def test_declared_codecs_are_believed_before_a_file_name() -> None:
    text = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=64000,CODECS="avc1.4d401f,mp4a.40.2"\nodd.m3u8\n'
    presentation = attach_playlist(parse(text, URL), "variant-0", playlist("1.aac"), "https://example.org/a/odd.m3u8")
    assert types(presentation) == [(TrackType.VIDEO, ["variant-0"])]


@pytest.mark.parametrize(
    "body", [PLAIN, '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period/></MPD>'], ids=["multivariant", "mpd"]
)
@pytest.mark.parametrize("pathway", [None, "."])
def test_a_rendition_needs_a_media_playlist(body: str, pathway: str | None) -> None:
    """RFC 8216bis 4.4.6.2: what a variant names is a media playlist; another kind is not read as segments."""
    with pytest.raises(ManifestError) as caught:
        attach_playlist(parse(PLAIN, URL), "variant-0", body, URL, pathway=pathway)
    assert caught.value.code is ErrorCode.MANIFEST_SYNTAX


def test_a_warning_names_the_playlist_that_its_line_is_in() -> None:
    odd = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:-1,\n1.ts\n#EXT-X-ENDLIST\n"
    presentation = parse(PLAIN, URL)
    for name in ("variant-0", "variant-1"):
        presentation = attach_playlist(presentation, name, odd, f"https://example.org/a/{name}.m3u8")
    found = [(item["line"], item["rendition"]) for item in to_json(presentation)["warnings"]]
    assert found == [(3, "variant-0"), (3, "variant-1")]
    assert [item["rendition"] for item in to_json(parse(odd, URL))["warnings"]] == [None]


def test_the_segments_of_all_renditions_together_are_bounded() -> None:
    presentation = attach_playlist(
        parse(PLAIN, URL), "variant-0", playlist("1.ts", 30), "https://example.org/a/r.m3u8"
    )
    presentation = attach_playlist(presentation, "variant-1", playlist("2.ts", 30), "https://example.org/a/t.m3u8")
    document = to_json(presentation, max_segments=50)
    rows = document["periods"][0]["renditions"]
    assert [(len(row["segments"]), row["segments_left_out"], row["loaded"]) for row in rows] == [
        (30, 0, True),
        (0, 30, True),
    ]
    assert [item["code"] for item in document["warnings"]] == ["many_segments"]
    assert all(not row["segments_left_out"] for row in to_json(presentation)["periods"][0]["renditions"])
