"""Subtitles and sounds of whole playbacks on the real libmpv: what is drawn where, what is chosen, and what a change
does to the picture."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from player.engine import Engine
from player.playback.session import Session
from player.tracks.preference_store import TrackPreferenceStore
from player.tracks.preferences import SubtitleMode, TrackPreferences
from tests.kit import media, samples
from tests.kit.captions import captioned
from tests.kit.playback import engine, opened
from tests.kit.screen import HEIGHT, Screen
from tests.kit.waiting import PATIENCE_S, until


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Engine]:
    with engine(tmp_path / "profile") as started:
        yield started


def shown_at(screen: Screen, session: Session, time_s: float) -> np.ndarray:
    """The picture at a time at which playback is paused, once all of it is drawn."""
    since, frame = len(screen.shown), round(time_s * media.FPS)
    session.seek(time_s)
    assert screen.wait_for(frame, since, PATIENCE_S, tolerance=1) is not None
    return screen.picture


def drawn_rows(screen: Screen) -> list[int]:
    """The rows of the picture that differ with and without subtitles."""
    rows: list[int] = []

    def differ() -> bool:
        """A busy machine may draw late: then both are the same, and it is tried again."""
        pictures = []
        for visible in (False, True):
            screen.player.set("sub-visibility", visible)
            pictures.append(_settled(screen))
        rows[:] = _differing(*pictures)
        return bool(rows)

    until(differ)
    return rows


def _settled(screen: Screen) -> np.ndarray:
    """The picture once libmpv draws nothing new any more."""
    last = screen.picture
    while True:
        time.sleep(0.25)
        picture = screen.picture
        if np.array_equal(last, picture):
            return picture
        last = picture


def _differing(one: np.ndarray, other: np.ndarray) -> list[int]:
    different = np.abs(one[:, :, :3].astype(int) - other[:, :, :3]).max(axis=2) > 60
    return [int(row) for row in np.flatnonzero(different.any(axis=1))]


@pytest.mark.parametrize("form", ["hls", "dash"])
def test_subtitles_are_drawn_low_in_the_picture_and_follow_jumps(made: Engine, form: str) -> None:
    """HLS has segmented WebVTT, DASH has wvtt in fMP4."""
    title = media.packager_clear()
    manifest = title.hls if form == "hls" else title.dash
    assert manifest is not None
    with (
        Screen() as screen,
        opened(made, title.folder, manifest, screen.player, start_paused=True) as (session, _),
    ):
        assert screen.wait_for(0, 0, PATIENCE_S) is not None
        (track,) = session.state.text_tracks
        assert (track.language, track.unsupported, track.selected) == ("en", None, False)
        session.select_text(track.id)
        until(lambda: session.state.text_tracks[0].selected)
        for second in (4, 18, 8):
            shown_at(screen, session, second + 0.5)
            until(lambda wanted=second: screen.player.read("sub-text") == f"second {wanted}")  # type: ignore[misc]
        rows = drawn_rows(screen)
        assert min(rows) > 0.8 * HEIGHT
        assert max(rows) < HEIGHT - 4
        shown_at(screen, session, 9.8)
        until(lambda: not screen.player.read("sub-text"))
        session.select_text(None)
        until(lambda: not session.state.text_tracks[0].selected)


@pytest.mark.parametrize("manifest", ["fragments.mpd", "file.mpd"])
def test_timed_text_is_drawn_where_it_says(made: Engine, manifest: str) -> None:
    with (
        Screen() as screen,
        opened(made, samples.timed_text(), manifest, screen.player, start_paused=True) as (session, _),
    ):
        assert screen.wait_for(0, 0, PATIENCE_S) is not None
        (track,) = session.state.text_tracks
        assert (track.language, track.unsupported) == ("en", None)
        session.select_text(track.id)
        until(lambda: session.state.text_tracks[0].selected)
        for time_s, words in ((1.5, "Low"), (0.5, "High")):
            shown_at(screen, session, time_s)
            until(lambda wanted=words: screen.player.read("sub-text") == wanted)  # type: ignore[misc]
            rows = drawn_rows(screen)
            assert (
                (min(rows) > 0.8 * HEIGHT)
                if words == "Low"
                else (0.15 * HEIGHT < min(rows) < max(rows) < 0.4 * HEIGHT)
            ), (words, rows)


def test_what_was_chosen_is_chosen_again(made: Engine, tmp_path: Path) -> None:
    title = media.packager_clear()
    assert title.dash is not None
    memory = TrackPreferenceStore(tmp_path / "profile" / "tracks.json")
    with Screen() as screen:
        with opened(made, title.folder, title.dash, screen.player, start_paused=True, viewer="anna") as (session, _):
            assert screen.wait_for(0, 0, PATIENCE_S) is not None
            french = next(track for track in session.state.audio_tracks if track.language == "fr")
            assert not french.selected
            session.select_audio(french.id)
            session.select_text(session.state.text_tracks[0].id)
            until(lambda: session.state.text_tracks[0].selected)
            until(lambda: memory.of("anna") == TrackPreferences(("fr",), ("en",), SubtitleMode.ALWAYS))
        since = len(screen.shown)
        with opened(made, title.folder, title.dash, screen.player, start_paused=True, viewer="anna") as (session, _):
            assert screen.wait_for(0, since, PATIENCE_S) is not None
            until(lambda: any(track.selected for track in session.state.text_tracks))
            assert [track.language for track in session.state.audio_tracks if track.selected] == ["fr"]
        since = len(screen.shown)
        with opened(made, title.folder, title.dash, screen.player, start_paused=True, viewer="ben") as (session, _):
            assert screen.wait_for(0, since, PATIENCE_S) is not None
            until(lambda: [track.language for track in session.state.audio_tracks if track.selected] == ["en"])
            assert not session.state.text_tracks[0].selected


def _selected(session: Session) -> str:
    return next(track.id for track in session.state.audio_tracks if track.selected)


def test_another_sound_loses_no_picture(made: Engine) -> None:
    for _ in range(5):
        frames, held_up = _with_other_sounds(made)
        if not held_up:  # else libmpv may have let a picture go
            break
    assert frames == list(range(media.ffmpeg_dash().frames))


def _with_other_sounds(made: Engine) -> tuple[list[int], bool]:
    """The pictures that were shown while the sound was changed three times."""
    title = media.ffmpeg_dash()
    assert title.dash is not None
    with (
        Screen(untimed=True, framedrop="no", ao_null_untimed=True, video_sync="display-desync") as screen,
        opened(made, title.folder, title.dash, screen.player) as (session, recorder),
    ):
        for frame in (100, 200, 300):
            assert screen.wait_for(frame, 0, PATIENCE_S, tolerance=20) is not None
            other = next(track for track in session.state.audio_tracks if not track.selected)
            session.select_audio(other.id)
            until(lambda wanted=other.id: _selected(session) == wanted)  # type: ignore[misc]
        assert made.wait(session, 60)
        assert recorder.report(source="", policy="")["result"]["played_to_end"]
    return screen.frames, screen.held_up


def test_captions_inside_the_pictures_are_drawn_when_they_are_chosen(made: Engine, tmp_path: Path) -> None:
    (tmp_path / "1.ts").write_bytes(captioned("HELLO", seconds=4))
    (tmp_path / "video.m3u8").write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:4,\n1.ts\n#EXT-X-ENDLIST\n"
    )
    group = '#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="cc",LANGUAGE="{}",NAME="{}",INSTREAM-ID="{}"\n'
    (tmp_path / "title.m3u8").write_text(
        "#EXTM3U\n"
        + group.format("en", "English", "CC1")
        + group.format("es", "Spanish", "SERVICE2")
        + '#EXT-X-STREAM-INF:BANDWIDTH=90000,CODECS="avc1.42c00c",CLOSED-CAPTIONS="cc"\nvideo.m3u8\n'
    )
    with (
        Screen() as screen,
        opened(made, tmp_path, "title.m3u8", screen.player, stay_at_end=True) as (session, _),
    ):
        until(lambda: len(session.state.text_tracks) == 2 and screen.player.read("time-pos") is not None)
        first, second = session.state.text_tracks
        assert (first.unsupported, second.unsupported) == (None, "Only the first channel of captions can be shown.")
        assert screen.picture[:, :, :3].max() < 60
        session.select_text(first.id)
        until(lambda: session.state.text_tracks[0].selected)
        session.seek(0.0)
        until(lambda: screen.picture[:, :, :3].max() > 200)
        session.select_text(None)
        until(lambda: screen.picture[:, :, :3].max() < 60)
