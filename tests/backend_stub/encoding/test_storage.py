"""Workers that have no folder in common: what they share is a bucket, the database and the master key."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend_stub.config import Settings
from backend_stub.encoding.errors import StorageError
from backend_stub.encoding.options import TitleOptions
from backend_stub.encoding.pipeline import publish_file, submit
from backend_stub.encoding.storage import BucketStorage, open_storage
from backend_stub.encoding.worker import LastStep, WorkerOptions, run_worker
from backend_stub.jobs.opening import open_jobs
from backend_stub.jobs.states import JobState
from tests.kit.buckets import s3_bucket
from tests.kit.encoding import WorkerProcess, hashes, tiny_film
from tests.kit.waiting import until

FAST = TitleOptions(title="Shared", preset="ultrafast", clear=True)


@pytest.fixture
def bucket() -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch, s3_bucket(patch) as url:
        patch.setenv("MATINEE_MASTER_KEY", "5a" * 32)
        yield url


def in_bucket(settings: Settings) -> list[str]:
    storage = open_storage(settings)
    assert isinstance(storage, BucketStorage)
    return [item["path"] for page in storage.bucket.list() for item in page]


def test_workers_elsewhere_make_the_same_title(tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One is killed in the middle of it, so that the other goes on with what only the bucket has of its work."""
    film = tiny_film(tmp_path / "my film, #1 (50 %).mp4", 6)
    calm = Settings(tmp_path / "calm")
    publish_file(calm, film, FAST)
    home = Settings(tmp_path / "home", store_url=bucket)
    monkeypatch.setenv("MATINEE_STORE_URL", bucket)
    with open_jobs(home) as jobs:
        job_id = submit(jobs, open_storage(home), film, FAST, host="another machine")
        film.unlink()
        first, second = (Settings(tmp_path / name, database_url=home.database) for name in ("first", "second"))
        killed = WorkerProcess(first, slots=1)
        killed.wait_for_tasks(5, 60)
        killed.kill()
        other, last = WorkerProcess(second), LastStep(home, jobs, poll_s=0.1)
        last.start()
        try:
            until(lambda: jobs.get(job_id).state is JobState.DONE)
        finally:
            other.kill()
            last.stop()
        job = jobs.get(job_id)
    assert job.state is JobState.DONE, [(task.name, task.state, task.log) for task in job.tasks]
    places = [settings.media_dir / "shared" / "clear" for settings in (home, calm)]
    assert hashes(places[0]) == hashes(places[1])
    assert not set(killed.begun[1:5]) & set(other.begun)  # what the first had finished was not done again
    assert {"manifest.mpd", "master.m3u8"} <= hashes(places[0].with_name("encrypted")).keys()
    assert in_bucket(home) == []
    assert not first.media_dir.joinpath("shared").exists()


def test_what_is_kept_is_there_whole_for_all(tmp_path: Path, bucket: str) -> None:
    here, there = (open_storage(Settings(tmp_path / name, store_url=bucket)) for name in ("here", "there"))
    made = tmp_path / "here" / "staging" / "job-1"
    (made / "parts" / "0 é").mkdir(parents=True)
    (made / "parts" / "0 é" / "a.mp4").write_bytes(b"a")
    (made / "b.mp4").write_bytes(b"b" * (9 << 20))
    here.keep("job-1/parts/0 é")
    here.keep("job-1/b.mp4")
    assert here.keep_first("job-1/keys", b"mine") == b"mine"
    assert there.keep_first("job-1/keys", b"yours") == b"mine"
    assert (there.bring("job-1/parts/0 é", folder=True) / "a.mp4").read_bytes() == b"a"
    assert there.bring("job-1/b.mp4").stat().st_size == 9 << 20
    assert here.jobs() == {"job-1"}  # by its folder; another machine leaves alone what is so young
    assert open_storage(Settings(tmp_path / "third", store_url=bucket)).jobs() == set()
    with pytest.raises(StorageError):
        there.bring("job-1/c.mp4")
    here.forget("job-1")
    with pytest.raises(StorageError):
        open_storage(Settings(tmp_path / "third", store_url=bucket)).bring("job-1/b.mp4")
    assert not made.exists()


def test_what_workers_over_a_bucket_need(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MATINEE_MASTER_KEY", raising=False)
    for url, word in (("s3://films", "MATINEE_MASTER_KEY"), ("ftp://films", "MATINEE_MASTER_KEY")):
        with pytest.raises(ValueError, match=word):
            run_worker(Settings(tmp_path, store_url=url), WorkerOptions(), threading.Event())
    with pytest.raises(ValueError, match="s3://BUCKET/PREFIX"):
        open_storage(Settings(tmp_path, store_url="ftp://films"))
