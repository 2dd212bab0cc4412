"""Workers that are killed in the middle: what comes out is what an undisturbed run gives."""

from __future__ import annotations

from pathlib import Path

from backend_stub.config import Settings
from backend_stub.encoding.boxes import boxes
from backend_stub.encoding.options import TitleOptions
from backend_stub.encoding.pipeline import publish_file, submit
from backend_stub.encoding.storage import open_storage
from backend_stub.jobs.opening import open_jobs
from backend_stub.jobs.states import JobState
from backend_stub.services.publishing import PublishedTitle, publish
from drm_client.files import FileDecryptor
from drm_client.keys import KeyRing
from tests.kit.encoding import hashes, run_with_kills, tiny_film

FAST = TitleOptions(title="Killed", preset="ultrafast", clear=True)


def payload(data: bytes) -> bytes:
    """The samples of a segment."""
    return b"".join(bytes(body) for kind, body in boxes(memoryview(data)) if kind == b"mdat")


def check_kills(folder: Path, seconds: float, kills: int, seed: int, at_least: int) -> None:
    film = tiny_film(folder / "film.mp4", seconds)
    calm, disturbed = Settings(folder / "calm"), Settings(folder / "disturbed")
    publish_file(calm, film, FAST)
    with open_jobs(disturbed) as jobs:
        job_id = submit(jobs, open_storage(disturbed), film, FAST)
    run = run_with_kills(disturbed, job_id, kills, seed)
    assert run.job.state is JobState.DONE, [task.log for task in run.job.tasks]
    assert run.kills >= at_least
    assert run.redone == []
    clear = {settings: settings.media_dir / "killed" / "clear" for settings in (calm, disturbed)}
    assert hashes(clear[disturbed]) == hashes(clear[calm])
    assert list(disturbed.staging_dir.glob("job-*")) == []


def test_the_clear_title_of_killed_workers_is_that_of_a_calm_run(tmp_path: Path) -> None:
    check_kills(tmp_path, seconds=8, kills=1, seed=3, at_least=1)


def test_the_encrypted_title_decrypts_to_the_clear_one(tmp_path: Path) -> None:
    taken: list[PublishedTitle] = []

    def take(settings: Settings, title: PublishedTitle) -> str:
        taken.append(title)
        return publish(settings, title)

    settings = Settings(tmp_path / "data")
    for scheme in ("cbcs", "cenc"):
        options = TitleOptions(title=scheme, preset="ultrafast", clear=True, scheme=scheme)
        publish_file(settings, tiny_film(tmp_path / "film.mp4", 5, sound=scheme == "cbcs"), options, publisher=take)
        home = settings.media_dir / scheme
        keys = KeyRing()
        for key in taken[-1].keys:
            keys.add(key.kid, key.key)
        compared = 0
        for init in sorted((home / "encrypted").rglob("init.mp4")):
            decryptor = FileDecryptor(keys)
            decryptor.decrypt(bytearray(init.read_bytes()))
            for segment in sorted(init.parent.glob("*.m4s")):
                opened = bytes(decryptor.decrypt(bytearray(segment.read_bytes())))
                plain = home / "clear" / segment.relative_to(home / "encrypted")
                assert payload(opened) == payload(plain.read_bytes())
                compared += 1
        assert compared == (4 if scheme == "cbcs" else 2)
