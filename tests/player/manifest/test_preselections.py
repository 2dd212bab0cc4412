"""Preselections (ISO/IEC 23009-1 5.3.11) as tracks to choose."""

from __future__ import annotations

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
