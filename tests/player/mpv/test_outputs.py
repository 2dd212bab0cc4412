"""The settings of picture and sound as libmpv's options, and what the real libmpv does with them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from player.engine import Engine
from player.mpv.outputs import OutputWishes, Speakers, ToneMapping, output_options
from player.mpv.player import MpvPlayer, OutputOptions
from tests.kit import media
from tests.kit.playback import engine, opened
from tests.kit.samples import Sample
from tests.kit.screen import Screen
from tests.kit.waiting import until


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Engine]:
    with engine(tmp_path / "profile") as started:
        yield started


@pytest.mark.parametrize(
    ("wishes", "in_memory", "name", "value"),
    [
        (OutputWishes(), True, "hwdec", "auto-copy-safe"),
        (OutputWishes(), False, "hwdec", "auto-safe"),
        (OutputWishes(hardware=False), False, "hwdec", "no"),
        (OutputWishes(), False, "vd_lavc_software_fallback", 1),
        (OutputWishes(), False, "tone_mapping", "auto"),
        (OutputWishes(tone_mapping=ToneMapping.NATURAL), False, "tone_mapping", "bt.2390"),
        (OutputWishes(), False, "audio_channels", "auto-safe"),
        (OutputWishes(speakers=Speakers.STEREO), False, "audio_channels", "stereo"),
        (OutputWishes(speakers=Speakers.SURROUND), False, "audio_channels", "7.1,5.1,stereo"),
        (OutputWishes(), False, "audio_spdif", ""),
        (OutputWishes(passthrough=True), False, "audio_spdif", "ac3,eac3"),
    ],
)
def test_options(wishes: OutputWishes, in_memory: bool, name: str, value: object) -> None:
    assert output_options(wishes, in_memory=in_memory)[name] == value


def test_libmpv_takes_all_of_them_at_its_start_and_while_it_runs() -> None:
    first = output_options(OutputWishes(), in_memory=True)
    player = MpvPlayer(OutputOptions(video="null", audio="null", extra=first))
    try:
        for tone_mapping, speakers, flag in product(ToneMapping, Speakers, (False, True)):
            wishes = OutputWishes(flag, tone_mapping, speakers, passthrough=flag)
            for name, value in output_options(wishes, in_memory=flag).items():
                option = name.replace("_", "-")
                player.set(option, value)
                assert player.read(option) == value, option
    finally:
        player.terminate()


def test_where_no_hardware_decodes_every_picture_is_shown_all_the_same(made: Engine) -> None:
    title = media.ffmpeg_hls_ts()
    assert title.hls is not None
    for _ in range(2):
        options = output_options(OutputWishes(), in_memory=True)
        with (
            Screen(
                untimed=True, framedrop="no", ao_null_untimed=True, video_sync="display-desync", **options
            ) as screen,
            opened(made, title.folder, title.hls, screen.player) as (session, recorder),
        ):
            assert made.wait(session, 60)
            report = recorder.report(source="", policy="")
        if not screen.held_up:
            break
    assert report["result"]["played_to_end"]
    assert screen.frames == list(range(title.frames))


def test_at_another_speed_a_receiver_gets_decoded_sound() -> None:
    film = Sample("FFmpeg", "DASH", "fMP4", "H.264", "AC-3").folder() / "manifest.mpd"
    wishes = output_options(OutputWishes(passthrough=True), in_memory=True)
    player = MpvPlayer(OutputOptions(video="null", audio="null", extra={**wishes, "loop_file": "inf"}))

    def until_format(spdif: bool) -> None:
        def is_so() -> bool:
            form = str(player.read("audio-out-params/format", ""))
            return bool(form) and form.startswith("spdif") is spdif

        until(is_so)

    try:
        player.load(str(film), None)
        until_format(spdif=True)
        player.set("speed", 1.5)
        until_format(spdif=False)
        player.set("speed", 1.0)
        assert player.read("audio-spdif") == "", "not to and fro within a title"
        player.set("audio-spdif", "ac3")
        assert player.read("audio-spdif") == ""
        player.load(str(film), None)
        until_format(spdif=True)
        assert player.read("audio-spdif") == "ac3"
    finally:
        player.terminate()
