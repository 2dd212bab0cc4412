"""How subtitles look on the real libmpv: an author's style is kept, and what has none has the viewer's."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from backend_stub.encoding import tools
from backend_stub.encoding.process import run_tool
from player.mpv.adjustments import Adjustments
from player.playback.session import Session
from player.playback.settings import PlaybackSettings
from player.reporting.state import PlaybackStatus
from player.title.opening import PlaybackSource
from tests.kit.media import cached
from tests.kit.playback import engine
from tests.kit.screen import HEIGHT, Screen
from tests.kit.waiting import PATIENCE_S, until
from ui.app.profile.preferences import Preferences, subtitle_options

pytestmark = pytest.mark.realtime

_SRT = "1\n00:00:00,000 --> 00:00:30,000\nHHHH\n"
_VTT = "WEBVTT\n\n00:00.000 --> 00:30.000\nHHHH\n"
_BOXED = "WEBVTT\n\nSTYLE\n::cue { background-color: lime }\n\n00:00.000 --> 00:30.000\nHHHH\n"
_FRAMES = "{0}{750}HHHH\n"
_PLACES = ("inside", "beside", "dropped")
_YELLOW = Preferences(subtitle_colour="#ffe04d")


def ass(high: int, colour: str = "&H0000FFFF") -> str:
    """A line whose author made it yellow, a fifth of the picture high, without an edge."""
    return (
        f"[Script Info]\nScriptType: v4.00+\nPlayResX: {high * 16 // 9}\nPlayResY: {high}\n\n[V4+ Styles]\n"
        "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, "
        "Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, "
        f"MarginR, MarginV, Encoding\nStyle: Default,sans-serif,{high // 5},{colour},&H00FFFFFF,&H00000000,"
        "&H00000000,0,0,0,0,100,100,0,0,1,0,0,2,10,10,10,1\n\n[Events]\n"
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        "Dialogue: 0,0:00:00.00,0:00:30.00,Default,,0,0,0,,HHHH\n"
    )


def film(words: dict[str, str]) -> Path:
    """A black film with these subtitles in it, by their endings."""

    def make(folder: Path) -> None:
        arguments: list[object] = ["-v", "error", "-nostdin", "-y"]
        arguments += ["-f", "lavfi", "-i", "color=c=black:s=320x180:r=10:d=30"]
        for ending, text in words.items():
            (folder / f"words.{ending}").write_text(text)
            arguments += ["-i", folder / f"words.{ending}"]
        arguments += [part for number in range(len(words) + 1) for part in ("-map", number)]
        arguments += ["-c:v", "libx264", "-preset", "ultrafast", "-c:s", "copy", folder / "film.mkv"]
        run_tool([str(tools.locate().ffmpeg), *map(str, arguments)])

    return cached("subtitled", {"words": words}, make) / "film.mkv"


@contextmanager
def shown(
    tmp_path: Path, text: str, ending: str, place: str, preferences: Preferences
) -> Iterator[tuple[Screen, Session]]:
    """A paused film with one subtitle, inside or beside it or dropped onto it."""
    path = tmp_path / "film.mkv"
    shutil.copy(film({ending: text} if place == "inside" else {}), path)
    words = tmp_path / ("film." if place == "beside" else "else.")
    words = words.with_suffix(f".{ending}")
    if place != "inside":
        words.write_text(text)
    with engine(tmp_path / "profile") as made, Screen() as screen:
        for name, value in subtitle_options(preferences).items():
            screen.player.set(name, value)
        settings = PlaybackSettings(start_paused=True, start_s=2.0)
        session = made.open(PlaybackSource.of_file(path), screen.player, lambda _state: None, settings)
        until(lambda: session.state.status is PlaybackStatus.PAUSED)
        if place == "dropped":
            session.add_subtitles(words)
        else:
            until(lambda: session.state.text_tracks)
            session.select_text(session.state.text_tracks[0].id)
        yield screen, session
        session.stop()
        made.wait(session, PATIENCE_S)


def rows(picture: np.ndarray, of: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]) -> int:
    """How many rows of a picture have a colour."""
    blue, green, red = (picture[:, :, channel].astype(int) for channel in range(3))
    return int(of(blue, green, red).any(axis=1).sum())


def yellow(picture: np.ndarray) -> int:
    return rows(picture, lambda blue, green, red: (red > 180) & (green > 160) & (blue < red - 90))


def white(picture: np.ndarray) -> int:
    return rows(picture, lambda blue, green, red: (blue > 180) & (green > 180) & (red > 180))


def coloured(picture: np.ndarray) -> tuple[int, int] | None:
    """Rows in yellow and in white, of one picture: the next may be without any, while the subtitles change."""
    found = yellow(picture), white(picture)
    return found if any(found) else None


def drawn(screen: Screen, count: Callable[[np.ndarray], int]) -> int:
    return until(lambda: count(screen.picture))


@pytest.mark.parametrize("high", [360, 1080])
@pytest.mark.parametrize("place", _PLACES)
def test_an_authors_colour_and_size_are_kept(tmp_path, high, place):
    with shown(tmp_path, ass(high), "ass", place, Preferences()) as (screen, _session):
        high_rows, plain = until(lambda: coloured(screen.picture))
        assert not plain
    assert HEIGHT / 5 * 0.5 < high_rows < HEIGHT / 5


def test_an_author_is_overruled_where_the_viewer_says_so(tmp_path):
    with shown(tmp_path, ass(360, "&H00FF0000"), "ass", "inside", _YELLOW) as (screen, session):
        until(lambda: screen.picture[:, :, 0].max() > 200 and not yellow(screen.picture))
        session.adjust(Adjustments(own_style=False))
        drawn(screen, yellow)
        session.adjust(Adjustments())
        until(lambda: screen.picture[:, :, 0].max() > 200 and not yellow(screen.picture))


@pytest.mark.parametrize("place", _PLACES)
def test_an_authors_size_is_scaled_where_the_viewer_says_so(tmp_path, place):
    with shown(tmp_path, ass(1080), "ass", place, Preferences()) as (screen, session):
        before = drawn(screen, yellow)
        session.adjust(Adjustments(subtitle_size=150))
        until(lambda: yellow(screen.picture) > before * 1.3)


@pytest.mark.parametrize("edge", ["outline", "box"])
@pytest.mark.parametrize(
    ("text", "ending", "place"),
    [(_SRT, "srt", place) for place in _PLACES]
    + [(_VTT, "vtt", place) for place in _PLACES]
    + [(_FRAMES, "sub", "beside")],
    ids=[f"{ending}-{place}" for ending in ("srt", "vtt") for place in _PLACES] + ["sub-beside"],
)
def test_words_without_a_style_have_the_viewers(tmp_path, text, ending, place, edge):
    def high(size: int) -> int:
        wanted = Preferences(subtitle_size=size, subtitle_colour="#ffe04d", subtitle_edge=edge)
        with shown(tmp_path, text, ending, place, wanted) as (screen, _session):
            return drawn(screen, yellow)

    small, usual, large = (high(size) for size in (75, 100, 170))
    # Of 1080 lines 58 are the size of a font, and 0.7 of that a capital letter.
    assert usual == pytest.approx(58 / 1080 * HEIGHT * 0.65, abs=2)
    assert small < usual < large
    assert large == pytest.approx(usual * 1.7, abs=2)


@pytest.mark.parametrize("place", ["inside", "beside"])
def test_the_second_subtitles_have_the_viewers_look(tmp_path, place):
    with shown(tmp_path, _SRT, "srt", place, _YELLOW) as (screen, session):
        drawn(screen, yellow)
        chosen = session.state.text_tracks[0].id
        session.select_text(None)
        until(lambda: not yellow(screen.picture))
        session.select_second_text(chosen)
        until(lambda: yellow(picture := screen.picture) and not yellow(picture[HEIGHT // 2 :]))


def test_an_authors_background_is_kept(tmp_path):
    def lime(picture: np.ndarray) -> int:
        return rows(picture, lambda blue, green, red: (green > 180) & (blue < 60) & (red < 60))

    with shown(tmp_path, _BOXED, "vtt", "beside", _YELLOW) as (screen, _session):
        behind = until(lambda: yellow(picture := screen.picture) and lime(picture))
    assert behind > 58 / 1080 * HEIGHT * 0.9
