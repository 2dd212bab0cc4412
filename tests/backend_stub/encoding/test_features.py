"""The titles of the demonstration, in small."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from backend_stub.encoding import scenery, score, voice
from backend_stub.encoding.features import FPS, Shot, make_clip, make_film, make_logo
from backend_stub.encoding.probe import probe
from backend_stub.encoding.programme import FILMS, FIRST, PROGRAMME, SERIES, TRAILER
from backend_stub.encoding.scenery import Layer
from backend_stub.encoding.scenes import SCENES
from backend_stub.titles import slug

ROWS, COLUMNS = 90, 160


def flatten(layers: Sequence[Layer], frame: int = 0) -> NDArray[np.uint8]:
    """One frame of a scene, (rows, columns, 3), without the layers that come in later."""
    canvas = layers[0].picture[:, :, :3].copy()
    for layer in layers:
        if layer.rises is not None:
            continue
        moved = np.roll(layer.picture, (layer.down * frame, -layer.across * frame), (0, 1))
        canvas = canvas * (1 - moved[:, :, 3:]) + moved[:, :, :3] * moved[:, :, 3:]
    return (canvas * 255 + 0.5).astype(np.uint8)


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_has_depth_and_moves_without_a_seam(name: str) -> None:
    layers = SCENES[name](ROWS, COLUMNS, 3)
    assert layers[0].picture[:, :, 3].min() == 1, "the last layer lets nothing through"
    assert len({layer.across for layer in layers}) > 1, "what is near moves faster"
    first, later = flatten(layers, 0).astype(int), flatten(layers, 3).astype(int)
    assert np.abs(first - later).mean() > 0.3, "it moves"
    assert first.std() > 15, "it has contrast"
    for layer in layers:
        assert 0 <= layer.picture.min() <= layer.picture.max() <= 1
        if layer.across:
            inside = np.abs(np.diff(layer.picture[:, :, 3], axis=1)).mean()
            seam = np.abs(layer.picture[:, 0, 3] - layer.picture[:, -1, 3]).mean()
            assert seam <= 8 * inside + 0.25, "its ends join"


def test_the_same_seed_draws_the_same() -> None:
    assert (scenery.fractal(40, 60, 7) == scenery.fractal(40, 60, 7)).all()
    assert (scenery.fractal(40, 60, 7) != scenery.fractal(40, 60, 8)).any()


def test_music_never_clips_and_is_never_silent() -> None:
    sound = score.play(FILMS[0].scores[0], 14.0)
    assert sound.shape == (14 * score.RATE, 2)
    assert np.abs(sound).max() <= 0.71
    windows = np.abs(sound[score.RATE : -score.RATE]).reshape(12, -1).max(axis=1)
    assert windows.min() > 0.02
    assert abs(float(sound[0].max())) < 0.01, "it begins softly"


def test_a_film_has_its_shots_chapters_and_languages(tmp_path: Path) -> None:
    ferry = replace(
        next(film for film in FILMS if film.chapters), shots=(Shot("harbour", 1, 1), Shot("snow", 1, 2)),
        chapters=("Out", "Back"), descriptions=((0.5, "S N OW"), (9.0, "S N OW")),
    )  # fmt: skip
    make_film(ferry, tmp_path / "film.mkv", height=90)
    with av.open(str(tmp_path / "film.mkv")) as container:
        assert [stream.metadata["language"] for stream in container.streams.audio] == ["eng", "deu", "eng"]
        assert [chapter["metadata"]["title"] for chapter in container.chapters()] == ["Out", "Back"]
        frames = [frame.to_ndarray(format="gray").astype(int) for frame in container.decode(video=0)]
    found = probe(tmp_path / "film.mkv")
    assert [(one.start_s, one.title) for one in found.chapters] == [(0.0, "Out"), (1.0, "Back")]
    assert [one.described for one in found.audio] == [False, False, True]
    assert len(frames) == 2 * FPS
    assert np.abs(frames[0] - frames[-1]).mean() > 10, "another scene"
    assert 0 < np.abs(frames[5] - frames[6]).mean() < 20, "it moves smoothly"
    (tmp_path / "made.mp4").write_bytes(make_clip(ferry, tmp_path / "film.mkv"))
    with av.open(str(tmp_path / "made.mp4")) as clip:
        assert [stream.type for stream in clip.streams] == ["video"], "without audio"
        assert clip.streams.video[0].height == 360
        assert clip.metadata.get("title") is None


def test_a_voice_is_heard_where_it_speaks_and_falls_silent_for_a_stop() -> None:
    spoken = voice.speak("S N OW , R EY N")
    assert spoken.shape == (len(spoken),)
    assert 0.7 < float(np.abs(spoken).max()) <= 0.81
    vowel = spoken[round(0.22 * score.RATE) : round(0.34 * score.RATE)]
    spectrum = np.abs(np.fft.rfft(vowel * np.hanning(len(vowel))))
    hz = np.fft.rfftfreq(len(vowel), 1 / score.RATE)
    low, high = spectrum[(hz > 80) & (hz < 1300)].sum(), spectrum[(hz > 2500) & (hz < 6000)].sum()
    assert low > 5 * high, "a vowel is a low sound"
    hiss = spoken[: round(0.08 * score.RATE)]
    crossings = int((np.diff(np.signbit(hiss).astype(int)) != 0).sum())
    assert crossings > 0.08 * 6000, "an S is noise"
    pause = spoken[round(0.42 * score.RATE) : round(0.5 * score.RATE)]
    assert float(np.abs(pause).max()) < 0.05
    with pytest.raises(KeyError):
        voice.speak("XX")


def test_a_logo_is_letters_on_nothing(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(make_logo("The Autumn Road"))
    with av.open(str(tmp_path / "logo.png")) as container:
        picture = next(container.decode(video=0)).to_ndarray(format="rgba")
    cover = picture[:, :, 3]
    assert picture.shape[1] <= 640
    assert 0.05 < (cover > 128).mean() < 0.5
    assert cover[:, 0].max() == 255 or cover[0].max() == 0, "nothing is cut at the left or the top"


def test_the_programme_is_worth_a_look() -> None:
    names = [slug(one.title) for one in PROGRAMME]
    assert len(FILMS) >= 12
    assert len(SERIES) == 6
    assert len(set(names)) == len(names)
    assert all(one.synopsis and one.seconds >= 18 for one in PROGRAMME)
    assert all(one.genres and one.people for one in (*FILMS, *SERIES))
    assert names.index(slug(TRAILER.title)) > names.index(slug(SERIES[0].title)), "after the series that it is of"
    assert FIRST == 3
    languages = {language for language, _lines in next(film for film in FILMS if film.lines).lines}
    assert len(languages) == 3
    assert "ara" in languages
