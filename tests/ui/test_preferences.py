"""What the settings keep, and what they mean for libmpv."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from player.mpv.player import MpvPlayer, OutputOptions
from ui.preferences import SUBTITLE_EDGES, Preferences, PreferenceStore, from_members, subtitle_options


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
        '"' * 70000,
        "[" * 20000,
        '{"high_contrast": 1}',
        '{"subtitle_colour": "#ffffff,Fontsize=900"}',
    ],
    ids=range(11),
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
    assert "PrimaryColour=&H004DE0FF" in style.split(",")


@pytest.mark.parametrize("edge", SUBTITLE_EDGES)
def test_libmpv_takes_the_style_of_subtitles(edge):
    player = MpvPlayer(OutputOptions(video="null", audio="null"))
    try:
        for name, value in subtitle_options(Preferences(subtitle_size=170, subtitle_edge=edge)).items():
            player.set(name, value)
            kept = player.read(name)
            assert (",".join(kept) if isinstance(kept, list) else kept) == value
    finally:
        player.terminate()
