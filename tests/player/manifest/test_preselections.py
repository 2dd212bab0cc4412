"""Preselections (ISO/IEC 23009-1 5.3.11) as tracks to choose."""

from __future__ import annotations

import pytest

from player.manifest import parse
from player.manifest.model import Track, TrackType
from player.tracks.selection import select

URL = "https://example.org/a/x.mpd"
VIDEO = (
    '<AdaptationSet mimeType="video/mp4" codecs="avc1.4d401f"><SegmentTemplate media="v$Number$" duration="8"/>'
    '<Representation id="v" bandwidth="9"/></AdaptationSet>'
)
ROLE = '<Role schemeIdUri="urn:mpeg:dash:role:2011" value="{}"/>'


def audio(identity: str, codec: str = "mp4a.40.2", more: str = "") -> str:
    return (
        f'<AdaptationSet id="{identity}" lang="en" mimeType="audio/mp4" codecs="{codec}">{more}<SegmentTemplate '
        f'media="{identity}$Number$" duration="8"/><Representation id="{identity}" bandwidth="1"/></AdaptationSet>'
    )


def preselection(identity: str, components: str, inside: str = "", lang: str = "en") -> str:
    return (
        f'<Preselection id="{identity}" preselectionComponents="{components}" lang="{lang}">{inside}</Preselection>'
    )


def mpd(*inside: str) -> str:
    return (
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT8S">'
        f"<Period>{VIDEO}{''.join(inside)}</Period></MPD>"
    )


def sounds(text: str) -> tuple[Track, ...]:
    return parse(text, URL).tracks(TrackType.AUDIO)


def test_a_preselection_gives_its_track_language_label_and_role() -> None:
    inside = "<Label>Commentary</Label>" + ROLE.format("commentary")
    text = mpd(audio("1"), audio("2"), preselection("p", "1 2", inside, "sv"))
    first, second = sounds(text)
    assert (first.id, first.language, first.label, first.roles) == ("1~p", "sv", "Commentary", ("commentary",))
    assert first.attributes["preselectioncomponents"] == "1 2"
    assert second.id == "2"
    assert select(parse(text, URL)).audio[0].label == "Commentary"


def test_a_preselection_that_asks_for_what_is_not_known_is_left_out() -> None:
    """Its stream can be chosen as it is, and other experiences of it too."""
    unknown = '<EssentialProperty schemeIdUri="urn:example:room" value="3"/><Label>Room</Label>'
    presentation = parse(mpd(audio("1"), preselection("p", "1", unknown)), URL)
    assert [track.id for track in presentation.tracks(TrackType.AUDIO)] == ["1"]
    assert [item.code for item in presentation.warnings] == ["dash.essential_property"]
    assert len(select(presentation).audio) == 1
    (other,) = sounds(mpd(audio("1"), preselection("p", "1", unknown), preselection("q", "1", "<Label>Flat</Label>")))
    assert (other.label, other.renditions[0].unusable) == ("Flat", None)


def test_further_experiences_of_one_stream_are_shown_and_not_played() -> None:
    text = mpd(
        audio("1"),
        preselection("a", "1", "<Label>Stadium</Label>"),
        preselection("b", "1", "<Label>Dialogue</Label>", "fr"),
    )
    presentation = parse(text, URL)
    assert [track.label for track in presentation.tracks(TrackType.AUDIO)] == ["Stadium", "Dialogue"]
    assert not [item for item in presentation.warnings if item.code == "dash.duplicate_id"]
    selection = select(presentation)
    assert [track.label for track in selection.audio] == ["Stadium"]
    assert [item.track.label for item in selection.unsupported_audio] == ["Dialogue"]
    assert "Preselection b" in selection.unsupported_audio[0].reason


def test_components_of_one_stream_are_named_too() -> None:
    """5.3.11.2: the ids of ContentComponents, where one AdaptationSet holds several."""
    inside = DESCRIPTOR.format("Essential", "") + "".join(f'<ContentComponent id="{at}"/>' for at in (3, 4, 5))
    text = mpd(
        audio("2", more=inside),
        preselection("en", "3 4", "<Label>English</Label>"),
        preselection("es", "3 5", "<Label>Spanish</Label>", "es"),
    )
    selection = select(parse(text, URL))
    assert [(track.label, track.language) for track in selection.audio] == [("English", "en")]
    assert [item.track.label for item in selection.unsupported_audio] == ["Spanish"]
    assert not parse(text, URL).warnings, "it is one stream"


def test_experiences_without_an_id_are_told_apart() -> None:
    text = mpd(audio("1"), '<Preselection tag="7" preselectionComponents="1"/>' * 2)
    assert [track.id for track in sounds(text)] == ["1~7", "1~7+"]


def test_a_codec_that_is_not_decoded_is_shown_with_the_reason() -> None:
    text = mpd(audio("1"), audio("4", "ac-4.02.01.01"), preselection("p", "4", "<Label>Immersive</Label>"))
    refused = select(parse(text, URL)).unsupported_audio
    assert [item.track.label for item in refused] == ["Immersive"]
    assert "ac4" in refused[0].reason


def test_components_that_are_not_there_change_nothing() -> None:
    assert [track.id for track in sounds(mpd(audio("1"), preselection("p", "9 1"), preselection("q", "")))] == ["1"]


def test_labels_of_every_language_are_kept() -> None:
    labels = '<Label lang="en">Director</Label><Label lang="sv">Regissör</Label>'
    (track,) = sounds(mpd(audio("1", more=labels)))
    assert track.label == "Director"
    assert track.attributes["labels"] == "en: Director; sv: Regissör"


DESCRIPTOR = '<{}Property schemeIdUri="urn:mpeg:dash:preselection:2016"{}/>'


def test_the_descriptor_names_an_experience_too() -> None:
    """5.3.11.2: tag and components in the value; without components the AdaptationSet is complete."""
    whole = DESCRIPTOR.format("Supplemental", ' value="10,1 2"')
    own = DESCRIPTOR.format("Supplemental", ' value="20"')
    first, second, third = sounds(mpd(audio("1", more=whole), audio("2"), audio("3", more=own)))
    assert (first.id, first.attributes["preselectioncomponents"]) == ("1~10", "1 2")
    assert (second.id, third.id) == ("2", "3~20")


def test_streams_that_only_complete_others_are_not_chosen() -> None:
    """Their descriptor is essential; what is played is the main component, and that is said."""
    part = DESCRIPTOR.format("Essential", "")
    text = mpd(audio("1", more=part), audio("2", more=part), preselection("p", "1 2", "<Label>All</Label>"))
    presentation = parse(text, URL)
    assert "dash.preselection_parts" in [item.code for item in presentation.warnings]
    assert "dash.essential_property" not in [item.code for item in presentation.warnings]
    selection = select(presentation)
    assert [track.label for track in selection.audio] == ["All"]
    assert "Preselection" in selection.unsupported_audio[0].reason


@pytest.mark.parametrize("codec", ["ac-4.02.01.03", "mhm1.0x0D", "mha1.0x0D"])
def test_next_generation_sound_is_shown_with_the_reason(codec: str) -> None:
    """libmpv's FFmpeg decodes neither AC-4 nor MPEG-H: the plain sound beside it is played."""
    text = mpd(audio("1"), audio("9", codec), preselection("p", "9", "<Label>Stadium</Label>"))
    selection = select(parse(text, URL), decoders={"h264", "aac"})
    assert [track.first.id for track in selection.audio] == ["1"]
    refused = selection.unsupported_audio[0]
    assert refused.track.label == "Stadium"
    assert "cannot be decoded" in refused.reason


def test_a_preselection_of_video_leaves_the_tracks_as_they_are() -> None:
    text = mpd(audio("1"), preselection("p", "v 1"))
    named = text.replace('<AdaptationSet mimeType="video', '<AdaptationSet id="v" mimeType="video')
    assert [track.id for track in parse(named, URL).periods[0].tracks] == ["v", "1"]
