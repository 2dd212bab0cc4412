"""Which renditions are played together, and what is said of those that cannot be."""

from __future__ import annotations

import pytest

from player.base.errors import ErrorCode, MediaError
from player.manifest import parse
from player.manifest.model import Presentation, TrackType
from player.tracks.menus import audio_choices, rung_choices, unsupported_rungs
from player.tracks.selection import Selection, codec_family, ladder, select
from tests.kit.presentations import presentation, rendition, segments, video_track

_DECODERS = frozenset({"h264", "hevc", "aac", "eac3", "opus"})


def _mpd(*periods: str) -> Presentation:
    body = "".join(f'<Period duration="PT10S">{period}</Period>' for period in periods)
    return parse(f'<MPD xmlns="urn:mpeg:dash:schema:mpd:2011">{body}</MPD>', "https://example.org/m.mpd")


def _set(kind: str, *renditions: str, attributes: str = "", inside: str = "") -> str:
    return (
        f'<AdaptationSet contentType="{kind}" mimeType="{kind}/mp4" {attributes}>{inside}'
        '<SegmentTemplate media="$RepresentationID$-$Number$.m4s" duration="5"/>'
        f"{''.join(f'<Representation {attributes}/>' for attributes in renditions)}</AdaptationSet>"
    )


def _rung(identity: str, bandwidth: int, codecs: str, height: int = 360, rate: int = 25) -> str:
    return f'id="{identity}" bandwidth="{bandwidth}" codecs="{codecs}" height="{height}" frameRate="{rate}"'


def _sound(identity: str, bandwidth: int, codecs: str) -> str:
    return f'id="{identity}" bandwidth="{bandwidth}" codecs="{codecs}"'


_PLAIN_AUDIO = _set("audio", _sound("a", 64_000, "mp4a.40.2"))


def _ids(selection: Selection) -> list[str]:
    return [rung.id for rung in ladder(selection.main)]


@pytest.mark.parametrize(
    ("codec", "type_", "family"),
    [
        ("avc3.64001f", TrackType.VIDEO, "h264"),
        ("dvh1.05.01", TrackType.VIDEO, "hevc"),
        ("vp09.00.10.08", TrackType.VIDEO, "vp9"),
        ("mp4a.40.34", TrackType.AUDIO, "mp3"),
        ("mp4a.40.5", TrackType.AUDIO, "aac"),
        ("Opus", TrackType.AUDIO, "opus"),
        ("avc1.64001f", TrackType.AUDIO, ""),
    ],
)
def test_codec_families(codec: str, type_: TrackType, family: str) -> None:
    assert codec_family((codec,), type_) == family


def test_a_ladder_stays_in_one_codec_family() -> None:
    low, high = _rung("1", 500, "avc1.4d"), _rung("2", 900, "avc1.4d", 720)
    video = _set("video", _rung("h", 700, "hvc1.1.6.L93"), low, high)
    assert _ids(select(_mpd(video + _PLAIN_AUDIO), decoders=_DECODERS)) == ["1", "2"]


def test_what_cannot_be_decoded_is_passed_over() -> None:
    better = _set("video", _rung("vvc", 900, "vvc1.1.L51", 720), _rung("avc", 500, "avc1.4d"))
    assert _ids(select(_mpd(better + _PLAIN_AUDIO), decoders=_DECODERS)) == ["avc"]
    av1_only_where_known = _set("video", _rung("av1", 900, "av01.0.04M.08"))
    assert _ids(select(_mpd(av1_only_where_known + _PLAIN_AUDIO))) == ["av1"]


def test_video_that_nothing_decodes_is_an_error_that_names_it() -> None:
    with pytest.raises(MediaError) as caught:
        select(_mpd(_set("video", _rung("v", 900, "av01.0.04M.08")) + _PLAIN_AUDIO), decoders=_DECODERS)
    assert caught.value.code is ErrorCode.MEDIA_UNSUPPORTED
    assert "av1" in caught.value.sentence


def test_an_undeclared_codec_is_tried() -> None:
    video = '<AdaptationSet mimeType="video/mp4"><Representation id="v" bandwidth="1"/></AdaptationSet>'
    assert _ids(select(_mpd(video), decoders=_DECODERS)) == ["v"]


def test_sound_that_cannot_be_decoded_is_shown_with_the_reason() -> None:
    video = _set("video", _rung("v", 500, "avc1.4d"))
    english = _set("audio", _sound("e", 64_000, "mp4a.40.2"), attributes='lang="en"')
    english_too = _set("audio", _sound("e4", 64_000, "ac-4.02.01.00"), attributes='lang="en"')
    german = _set("audio", _sound("d", 64_000, "ac-4.02.01.00"), attributes='lang="de"')
    selection = select(_mpd(video + german + english + english_too), decoders=_DECODERS)
    assert [track.label for track in selection.audio] == ["en"]
    assert selection.audio[0].first.renditions[0].id == "e"
    shown = audio_choices(selection, 0, changeable=True)
    assert [(choice.language, choice.unsupported is None) for choice in shown] == [("en", True), ("de", False)]
    assert "ac4" in (shown[1].unsupported or "")
    assert len({choice.id for choice in shown}) == len(shown)


def test_a_rung_that_cannot_be_played_stands_in_the_menu_with_the_reason() -> None:
    odd = '<EssentialProperty schemeIdUri="urn:example:holograms"/>'
    rungs = (
        f"<Representation {_rung('a', 500_000, 'avc1.4d')}/>"
        f"<Representation {_rung('b', 900_000, 'avc1.4d', 720)}>{odd}</Representation>"
    )
    video = _set("video").replace("</AdaptationSet>", f"{rungs}</AdaptationSet>")
    selection = select(_mpd(video + _PLAIN_AUDIO), decoders=_DECODERS)
    offered, shown = rung_choices(selection.main), unsupported_rungs(selection)
    assert [(choice.index, choice.label, choice.unsupported) for choice in offered] == [(0, "360p", None)]
    assert [(choice.index, choice.label) for choice in shown] == [(1, "720p")]
    assert "holograms" in (shown[0].unsupported or "")


def test_a_title_of_sound_that_cannot_be_decoded_is_an_error() -> None:
    with pytest.raises(MediaError) as caught:
        select(_mpd(_set("audio", _sound("a", 64_000, "ac-4.02.01.00"))), decoders=_DECODERS)
    assert caught.value.code is ErrorCode.MEDIA_UNSUPPORTED


def test_sdr_is_not_mixed_with_hdr() -> None:
    pq = '<SupplementalProperty schemeIdUri="urn:mpeg:mpegB:cicp:TransferCharacteristics" value="16"/>'
    first = _set("video", _rung("sdr", 500, "hvc1.1.6.L93"))
    hdr = _set("video", _rung("hdr", 900, "hvc1.2.4.L93", 720), inside=pq)
    selection = select(_mpd(first + _PLAIN_AUDIO, hdr + first + _PLAIN_AUDIO), decoders=_DECODERS)
    assert selection.video is not None
    assert [rendition.id for _, rendition in selection.video.per_period_renditions()] == ["sdr", "sdr"]


def test_a_period_follows_the_codec_family_of_the_first() -> None:
    avc, hevc = _set("video", _rung("avc", 500, "avc1.4d")), _set("video", _rung("hevc", 500, "hvc1.1.6.L93"))
    selection = select(_mpd(hevc + _PLAIN_AUDIO, avc + hevc + _PLAIN_AUDIO), decoders=_DECODERS)
    assert selection.video is not None
    assert [rendition.id for _, rendition in selection.video.per_period_renditions()] == ["hevc", "hevc"]


def _spoken(identity: str, attributes: str = "", role: str = "") -> str:
    inside = f'<Role schemeIdUri="urn:mpeg:dash:role:2011" value="{role}"/>' if role else ""
    return _set("audio", _sound(identity, 64_000, "mp4a.40.2"), attributes=attributes, inside=inside)


def _sounds(*periods: str) -> list[list[str]]:
    """Of each sound, what is heard in each period; what stands in for it is in brackets."""
    video = _set("video", _rung("v", 500, "avc1.4d"))
    return [
        [
            "" if there is None else f"({there.renditions[0].id})" if n in track.stand_ins else there.renditions[0].id
            for n, there in enumerate(track.per_period)
        ]
        for track in select(_mpd(*(video + period for period in periods)), decoders=_DECODERS).audio
    ]


def test_a_period_without_the_chosen_sound_has_another_one() -> None:
    film = _spoken("en", 'lang="en"', "main") + _spoken("fr", 'lang="fr"', "dub")
    assert _sounds(film, _spoken("ad"), film) == [["en", "(ad)", "en"], ["fr", "(ad)", "fr"]]
    assert _sounds(_spoken("ad"), film) == [["(ad)", "en"], ["(ad)", "fr"]]
    assert _sounds(film, _spoken("ad", 'lang="en" label="Spot"')) == [["en", "(ad)"], ["fr", "(ad)"]]
    others = [["en", "(de)"], ["fr", "(de)"], ["(en)", "de"]]
    assert _sounds(film, _spoken("de", 'lang="de"')) == others, "what is in no other language stays to be chosen"


def test_the_nearest_sound_stands_in_and_a_commentary_last() -> None:
    film = _spoken("film", 'lang="en" label="Film"', "main")
    talk, british = _spoken("talk", 'lang="en"', "commentary"), _spoken("en", 'lang="en-GB"')
    assert _sounds(film, talk + british)[0] == ["film", "(en)"]
    assert _sounds(film, talk + british + _spoken("de", 'lang="de"', "main"))[0] == ["film", "(en)"]
    assert _sounds(film, talk + _spoken("de", 'lang="de"', "main"))[0] == ["film", "(de)"]
    assert _sounds(film, "") == [["film", ""]], "there is nothing to be heard"


def test_sound_keeps_its_layout() -> None:
    scheme = "urn:mpeg:dash:23003:3:audio_channel_configuration:2011"
    parts = [
        f"<Representation {_sound(identity, rate, 'mp4a.40.2')}>"
        f'<AudioChannelConfiguration schemeIdUri="{scheme}" value="{channels}"/></Representation>'
        for identity, rate, channels in (("s1", 64_000, 2), ("s2", 128_000, 2), ("m", 384_000, 6))
    ]
    audio = f'<AdaptationSet mimeType="audio/mp4">{"".join(parts)}</AdaptationSet>'
    assert _ids(select(_mpd(audio), decoders=_DECODERS)) == ["s1", "s2"]


def test_duplicates_and_supersets_leave_the_ladder() -> None:
    video = _set(
        "video",
        _rung("1", 500, "avc1.4d", 360),
        _rung("copy", 500, "avc1.4d", 360),
        _rung("2", 900, "avc1.4d", 720),
        _rung("dearer and smaller", 1000, "avc1.4d", 540),
        _rung("smaller but smoother", 1100, "avc1.4d", 540, 50),
    )
    assert _ids(select(_mpd(video + _PLAIN_AUDIO), decoders=_DECODERS)) == ["1", "2", "smaller but smoother"]


def test_one_playlist_under_two_variants_is_one_rung() -> None:
    text = """#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="low",NAME="English",LANGUAGE="en",URI="low.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="high",NAME="English",LANGUAGE="en",URI="high.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=700,CODECS="avc1.4d401f,mp4a.40.2",RESOLUTION=640x360,AUDIO="high"
v.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=600,CODECS="avc1.4d401f,mp4a.40.2",RESOLUTION=640x360,AUDIO="low"
v.m3u8
"""
    selection = select(parse(text, "https://example.org/m.m3u8"), decoders=_DECODERS)
    assert [rung.bitrate_bps for rung in ladder(selection.main)] == [600]


def test_captions_that_an_mpd_announces_can_be_chosen() -> None:
    announced = (
        '<Accessibility schemeIdUri="urn:scte:dash:cc:cea-608:2015" value="CC1=en;CC3=sv"/>'
        '<Accessibility schemeIdUri="urn:scte:dash:cc:cea-708:2015" value="1=lang:en"/>'
    )
    video = _set("video", _rung("v", 900, "avc1.64001f"), inside=announced)
    plain = _set("video", _rung("v", 900, "avc1.64001f"))
    text = select(_mpd(plain + _PLAIN_AUDIO, video + _PLAIN_AUDIO)).text
    assert [(track.id, track.language, track.first.instream_id) for track in text] == [
        ("captions-cc1", "en", "CC1"),
        ("captions-cc3", "sv", "CC3"),
        ("captions-service1", "en", "SERVICE1"),
    ]
    assert [part is None for part in text[0].per_period] == [True, False]


def test_what_the_service_says_of_a_quality_reaches_the_adaptation() -> None:
    plain, better = rendition("a", 600, segments(1), score=71.0), rendition("b", 900, segments(1), score=94.5)
    found = ladder(select(presentation(video_track(plain, better))).main)
    assert [rung.quality for rung in found] == [71.0, 94.5]
