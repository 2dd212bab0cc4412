"""A file becomes a title, or leaves nothing: the real FFmpeg, the real packager, the real catalogue."""

from __future__ import annotations

import sqlite3
import threading
import time
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from sqlalchemy.exc import OperationalError

from backend_stub.boxes import CLEARKEY_SYSTEM, COMMON_SYSTEM
from backend_stub.config import Settings
from backend_stub.encoding import stages
from backend_stub.encoding.boxes import read_init
from backend_stub.encoding.cli import publish_command
from backend_stub.encoding.errors import BadInputError, CancelledError, DamagedOutputError
from backend_stub.encoding.pipeline import TitleOptions, path_title, publish_file
from backend_stub.jobs.model import Claim
from backend_stub.jobs.opening import open_jobs
from backend_stub.jobs.states import TaskState
from backend_stub.jobs.store import Jobs
from backend_stub.services.publishing import PublishedTitle, PublishError, is_published
from tests.backend_stub.encoding.conftest import Publication, ffmpeg
from tests.kit import barcode, media

FAST = TitleOptions(title="The Film", preset="ultrafast", clear=True)


def left_behind(settings: Settings) -> list[Path]:
    """Files of titles below the data folder, finished or not."""
    return [
        path for folder in (settings.media_dir, settings.staging_dir) if folder.exists() for path in folder.rglob("*")
    ]


def test_a_file_becomes_a_published_title(publication: Publication) -> None:
    settings, steps = publication.settings, publication.steps
    assert publication.title_id == "the-film"
    assert is_published(settings, "the-film")
    home = settings.media_dir / "the-film"
    assert sorted(path.name for path in home.iterdir()) == ["art", "clear", "encrypted", "poster.jpg"]
    assert not list(home.rglob("*.flags"))
    assert list(settings.staging_dir.iterdir()) == []
    assert (steps[0][1], steps[-1]) == (0.0, ("published", 1.0))
    assert all(before[1] <= after[1] for before, after in pairwise(steps))


def test_pictures_of_a_published_title_are_the_sources_frame_by_frame(finished: PublishedTitle) -> None:
    with av.open(str(finished.folder / "clear" / "master.m3u8")) as container:
        assert sorted(stream.height for stream in container.streams.video) == [240, 360]
        frames = list(container.decode(container.streams.video[0]))
    marks = [barcode.decode(frame.to_ndarray(format="rgb24")) for frame in frames]
    assert marks == [barcode.Mark(number, 1) for number in range(8 * media.FPS)]
    assert [round(frame.time * media.FPS) for frame in frames] == list(range(8 * media.FPS))


def test_sound_of_a_published_title_is_in_step_with_its_pictures(finished: PublishedTitle) -> None:
    """The presentation time of each beep, read through the segments' own edit list, is its full second."""
    folder = finished.folder / "clear" / "audio" / "fra"
    init_bytes = (folder / "init.mp4").read_bytes()
    skipped = read_init(init_bytes).skipped
    joined = folder.parent / "joined.mp4"
    joined.write_bytes(b"".join([init_bytes, *(path.read_bytes() for path in sorted(folder.glob("*.m4s")))]))
    with av.open(str(joined)) as container:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
        # FFmpeg applies the edit list by dropping what lies before it.
        assert abs(len(sound) - 8 * media.SAMPLE_RATE) <= 1024 + skipped
    loud = np.flatnonzero(np.abs(sound) > 0.1)
    begins = loud[np.flatnonzero(np.diff(loud, prepend=-media.SAMPLE_RATE) > media.SAMPLE_RATE // 2)]
    offsets = begins / media.SAMPLE_RATE - np.arange(len(begins))
    assert len(begins) == 8
    assert np.abs(offsets).max() < 0.005


def test_each_label_has_its_key_and_others_can_recognise_them(finished: PublishedTitle) -> None:
    assert [key.label for key in finished.keys] == ["AUDIO", "SD"]
    assert (finished.audio, finished.text) == (["eng", "fra"], [])
    sealed = finished.folder / "encrypted"
    kids = {key.label: key.kid for key in finished.keys}
    assert read_init((sealed / "video/240p/init.mp4").read_bytes()).kid == kids["SD"]
    assert read_init((sealed / "audio/eng/init.mp4").read_bytes()).kid == kids["AUDIO"]
    init = (sealed / "video/360p/init.mp4").read_bytes()
    manifest = (sealed / "manifest.mpd").read_text()
    for system in (COMMON_SYSTEM, CLEARKEY_SYSTEM):
        assert system.bytes in init
        assert f"urn:uuid:{system}" in manifest
    everything = b"".join(path.read_bytes() for path in sealed.rglob("*") if path.is_file())
    assert not any(key.key in everything or key.key.hex().encode() in everything for key in finished.keys)


def test_the_two_variants_hold_the_same_film_and_only_one_shows_it(finished: PublishedTitle) -> None:
    name = "video/240p/00001.m4s"
    clear, sealed = (finished.folder / variant / name for variant in ("clear", "encrypted"))
    payloads = [data[data.index(b"mdat") :] for data in (clear.read_bytes(), sealed.read_bytes())]
    assert len(payloads[0]) == len(payloads[1])
    assert payloads[0] != payloads[1]


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [("empty.mp4", b"", "is empty"), ("text.mp4", b"not a film at all " * 500, "not a media file")],
)
def test_bad_input_leaves_nothing(tmp_path: Path, name: str, content: bytes, word: str) -> None:
    (tmp_path / name).write_bytes(content)
    settings = Settings(tmp_path / "data")
    with pytest.raises(BadInputError, match=word):
        publish_file(settings, tmp_path / name, FAST)
    assert left_behind(settings) == []


def test_the_reason_is_known_though_the_job_table_hears_of_it_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail = Jobs.fail

    def fail_and_let_others_look(self: Jobs, claim: Claim, sentence: str, *, final: bool = False) -> TaskState:
        try:
            return fail(self, claim, sentence, final=final)
        finally:
            time.sleep(0.3)

    monkeypatch.setattr(Jobs, "fail", fail_and_let_others_look)
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(BadInputError, match="is empty"):
        publish_file(Settings(tmp_path / "data"), tmp_path / "empty.mp4", FAST)


def test_who_publishes_the_same_file_beside_us_may_take_the_job_away(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    settings = Settings(tmp_path / "data")

    def take_away(_stage: str, _done: float) -> None:
        with open_jobs(settings) as jobs:
            for job in jobs.page():
                jobs.cancel(job.id)
                jobs.delete(job.id)

    with pytest.raises((CancelledError, BadInputError)):
        publish_file(settings, tmp_path / "empty.mp4", FAST, progress=take_away)
    assert left_behind(settings) == []


@pytest.mark.logs_errors
def test_a_full_disk_ends_the_work_at_once(
    barcoded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL

    def no_room(self: Jobs, *_rest: object, **_more: object) -> None:
        raise OperationalError("COMMIT", {}, full)

    monkeypatch.setattr(Jobs, "claim", no_room)
    settings = Settings(tmp_path / "data")
    assert publish_command(settings, [barcoded], FAST) == 5
    assert capsys.readouterr().err.endswith("The title could not be stored: No space left on device.\n")
    assert left_behind(settings) == []


def test_a_file_that_ends_early_leaves_nothing(barcoded: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.mp4"
    whole = barcoded.read_bytes()
    cut.write_bytes(whole[: len(whole) // 2])
    settings = Settings(tmp_path / "data")
    with pytest.raises(BadInputError, match=r"ends early: it promises 8\.0 s"):
        publish_file(settings, cut, FAST)
    assert left_behind(settings) == []


def test_cancelling_leaves_nothing(short: Path, tmp_path: Path) -> None:
    settings = Settings(tmp_path / "data")
    cancel = threading.Event()

    def stop_while_encoding(stage: str, _done: float) -> None:
        if stage == "encoding":
            cancel.set()

    with pytest.raises(CancelledError):
        publish_file(settings, short, FAST, progress=stop_while_encoding, cancel=cancel)
    assert left_behind(settings) == []


def test_ctrl_c_leaves_nothing(short: Path, tmp_path: Path) -> None:
    settings = Settings(tmp_path / "data")

    def interrupt_while_packaging(stage: str, _done: float) -> None:
        if stage == "packaging":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish_file(settings, short, FAST, progress=interrupt_while_packaging)
    assert left_behind(settings) == []


def test_a_damaged_segment_is_not_published(barcoded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(tmp_path / "data")
    package = stages.package

    def package_and_lose_one(encoded, folder, keys=(), **wishes) -> None:
        package(encoded, folder, keys, **wishes)
        (folder / "video" / "240p" / "00002.m4s").unlink()

    monkeypatch.setattr(stages, "package", package_and_lose_one)
    with pytest.raises(DamagedOutputError, match="missing"):
        publish_file(settings, barcoded, FAST)
    assert left_behind(settings) == []


def test_a_catalogue_that_refuses_leaves_nothing(short: Path, tmp_path: Path) -> None:
    settings = Settings(tmp_path / "data")
    options = TitleOptions(title_id="No Such Id!", preset="ultrafast", clear=True, encrypted=False)
    with pytest.raises(PublishError):
        publish_file(settings, short, options)
    assert left_behind(settings) == []


def test_odd_sources_are_published(tmp_path: Path) -> None:
    """Upright, odd sides, 29.97 fps, silent, picture and sound of different length."""
    odd = tmp_path / "odd.mkv"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=135x241:r=30000/1001:d=5", "-c:v", "ffv1", "-pix_fmt", "yuv444p", odd)
    settings = Settings(tmp_path / "data")
    title_id = publish_file(settings, odd, TitleOptions(preset="ultrafast", clear=True, encrypted=False))
    with av.open(str(settings.media_dir / title_id / "clear" / "master.m3u8")) as container:
        video = container.streams.video[0]
        assert (video.width, video.height) == (134, 240)


def test_sound_that_is_longer_than_the_picture_is_kept(barcoded: Path, tmp_path: Path) -> None:
    uneven = tmp_path / "uneven.mp4"
    ffmpeg("-t", 4.4, "-i", barcoded, "-i", barcoded, "-map", "0:v", "-map", "1:a:0", "-c", "copy", uneven)
    taken: list[PublishedTitle] = []
    publish_file(
        Settings(tmp_path / "data"),
        uneven,
        TitleOptions(preset="ultrafast", clear=True, encrypted=False),
        publisher=lambda _settings, title: taken.append(title) or "x",
    )
    assert taken[0].duration_s == pytest.approx(8.0, abs=0.1)


@pytest.mark.parametrize(
    ("name", "title"),
    [("my_summer-film.mp4", "My summer film"), ("a.b.mkv", "A.b"), ("___.mp4", "___.mp4")],
)
def test_a_title_out_of_a_file_name(name: str, title: str) -> None:
    assert path_title(Path("/films") / name) == title
