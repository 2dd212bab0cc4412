"""What a kiosk writes stays within bounds."""

from __future__ import annotations

import errno
import logging
import os
from pathlib import Path

import pytest

from ui.kiosk.disk import BoundedLog, bound_log, start_log, tidy
from ui.kiosk.provisioning import parse

PROVISIONING = parse('format = 1\n[limits]\nlogs_mb = 1\n[[entry]]\nurl = "https://a.test/"\n')


@pytest.fixture
def handler(tmp_path: Path):
    made = start_log(tmp_path, 40_000)
    assert made is not None
    yield made
    logging.getLogger().removeHandler(made)
    made.close()


def test_the_log_is_turned_over(handler: BoundedLog, tmp_path: Path) -> None:
    log = logging.getLogger("ui.kiosk.test")
    for number in range(2000):
        log.info("line %d of many", number)
    files = list((tmp_path / "logs").iterdir())
    assert len(files) == 4
    assert sum(path.stat().st_size for path in files) <= 40_000
    assert "line 1999 of many" in (tmp_path / "logs" / "kiosk.log").read_text()
    bound_log(4000)
    for number in range(500):
        log.info("line %d of less", number)
    assert sum(path.stat().st_size for path in (tmp_path / "logs").iterdir()) <= 4000


def test_a_full_disk_costs_lines_only(
    handler: BoundedLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log = logging.getLogger("ui.kiosk.test")

    def full(_text: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(handler.stream, "write", full)
        log.info("lost")
    log.info("found")
    text = (tmp_path / "logs" / "kiosk.log").read_text()
    assert "found" in text
    assert "lost" not in text
    assert capsys.readouterr().err == ""


def test_a_folder_that_cannot_be_written_is_no_end(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where the folder ought to be")
    assert start_log(tmp_path, 40_000) is None


def test_old_logs_and_damaged_files_go_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "profile").mkdir()
    for number in range(5):
        for path in (tmp_path / "logs" / f"kiosk.log.{number}", tmp_path / "profile" / f"a{number}.damaged.json"):
            path.write_bytes(bytes(400_000))
            os.utime(path, (1000 + number, 1000 + number))
    kept = tmp_path / "profile" / "device.key"
    kept.write_bytes(bytes(2_000_000))
    tidy(tmp_path, PROVISIONING)
    assert sorted(path.name for path in (tmp_path / "logs").iterdir()) == ["kiosk.log.3", "kiosk.log.4"]
    assert len(list(tmp_path.glob("profile/*.damaged.json"))) == 3
    assert kept.exists()
