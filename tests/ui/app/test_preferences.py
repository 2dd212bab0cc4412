"""What the settings keep, and what they mean for libmpv."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest

from player.text.ass import to_ass
from player.text.cues import Cue, TextSpan
from tests.kit.screen import Screen
from tests.kit.waiting import until
from ui.app.profile.preferences import (
    SPEAKERS,
    SUBTITLE_EDGES,
    TONE_MAPPINGS,
    Preferences,
    PreferenceStore,
    from_members,
    output_options,
    subtitle_options,
)


def test_what_is_kept_comes_back(tmp_path):
    chosen = Preferences("de", 3_000_000, 130, "#ffe04d", "box", 115, high_contrast=True)
    assert PreferenceStore(tmp_path / "profile").save(chosen)
    store = PreferenceStore(tmp_path / "profile")
    assert store.preferences == chosen
    assert store.set_aside is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"text_size": "huge"}',
        '{"text_size": 101}',
        '{"audio_language": "../de"}',
        '{"tone_mapping": "lavish"}',
        '{"speakers": 5}',
        '{"hardware": "yes"}',
        '"' * 70000,
        "[" * 20000,
        '{"high_contrast": 1}',
        '{"subtitle_colour": "#ffffff,Fontsize=900"}',
    ],
    ids=range(14),
)
def test_damaged_settings_are_set_aside_and_begin_anew(text, tmp_path):
    (tmp_path / "settings.json").write_text(text, encoding="utf-8")
    store = PreferenceStore(tmp_path)
    assert store.preferences == Preferences()
    assert store.set_aside == tmp_path / "settings.damaged.json"
    assert store.set_aside.read_text(encoding="utf-8") == text
    assert store.save(Preferences(text_size=115))
    assert PreferenceStore(tmp_path).preferences.text_size == 115


def test_members_of_other_versions_are_passed_over():
    members = asdict(Preferences(text_size=130)) | {"from_the_future": [1, 2]}
    assert from_members(json.loads(json.dumps(members))) == Preferences(text_size=130)


def test_settings_that_cannot_be_written_last_for_the_run(tmp_path):
    (tmp_path / "profile").write_text("a file where the folder should be", encoding="utf-8")
    store = PreferenceStore(tmp_path / "profile")
    assert not store.save(Preferences(text_size=115))
    assert store.preferences.text_size == 115


def test_colours_are_in_the_order_of_ass():
    style = subtitle_options(Preferences(subtitle_colour="#ffe04d"))["sub-ass-force-style"]
    assert "Matinee.PrimaryColour=&H004DE0FF" in style.split(",")


def height_of_yellow_words(preferences: Preferences) -> int:
    """How many rows of a black picture have yellow in them once libmpv has drawn a subtitle."""
    document = to_ass([Cue(0.0, 60.0, (TextSpan("Words"),))])
    with Screen() as screen:
        for name, value in subtitle_options(preferences).items():
            screen.player.set(name, value)
        screen.player.handle.command("loadfile", "av://lavfi:color=c=black:s=320x180:d=60:r=10")
        until(lambda: screen.player.read("video-params"))
        screen.player.command("sub-add", f"memory://{document}", "select")
        return until(lambda: yellow_rows(screen.picture))


def yellow_rows(picture: np.ndarray) -> int:
    first, green, last = (picture[:, :, n].astype(int) for n in range(3))
    yellow = (green > 120) & (abs(first - last) > 60)
    return int(yellow.any(axis=1).sum())


@pytest.mark.parametrize("edge", SUBTITLE_EDGES)
def test_libmpv_draws_subtitles_in_the_chosen_style(edge):
    small = height_of_yellow_words(Preferences(subtitle_size=75, subtitle_colour="#ffe04d", subtitle_edge=edge))
    large = height_of_yellow_words(Preferences(subtitle_size=170, subtitle_colour="#ffe04d", subtitle_edge=edge))
    assert 0 < small < large


def test_every_choice_of_picture_and_sound_means_something_to_libmpv():
    options = [
        output_options(Preferences(tone_mapping=tone, speakers=speakers), in_memory=False)
        for tone, speakers in zip(TONE_MAPPINGS, (*SPEAKERS, *SPEAKERS), strict=False)
    ]
    assert [each["tone_mapping"] for each in options] == list(TONE_MAPPINGS)
    assert len({each["audio_channels"] for each in options}) == len(SPEAKERS)
    assert output_options(Preferences(hardware=False, passthrough=True), in_memory=True)["hwdec"] == "no"
