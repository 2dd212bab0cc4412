"""What ``matinee publish`` and the making of samples do in a terminal: a progress bar, one sentence per failure."""

from __future__ import annotations

import errno
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TextIO

from sqlalchemy.exc import DBAPIError

from backend_stub.config import Settings
from backend_stub.db.database import is_disk_full
from backend_stub.encoding.errors import BadInputError, EncodingError, ToolMissingError
from backend_stub.encoding.features import Feature, missing_features, publish_feature
from backend_stub.encoding.pipeline import Progress, TitleOptions, publish_file, submit
from backend_stub.encoding.process import disk_full
from backend_stub.encoding.samples import SAMPLES, TEST_PATTERN, SampleTitle, missing_samples, publish_sample
from backend_stub.encoding.storage import open_storage
from backend_stub.jobs.opening import open_jobs
from backend_stub.jobs.wake_up_signal import WakeUpSignal
from backend_stub.services.publishing import PublishError

GOOD, FAILED, BAD_INPUT, MISSING_COMPONENT, DISK_FULL, INTERRUPTED = 0, 1, 2, 3, 5, 130
_BAR_CELLS = 30


def publish_command(
    settings: Settings,
    files: Sequence[Path],
    options: TitleOptions | None = None,
    *,
    out: TextIO | None = None,
    err: TextIO | None = None,
) -> int:
    """Publish ``files`` into the data folder; the ids of the new titles go to ``out``, all else to ``err``.

    Returns an exit code: 0, 1 (the work failed), 2 (bad input or usage), 3 (FFmpeg or packager missing), 5 (the disk
    is full), 130 (Ctrl-C, or a polite kill). A bad file does not keep the others from being published; the first
    failure gives the code.
    """
    out, err = out or sys.stdout, err or sys.stderr
    if not files:
        return _say(err, "Which file should be published?", BAD_INPUT)
    if len(files) > 1 and options is not None and (options.title or options.title_id):
        return _say(err, "A title or an id can be given for one file only.", BAD_INPUT)
    try:
        open_storage(settings)
    except ValueError as error:
        return _say(err, str(error), BAD_INPUT)
    code = GOOD
    for file in files:

        def publish(progress: Progress, file: Path = file) -> str:
            return publish_file(settings, file, options, progress=progress)

        result = _attempt(file.name, publish, out, err)
        if result == INTERRUPTED:
            return INTERRUPTED
        code = code or result
    return code


def submit_command(
    settings: Settings, file: Path, options: TitleOptions, *, out: TextIO | None = None, err: TextIO | None = None
) -> int:
    """Ask for a title and leave the work to workers: those on this machine, or all where they share a bucket. The
    job's id goes to ``out``."""
    out, err = out or sys.stdout, err or sys.stderr
    try:
        storage = open_storage(settings)
        with open_jobs(settings) as jobs, closing(WakeUpSignal(settings.data_dir, settings.wake_url)) as wake_up:
            job_id = submit(jobs, storage, file.absolute(), options, host=socket.gethostname())
            wake_up.ring()
    except EncodingError as error:
        return _say(err, str(error), _exit_code(error))
    except ValueError as error:  # an address of the bucket or of the wake-up signal
        return _say(err, str(error), BAD_INPUT)
    out.write(f"{job_id}\n")
    return GOOD


def pattern_command(settings: Settings, *, out: TextIO | None = None, err: TextIO | None = None) -> int:
    """Publish the test pattern, which has a channel of its own then; nothing to do where it is."""
    return samples_command(settings.data_dir, missing_samples(settings, (TEST_PATTERN,)), out=out, err=err)


def features_command(data_dir: Path, features: Sequence[Feature], wait: Callable[[], None] | None = None) -> int:
    """Make and publish titles of :mod:`backend_stub.encoding.programme`; ``wait`` returns when the next may begin.
    Exit codes as :func:`publish_command`."""
    settings = Settings(data_dir)
    for feature in missing_features(settings, features):
        if wait is not None:
            wait()

        def publish(progress: Progress, feature: Feature = feature) -> str:
            return publish_feature(settings, feature, progress=progress)

        code = _attempt(feature.title, publish, sys.stderr, sys.stderr)
        if code != GOOD:
            return code
    return GOOD


def samples_command(
    data_dir: Path, samples: Sequence[SampleTitle] = SAMPLES, *, out: TextIO | None = None, err: TextIO | None = None
) -> int:
    """Make and publish the sample titles; exit codes as :func:`publish_command`."""
    out, err = out or sys.stdout, err or sys.stderr
    settings = Settings(data_dir)
    for sample in samples:

        def publish(progress: Progress, sample: SampleTitle = sample) -> str:
            return publish_sample(settings, sample, progress=progress)

        code = _attempt(sample.title, publish, out, err)
        if code != GOOD:
            return code
    return GOOD


def _attempt(name: str, publish: Callable[[Progress], str], out: TextIO, err: TextIO) -> int:
    bar = ProgressBar(name, err)
    try:
        with _ends_as_interrupted():
            title_id = publish(bar.show)
    except KeyboardInterrupt:
        bar.end()
        return _say(err, "Interrupted; nothing was published.", INTERRUPTED)
    except (EncodingError, PublishError, OSError) as error:
        bar.end()
        return _say(err, _sentence(error), _exit_code(error))
    except DBAPIError as error:
        if not is_disk_full(error):
            raise
        bar.end()
        return _say(err, _sentence(disk_full()), DISK_FULL)
    bar.end()
    out.write(f"{title_id}\n")
    out.flush()
    return GOOD


@contextmanager
def _ends_as_interrupted() -> Iterator[None]:
    """A polite kill and a closed terminal end the work as Ctrl-C does: FFmpeg with it, and nothing left behind.

    A signal that somebody ignores (nohup) or handles stays as it is.
    """
    numbers = (signal.SIGTERM, signal.SIGHUP) if threading.current_thread() is threading.main_thread() else ()
    ours = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _sentence(error: EncodingError | PublishError | OSError) -> str:
    if isinstance(error, OSError):
        return f"The title could not be stored: {error.strerror or error}."
    return str(error)


def _exit_code(error: EncodingError | PublishError | OSError) -> int:
    if isinstance(error, ToolMissingError):
        return MISSING_COMPONENT
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DISK_FULL
    return BAD_INPUT if isinstance(error, (BadInputError, PublishError)) else FAILED


def _say(err: TextIO, sentence: str, code: int) -> int:
    err.write(f"{sentence}\n")
    return code


class ProgressBar:
    """One line that is drawn over again in a terminal, one line per stage elsewhere (in a log)."""

    def __init__(self, name: str, stream: TextIO) -> None:
        self._name = name
        self._stream = stream
        self._redraws = stream.isatty()
        self._shown = ""

    def show(self, stage: str, done: float) -> None:
        """Draw ``stage`` with the fraction ``done`` of the whole, 0 to 1; nothing when nothing would change."""
        if self._redraws:
            filled = round(done * _BAR_CELLS)
            line = f"{self._name} [{'#' * filled}{'.' * (_BAR_CELLS - filled)}] {done:4.0%} {stage}"
        else:
            line = f"{self._name}: {stage}"
        if line == self._shown:
            return
        if self._redraws:
            self._stream.write("\r" + line.ljust(len(self._shown)))
        else:
            self._stream.write(line + "\n")
        self._stream.flush()
        self._shown = line

    def end(self) -> None:
        """Leave the bar's line."""
        if self._redraws and self._shown:
            self._stream.write("\n")
