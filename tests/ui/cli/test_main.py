"""The command line says what is wrong with its arguments before anything is started."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from ui.cli.main import main

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
    with pytest.raises(SystemExit) as ended:
        main(["play", ADDRESS, "--headless", option])
    assert ended.value.code == 2
    assert f"argument {option.split('=')[0]}" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--port=65536", "--port=-1", "--edges=0"])
def test_impossible_servers_are_refused(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", option])
    assert ended.value.code == 2
    assert f"argument {option.split('=')[0]}" in capsys.readouterr().err


def test_a_report_that_cannot_be_written_is_told_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", ADDRESS, "--headless", "--report", str(tmp_path / "none" / "run.json")]) == 2
    assert "The report cannot be written" in capsys.readouterr().err


def test_an_address_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", "http://[::1/film.m3u8", "--headless"]) == 2
    assert "This address cannot be read." in capsys.readouterr().err


def test_speed_is_for_the_headless_player(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", ADDRESS, "--speed", "max"]) == 2
    assert "--speed goes with --headless." in capsys.readouterr().err
