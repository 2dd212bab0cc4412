"""``matinee worker`` and ``matinee jobs`` as a person meets them."""

from __future__ import annotations

import io
import os
import re
import signal
import threading
from pathlib import Path

import pytest

from backend_stub.config import Settings
from backend_stub.encoding import cli, jobs_cli
from backend_stub.encoding.options import TitleOptions
from backend_stub.jobs.opening import open_jobs
from backend_stub.jobs.states import JobState
from backend_stub.jobs.wake_up_signal import WakeUpSignal
from tests.kit.encoding import tiny_film
from tests.kit.waiting import until
from ui.cli.main import main


def test_a_job_is_left_to_a_worker_which_a_polite_signal_ends(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film, data = tiny_film(tmp_path / "film.mp4", 3, sound=False), tmp_path / "data"
    assert main(["publish", str(film), "--later", "--no-encrypted", "--data", str(data)]) == 0
    job_id = capsys.readouterr().out.strip()

    def end_when_done() -> None:
        with open_jobs(Settings(data)) as jobs:
            try:
                until(lambda: jobs.get(job_id).state is JobState.DONE)
            finally:
                os.kill(os.getpid(), signal.SIGTERM)

    watcher = threading.Thread(target=end_when_done)
    watcher.start()
    said = io.StringIO()
    assert jobs_cli.worker_command(Settings(data), 2, err=said) == jobs_cli.GOOD
    watcher.join()
    assert f"works on {data}" in said.getvalue()
    assert jobs_cli.follow_command(data, job_id, err=io.StringIO()) == jobs_cli.GOOD
    assert main(["jobs", "--data", str(data)]) == 0
    assert re.fullmatch(rf"{job_id}  \[#+\] 100%  done +Film  film\n", capsys.readouterr().out)
    assert main(["jobs", "--show", job_id, "--data", str(data)]) == 0
    shown = capsys.readouterr().out
    assert "done      100% publish\n" in shown
    assert "There is no sound." in shown


def test_jobs_that_cannot_be_done_or_are_not_there(tmp_path: Path) -> None:
    said = io.StringIO()
    assert cli.submit_command(Settings(tmp_path), tmp_path / "no.mp4", TitleOptions(), err=said) == cli.BAD_INPUT
    assert jobs_cli.cancel_command(tmp_path, "no", err=said) == jobs_cli.BAD_INPUT
    assert jobs_cli.follow_command(tmp_path, "no", err=said) == jobs_cli.BAD_INPUT
    assert jobs_cli.worker_command(Settings(tmp_path, wake_url="ftp://x"), 1, err=said) == jobs_cli.BAD_INPUT
    assert said.getvalue().splitlines() == [
        "no.mp4 cannot be read: No such file or directory.",
        "There is no job no.",
        "There is no job no.",
        "Workers are woken through redis:// or postgresql:// addresses, or the data folder.",
    ]


def test_the_bell_is_heard_in_another_place_and_its_loss_is_no_failure(tmp_path: Path) -> None:
    heard = threading.Event()
    listening, ringing = WakeUpSignal(tmp_path), WakeUpSignal(tmp_path)
    listening.listen(heard.set, poll_s=0.1)
    ringing.ring(2)
    assert heard.wait(60)
    listening.close()
    ringing.close()
    (tmp_path / "wake.db").unlink()
    (tmp_path / "wake.db").mkdir()
    ringing.ring()
