"""From a file to a title in the catalogue, by way of the job table: what publishes a file is a client of it with
hands of its own. It asks for a job and works on that one job in threads of this process; workers elsewhere help.

Whatever ends the work (bad input, a failed check, Ctrl-C) takes the job and its files away. Only what is killed
leaves them: the next worker, or publishing the same file again, goes on where it stood.
"""

from __future__ import annotations

import os
import queue
import secrets
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from backend_stub.config import Settings
from backend_stub.db.database import is_disk_full
from backend_stub.encoding.errors import BadInputError, CancelledError, EncodingError
from backend_stub.encoding.options import Sidecar, TitleOptions, Wanted, job_key, path_title, spec_document
from backend_stub.encoding.plan import PROBE
from backend_stub.encoding.process import disk_full
from backend_stub.encoding.stages import KIND, Publisher, Stages, sweep
from backend_stub.encoding.storage import Storage, job_folder, open_storage
from backend_stub.jobs.model import JobView, NewJob
from backend_stub.jobs.opening import open_jobs
from backend_stub.jobs.states import JobState, RetryPolicy
from backend_stub.jobs.store import JobNotFoundError, Jobs
from backend_stub.jobs.worker import Doing, Hands, TaskOutcome, Worker
from backend_stub.services.publishing import publish

__all__ = ["Progress", "Publisher", "Sidecar", "TitleOptions", "path_title", "publish_file", "submit"]

# (what is being done, the fraction of the whole work that is done)
Progress = Callable[[str, float], None]

_LOOK_EVERY_S = 0.1
_POLL_S = 0.5
#: What people are told that a kind of task does.
STAGES = {
    "probe": "looking into the file",
    "video": "encoding",
    "audio": "encoding",
    "subtitles": "encoding",
    "join": "encoding",
    "poster": "making the poster",
    "rate": "comparing with the source",
    "tiles": "making small pictures",
    "package": "packaging",
    "check": "checking every segment",
    "publish": "publishing",
}


def submit(
    jobs: Jobs,
    storage: Storage,
    path: Path,
    options: TitleOptions,
    *,
    priority: int = 0,
    host: str = "",
    account_id: str | None = None,
) -> str:
    """Ask for a title to be made of ``path``; the id of the job. ``host`` is the machine that alone has the files,
    unless ``storage`` can lend them to all.

    Raises :class:`BadInputError` when there is no such file, :class:`StorageError`.
    """
    wanted = Wanted(path, options)
    try:
        key = job_key(wanted)
    except OSError as error:
        raise BadInputError(f"{Path(error.filename).name} cannot be read: {error.strerror}.") from error
    found = jobs.find(key)
    job_id = found or secrets.token_hex(16)
    if not found:
        names = [f"{job_folder(job_id)}/{wanted.lent_as(number)}" for number in range(len(wanted.files))]
        lent = [storage.lend(file, name) for file, name in zip(wanted.files, names, strict=True)]
        wanted = replace(wanted, lent=all(lent))
    spec, at = spec_document(wanted), "" if wanted.lent else host
    name = options.title or path_title(path)
    return jobs.submit(NewJob(KIND, name, key, spec, priority, at, account_id, job_id), [PROBE])


def publish_file(
    settings: Settings,
    path: Path,
    options: TitleOptions | None = None,
    *,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    publisher: Publisher = publish,
    slots: int = 0,
) -> str:
    """Encode, package, check and publish ``path``; the id of the new title. ``slots`` tasks at once, one for each
    processor when 0.

    Raises an :class:`EncodingError`, the publisher's error, or OSError where the disk is full; nothing is left behind
    then.
    """
    options = options or TitleOptions()
    report = progress or (lambda _stage, _done: None)
    report(STAGES["probe"], 0.0)
    # No second attempt: the person who sees the error can start again.
    storage = open_storage(settings)
    with open_jobs(settings, RetryPolicy(attempts=1)) as jobs:
        sweep(storage, jobs)
        job_id = submit(jobs, storage, path.absolute(), options, host=socket.gethostname())
        try:
            work = Stages(settings, storage, publisher).run
            title_id = _Client(work, jobs, job_id, slots or os.cpu_count() or 1).work(report, cancel)
        except BaseException:
            storage.forget(job_folder(job_id))  # before the table is told, which may need the room
            # Somebody else who published the same file may have taken the job away.
            with suppress(JobNotFoundError, SQLAlchemyError):
                jobs.cancel(job_id)
                jobs.delete(job_id)
            raise
        storage.forget(job_folder(job_id))
    report("published", 1.0)
    return title_id


class _Client:
    """Works on one job until it is over, and tells how far it is."""

    def __init__(self, work: Callable[[Doing], TaskOutcome], jobs: Jobs, job_id: str, slots: int) -> None:
        self._jobs = jobs
        self._job_id = job_id
        self._begun: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._errors: list[BaseException] = []
        self._done = 0.0
        self._worker = Worker(
            jobs,
            work,
            Hands(slots, _POLL_S, job_id),
            on_begin=lambda claim: self._begun.put(claim.kind),
            on_error=lambda _claim, error: self._errors.append(error),
        )

    def work(self, report: Progress, cancel: threading.Event | None) -> str:
        """Until the job is over; the title's id. Raises what ended it."""
        self._worker.start()
        try:
            while True:
                self._tell(report)
                if cancel is not None and cancel.is_set():
                    raise CancelledError
                trouble = self._worker.trouble
                if trouble is not None and is_disk_full(trouble):  # a worker would wait for room; a person need not
                    raise disk_full() from trouble
                job = self._look()
                if job.state is JobState.DONE:
                    self._tell(report)
                    return str(job.result["title_id"])
                if job.state is JobState.PARKED:
                    self._worker.stop()  # it tells the table of an error before it tells us
                    raise self._reason(job)
        finally:
            self._worker.stop()

    def _look(self) -> JobView:
        try:
            job = self._jobs.get(self._job_id)
        except JobNotFoundError:
            raise CancelledError from None
        if job.state is JobState.CANCELLED:
            raise CancelledError
        self._done = max(self._done, job.done)
        return job

    def _tell(self, report: Progress) -> None:
        """Name each task that has begun; wait a little for the next."""
        try:
            kind = self._begun.get(timeout=_LOOK_EVERY_S)
            while True:
                report(STAGES[kind], self._done)
                kind = self._begun.get_nowait()
        except queue.Empty:
            return

    def _reason(self, job: JobView) -> BaseException:
        """The error itself where it happened in this process, else what its log says."""
        if self._errors:
            error = self._errors[0]
            return error.__cause__ or error
        return EncodingError(job.trouble)
