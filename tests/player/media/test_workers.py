"""Processes that read a viewer's file: they can do nothing else, and what they answer is not trusted."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import av
import pytest

from player.media.bounded import LIMITS, WORKERS, worker_environment
from player.playback import embedded_lines
from player.playback.embedded_lines import EmbeddedLines
from player.text.subtitle_files import SubtitleLine
from tests.kit.films import FILMS
from tests.kit.hostile import Opened
from tests.kit.waiting import PATIENCE_S

GOOD = '[1.0, 2.0, "Hello"]'


def film(name: str) -> Path:
    return next(one for one in FILMS if one.name == name).path()


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch):
    """Has the process run these words of Python instead."""

    def put(words: str) -> None:
        monkeypatch.setattr(embedded_lines, "worker_command", lambda _module: [sys.executable, "-c", words])

    return put


async def lines(path: Path, number: int = 0) -> Sequence[SubtitleLine]:
    reader = EmbeddedLines()
    try:
        return await reader.of(path, number)
    finally:
        await reader.close()


@pytest.mark.parametrize(
    ("module", "name"), list(zip(WORKERS, ("_serve", "_write_lines"), strict=True)), ids=["film", "lines"]
)
def test_the_process_opens_nothing_once_it_has_its_film(module, name):
    """Whatever a decoder may be made to do: there is no descriptor for another file or a connection, and no memory
    without end."""
    attack = (
        "import socket, sys\n"
        f"import {module} as worker\n"
        "def attack(*_):\n"
        "    for deed in (lambda: open('/etc/passwd'), socket.socket, lambda: bytearray(4 << 30)):\n"
        "        try:\n"
        "            deed()\n"
        "        except (OSError, MemoryError) as error:\n"
        "            sys.stderr.write(type(error).__name__ + ' ')\n"
        f"worker.{name} = attack\n"
        "sys.exit(worker.main(sys.argv[1:]))\n"
    )
    command = [sys.executable, "-c", attack, str(film("many-tracks.mkv")), "0"]
    done = subprocess.run(command, env=worker_environment(), capture_output=True, text=True, check=False)
    assert done.stderr.split() == ["OSError", "OSError", "MemoryError"]
    assert set(LIMITS) >= {"RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_FSIZE"}


async def test_the_app_reads_no_film_for_its_lines(monkeypatch):
    monkeypatch.setattr(av, "open", None)
    found = await lines(film("many-tracks.mkv"), 1)
    assert [(line.text, round(line.start_s)) for line in found] == [("Hello ger", 1)]
    assert await lines(film("many-tracks.mkv"), 99) == ()
    assert await lines(film("h264.ts")) == ()


async def test_damaged_and_foreign_files_end_in_few_lines(tmp_path):
    """A film that is changed at random, a list of other files, a pipe: what is found is found, and nothing else is
    opened."""
    data, rng = film("many-tracks.mkv").read_bytes(), random.Random(3)
    (tmp_path / "canaries").mkdir()
    canary = tmp_path / "canaries" / "canary.srt"
    canary.write_text("1\n00:00:01,000 --> 00:00:02,000\nOf another file\n")
    path = tmp_path / "film.mkv"
    with Opened(canary.parent) as opened:
        for _ in range(3):
            changed = bytearray(data)
            for _ in range(200):
                changed[rng.randrange(len(changed))] = rng.randrange(256)
            path.write_bytes(changed)
            assert all(line.text for line in await lines(path))
        for text in (f"ffconcat version 1.0\nfile {canary}\n", f"#EXTM3U\n#EXTINF:2,\n{canary}\n"):
            path.write_text(text)
            assert await lines(path) == ()
        assert await lines(canary) == (), "text is no film"
        assert opened.names() == {"canary.srt"}, "asked for itself"


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (GOOD, 1),
        (GOOD + "\\n[2.0, 3", 1),
        ('{}\\n[1]\\n["a", 2, "b"]\\n[1, 1e999, "x"]\\n[NaN, 1, "x"]\\n[' + "9" * 400 + ', 1, "x"]\\n' + GOOD, 1),
        ("[" * 100_000 + "\\n" + GOOD, 1),
        ('[9.0, 10.0, "later"]\\n' + GOOD, 2),
    ],
    ids=["good", "cut", "lies", "deep", "order"],
)
async def test_what_the_process_answers_is_not_trusted(answers, tmp_path, answer, found):
    answers(f"print('{answer}')")
    seen = await lines(tmp_path)
    assert [line.text for line in seen] == ["Hello", "later"][:found]


async def test_a_process_that_crashes_hangs_or_babbles_is_ended(answers, tmp_path, monkeypatch):
    monkeypatch.setattr(embedded_lines, "_MOST_S", 1.0)
    monkeypatch.setattr(embedded_lines, "_MOST_BYTES", 1 << 20)
    first = f"import os, time; print('{GOOD}', flush=True); "
    reader = EmbeddedLines()
    for words in ("os.abort()", "time.sleep(99)", "\nwhile True: print('x' * 10**6)"):
        answers(first + words)
        assert [line.text for line in await reader.of(tmp_path, 0)] == ["Hello"], "what came before"
    answers(f"print('{GOOD}'); print('{GOOD}')")
    assert len(await reader.of(tmp_path, 0)) == 2, "asked again, as the answers before were cut short"
    answers("")
    assert len(await reader.of(tmp_path, 0)) == 2, "a whole answer is kept"
    await reader.close()


async def test_no_process_outlives_the_playback(answers, tmp_path):
    pid = tmp_path / "pid"
    answers(f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid()) + '.'); time.sleep(99)")
    reader = EmbeddedLines()
    asked = asyncio.ensure_future(reader.of(tmp_path, 0))
    while not (pid.exists() and pid.read_text().endswith(".")):
        await asyncio.sleep(0.01)
    await reader.close()
    assert await asyncio.wait_for(asked, PATIENCE_S) == ()
    assert not Path(f"/proc/{int(pid.read_text()[:-1])}").exists()
