"""The command line says what is wrong with its arguments before anything is started."""

from __future__ import annotations

import errno
import io
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from abr.constraints import allowed_rungs
from abr.model import Estimate
from player.base.errors import ComponentError, ErrorCode
from player.manifest import parse
from player.playback.quality_control import rate_control
from player.tracks.selection import select
from tests.kit.snapshots import snapshot
from ui.app import composition
from ui.app.composition import AppOptions
from ui.cli.app import _files
from ui.cli.log import Lines
from ui.cli.main import build_parser, main
from ui.cli.play_setup import playback_settings

ADDRESS = "http://127.0.0.1:1/film.m3u8"


@pytest.fixture(autouse=True)
def log_levels() -> Iterator[None]:
    """Put the levels back that ``main`` sets."""
    loggers = [logging.getLogger(name) for name in ("", "httpcore", "hpack")]
    before = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)


@pytest.mark.parametrize("words", [["--log", "debug", "inspect", "gone"], ["inspect", "gone", "--log", "debug"]])
def test_the_log_level_stands_before_or_behind_the_command(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert "gone: No such file or directory" in capsys.readouterr().err


def test_the_log_never_shows_the_headers_of_requests() -> None:
    main(["--log", "debug", "inspect", "gone"])
    assert not logging.getLogger("httpcore.http11").isEnabledFor(logging.DEBUG)
    assert not logging.getLogger("hpack.hpack").isEnabledFor(logging.DEBUG)


@pytest.mark.parametrize(
    "option",
    ["--speed=0", "--speed=nan", "--speed=fast", "--start=-5", "--duration=0", "--buffer=inf", "--rung=-1"],
)
def test_impossible_numbers_are_refused(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", ADDRESS, "--headless", option]) == 2
    assert f"argument {option.split('=')[0]}" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--port=65536", "--port=-1", "--edges=0"])
def test_impossible_servers_are_refused(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", option]) == 2
    assert f"argument {option.split('=')[0]}" in capsys.readouterr().err


def test_a_report_that_cannot_be_written_is_told_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", ADDRESS, "--headless", "--report", str(tmp_path / "none" / "run.json")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_a_report_that_finds_the_disk_full_is_told_and_no_half_of_it_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "run.json"

    def fill(path: Path, text: str, encoding: str) -> int:
        path.write_bytes(text[:100].encode(encoding))
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", fill)
    (tmp_path / "empty").touch()
    assert main(["play", str(tmp_path / "empty"), "--headless", "--report", str(report)]) == 5
    assert f"{report}: No space left on device. (disk.full)" in capsys.readouterr().err
    assert not report.exists()


def test_an_address_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", "http://[::1/film.m3u8", "--headless"]) == 2
    assert "This address cannot be read." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "sentence"), [("gone.mpd", "is no file here"), ("no/such", "is no file here"), ("folder", "is a folder")]
)
def test_a_file_that_is_not_there_is_not_taken_for_a_title(
    name: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    assert main(["play", name, "--headless"]) == 2
    assert f"{name} {sentence}" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["play", "--headless"], ["play"], ["app"], []], ids=" ".join)
@pytest.mark.parametrize("name", ["pipe.mp4", "pipe"])
@pytest.mark.skipif(os.name != "posix", reason="there are no named pipes")
def test_a_pipe_is_no_file_and_nobody_waits_for_it(
    command: list[str], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo(name)
    for word in (name, str(tmp_path / name), (tmp_path / name).as_uri()):
        assert main([*command, word]) == 2
        said = capsys.readouterr().err
        assert said.endswith(f"{name} is a pipe or a device, not a file that can be played. (input.file)\n")


def test_the_window_does_not_wait_for_a_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A share that hangs answers nobody who asks for a file of it, or where a link leads."""
    answers, here = threading.Event(), threading.get_ident()

    def hangs(*_asked: object, **_how: object) -> None:
        assert threading.get_ident() != here, "the window is not there yet"
        answers.wait()

    monkeypatch.chdir(tmp_path)
    words = ["film.mkv", str(tmp_path / "film.mkv"), (tmp_path / "other.mkv").as_uri()]
    try:
        with monkeypatch.context() as patch:
            for name in ("exists", "is_file", "is_dir", "resolve"):
                patch.setattr(Path, name, hangs)
            files = _files(words)
    finally:
        answers.set()
    assert files == (str(tmp_path / "film.mkv"), str(tmp_path / "film.mkv"), str(tmp_path / "other.mkv"))


@pytest.mark.parametrize("word", ["film.mkv", "films/film", "./play"])
def test_a_file_that_is_not_there_is_no_unknown_command(
    word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The window tells it."""
    started: list[AppOptions] = []
    monkeypatch.setattr(composition, "run_app", lambda options: started.append(options) or 0)
    for command in ([], ["app"]):
        for words in ([word, "--profile-dir", str(tmp_path)], ["--key-store", "file", "--profile-dir", "demo", word]):
            assert main([*command, *words]) == 0
            assert started.pop().files == (str(Path(word).resolve()),)
    assert main([word, "--bad"]) == 2
    assert "unrecognized" in capsys.readouterr().err
    assert main(["ply"]) == 2
    assert "invalid choice" in capsys.readouterr().err


def test_the_address_of_a_file_is_that_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a film.m3u8").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nno 1.ts\n#EXT-X-ENDLIST\n")
    words = ["--headless", "--profile-dir", str(tmp_path / "profile"), "--key-store", "file"]
    for name, sentence in (("gone.mpd", f"There is no file {tmp_path}/gone.mpd."), ("", "is a folder")):
        assert main(["play", (tmp_path / name).as_uri(), *words]) == 2
        assert sentence in capsys.readouterr().err
    assert main(["play", (tmp_path / "a film.m3u8").as_uri(), *words]) == 2
    assert "There is no file no 1.ts. (input.file)" in capsys.readouterr().err


def test_a_recorded_session_is_pointed_to_its_replay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "session.mrec").touch()
    assert main(["play", str(tmp_path / "session.mrec"), "--headless"]) == 2
    assert "session.mrec is a recorded session, not a manifest: play it with --replay." in capsys.readouterr().err


def test_an_account_without_its_password_is_told_what_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MATINEE_PASSWORD", "")
    words = ["--service", "http://127.0.0.1:1", "--email", "a@b.example", "--profile-dir", str(tmp_path)]
    assert main(["play", "film", "--headless", "--key-store", "file", *words]) == 2
    assert "set MATINEE_PASSWORD" in capsys.readouterr().err


def test_a_line_of_the_log_shows_no_signed_address_even_in_a_traceback() -> None:
    address = "https://cdn.test/s/SIGNED/film/1.m4s?token=SECRET"
    try:
        raise ValueError(address)
    except ValueError:
        record = logging.LogRecord("player", logging.DEBUG, __file__, 1, "got %s", (address,), sys.exc_info())
    line = Lines().format(record)
    assert "DEBUG player: got https://cdn.test/s/***" in line
    assert "Traceback" in line
    assert "SECRET" not in line
    assert "SIGNED" not in line


def test_speed_is_for_the_headless_player(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", ADDRESS, "--speed", "max"]) == 2
    assert "--speed goes with --headless." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["play", ADDRESS, "--speed=fast", "--json"], "input.usage"),
        (["inspect", "--json"], "input.usage"),
        (["inspect", "--json", "film.mpd", "--wishes"], "input.usage"),
        (["abr", "simulate", "--json", "--policy", "wishful"], "input.usage"),
        (["abr", "explain", "gone.json", "--json"], "input.file"),
        (["abr", "explain", "--json"], "input.usage"),
        (["wishes", "--json"], "input.usage"),
    ],
)
def test_bad_usage_is_json_too_where_json_is_wanted(
    words: list[str], code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    told = capsys.readouterr()
    assert json.loads(told.out)["error"]["code"] == code
    assert told.err


@pytest.mark.parametrize("command", [["play"], ["inspect"], ["app"]])
@pytest.mark.parametrize(("text", "words"), [(None, "No such file"), ("no certificate", "holds no certificates")])
def test_authorities_that_cannot_be_read_are_told_at_once(
    command: list[str], text: str | None, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ca.pem"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    assert main([*command, ADDRESS, "--ca-file", str(path)]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["abr", "simulate", "--limit", "1"], ["doctor"], ["abr", "explain", "gone.json", "--json"]]
)
def test_a_reader_that_goes_away_is_no_error(words: list[str]) -> None:
    program = "import sys; from ui.cli.main import entry; sys.stdin.read(); entry()"
    with subprocess.Popen(
        [sys.executable, "-c", program, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stdin.close()  # now that nobody reads, let it begin
        told = process.stderr.read()
        assert process.wait(30) == 141
    assert "Broken pipe" not in told
    assert "Traceback" not in told


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a system without /dev/full")
@pytest.mark.parametrize(
    ("words", "code"),
    [(["abr", "simulate", "--limit", "1"], 5), (["abr", "explain", "gone.json", "--json"], 2)],
)
def test_what_is_printed_to_a_full_disk_is_never_green(words: list[str], code: int) -> None:
    program = "from ui.cli.main import entry; entry()"
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        command = [sys.executable, "-c", program, *words]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == code, done.stderr
    assert "(disk.full)" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a system without /dev/full")
def test_an_error_is_told_though_its_document_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    with os.fdopen(full, "wb", buffering=0) as raw:
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, write_through=True))
        assert main(["abr", "explain", "gone.json", "--json"]) == 2
    assert "gone.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (ComponentError(ErrorCode.COMPONENT_DISPLAY, "There is no display here."), "xvfb-run matinee."),
        (
            ComponentError(ErrorCode.COMPONENT_QT, "Qt needs it.", libraries="libxcb-cursor.so.0"),
            "apt install libxcb-cursor0.",
        ),
    ],
)
def test_the_doctor_says_what_helps_without_a_display(
    error: ComponentError, remedy: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def check_display(_environ: object) -> None:
        raise error

    monkeypatch.setattr("ui.app.system.display.check_display", check_display)
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    row = next(n for n, line in enumerate(lines) if line.startswith("MISSING display"))
    assert lines[row + 1].strip().endswith(remedy)


@pytest.mark.parametrize("option", ["--max-bitrate=fast", "--max-height=-1"])
def test_impossible_caps_are_refused(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", ADDRESS, "--headless", option]) == 2
    assert f"argument {option.split('=')[0]}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        ((), (0, 1, 2, 3)),
        (("--max-bitrate=600000",), (0, 1)),
        (("--max-bitrate=1",), (0,)),
        (("--max-height=360",), (0, 1)),
        (("--max-bitrate=100000", "--max-height=720"), (0,)),
        (("--metered",), (0, 1, 2)),
        (("--metered", "--max-bitrate=600000"), (0, 1)),
    ],
)
def test_caps_of_the_command_line_bind_auto(words: tuple[str, ...], allowed: tuple[int, ...]) -> None:
    settings = playback_settings(build_parser("play").parse_args(["play", ADDRESS, "--headless", *words]))
    body = "".join(
        f'<Representation id="{height}" bandwidth="{bandwidth}" height="{height}"/>'
        for height, bandwidth in ((180, 100_000), (360, 600_000), (720, 1_500_000), (1080, 4_000_000))
    )
    selection = select(
        parse(
            '<MPD mediaPresentationDuration="PT9S"><Period><AdaptationSet mimeType="video/mp4" codecs="avc1.4d401f">'
            f'<SegmentTemplate media="$Number$" duration="3"/>{body}</AdaptationSet></Period></MPD>',
            ADDRESS,
        )
    )
    rate = rate_control(selection, settings, lambda _now: Estimate(), None)
    assert allowed_rungs(snapshot(rungs=rate.rungs, caps=rate.caps)) == allowed
