"""What each kind of task does. A task that is done twice, here or on another machine, gives the same files: each is
written beside its place and moved there whole."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from backend_stub.config import Settings
from backend_stub.encoding import audio, chunks, probe, rating, subtitles, tiles
from backend_stub.encoding.complexity import detail_of
from backend_stub.encoding.documents import ladder_document, read_ladder, read_source, source_document
from backend_stub.encoding.errors import BadInputError, DamagedOutputError, EncodingError, ToolMissingError
from backend_stub.encoding.findings import findings_of
from backend_stub.encoding.ladder import EncodingLadder, TargetCodec, build_ladder
from backend_stub.encoding.options import path_title, read_spec
from backend_stub.encoding.package import (
    Encoded,
    EncodedAudio,
    EncodedText,
    EncodedVideo,
    generate_keys,
    package,
)
from backend_stub.encoding.picture_source import PICTURES_COPY, copy_pictures, with_pictures
from backend_stub.encoding.plan import chunk_task, tasks_after_probe
from backend_stub.encoding.poster import FOCAL, PICTURES, make_pictures
from backend_stub.encoding.probe import SourceInfo
from backend_stub.encoding.storage import JOB_FOLDER, Storage, job_folder
from backend_stub.encoding.subtitles import TextRung
from backend_stub.encoding.tiles import TileSheets
from backend_stub.encoding.verify import Expected, verify_variant
from backend_stub.jobs.model import Claim
from backend_stub.jobs.store import Jobs
from backend_stub.jobs.worker import Doing, TaskError, TaskOutcome
from backend_stub.master_keys import MasterKeys
from backend_stub.services.content_keys import DamagedKeyError, PlainKey, open_draft, seal_draft
from backend_stub.services.publishing import PublishedTitle, PublishError, publish, published_by

_logger = logging.getLogger(__name__)
Publisher = Callable[[Settings, PublishedTitle], str]
KIND = "encode"
_KEYS = "keys.sealed"
# What will be no better the next time.
_FINAL = (BadInputError, ToolMissingError, DamagedOutputError, PublishError)


#: The last step of a job, which takes the finished title to where viewers find it: the data folder of the service.
LAST = "publish"


def sweep(storage: Storage, jobs: Jobs) -> None:
    """Remove the files of jobs that are over."""
    for job_id in jobs.over(folder.removeprefix(JOB_FOLDER) for folder in storage.jobs()):
        _logger.info("removing what is left of job %s", job_id)
        storage.forget(job_folder(job_id))


class Stages:
    """Does tasks of encoding jobs, whose files are in ``storage``; ``publisher`` takes the finished title into the
    data folder of ``settings``."""

    def __init__(self, settings: Settings, storage: Storage, publisher: Publisher = publish) -> None:
        self._settings = settings
        self._storage = storage
        self._publisher = publisher
        self._stages: Mapping[str, Callable[[_Task], TaskOutcome]] = {
            "probe": _probe,
            "video": _video,
            "audio": _audio,
            "subtitles": _subtitles,
            "poster": _poster,
            "rate": _rate,
            "join": _join,
            "tiles": _tiles,
            "package": _package,
            "check": _check,
            LAST: self._publish,
        }

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of tasks there are."""
        return frozenset(self._stages)

    def run(self, doing: Doing) -> TaskOutcome:
        """Do a task. Raises :class:`TaskError`, with the cause behind it."""
        claim = doing.claim
        task = _Task(self._settings, self._storage, doing)
        task.folder.mkdir(parents=True, exist_ok=True)
        try:
            return self._stages[claim.kind](task)
        except (EncodingError, PublishError) as error:
            raise TaskError(str(error), final=isinstance(error, _FINAL)) from error
        except OSError as error:
            raise TaskError(f"The title could not be stored: {error.strerror or error}.") from error

    def _publish(self, task: _Task) -> TaskOutcome:
        encoded = task.encoded()
        found = findings_of(task.source, task.claim.inputs)
        published = PublishedTitle(
            title=task.title,
            folder=task.folder / "whole",
            duration_s=encoded.duration_s,
            heights=sorted({rung.height for rung in task.ladder.video}),
            keys=task.keys() if task.options.encrypted else (),
            synopsis=task.options.synopsis,
            year=task.options.year,
            title_id=task.options.title_id,
            open_licence=task.options.open_licence,
            qualities=_qualities(encoded, task.claim),
            job_id=task.claim.job_id,
            replace=task.options.replace,
            belonging=task.options.belonging,
            audio=_languages(track.rung.language for track in encoded.audio),
            text=_languages(track.rung.language for track in encoded.text),
        )
        title_id = published_by(self._settings, task.claim.job_id)
        if title_id is None:
            task.put_together(published.folder)
            title_id = self._publisher(self._settings, published)
        self._storage.forget(task.home)
        for file in task.wanted.files:
            if file.is_relative_to(self._settings.uploads_dir.absolute()):
                shutil.rmtree(file.parent, ignore_errors=True)
        return TaskOutcome({"title_id": title_id, "findings": found, "qualities": list(published.qualities)})


class _Task:
    """A task at work: what was asked, and what the tasks before it found."""

    def __init__(self, settings: Settings, storage: Storage, doing: Doing) -> None:
        self.settings = settings
        self.storage = storage
        self.doing = doing
        self.claim = doing.claim
        self.home = job_folder(self.claim.job_id)
        self.folder = settings.staging_dir / self.home
        self.wanted = read_spec(self.claim.spec)
        self.options = self.wanted.options

    @property
    def cancel(self) -> threading.Event:
        return self.doing.stop

    @property
    def title(self) -> str:
        return self.options.title or path_title(self.wanted.source)

    @property
    def source(self) -> SourceInfo:
        """What the film holds; :meth:`bring_source` sees to it that the film itself is there."""
        return replace(read_source(self.claim.inputs["probe"]["source"]), path=self.file(0))

    def file(self, number: int) -> Path:
        """Where a file that was handed in is on this machine: the film is 0, the sidecars follow."""
        wanted = self.wanted
        return self.folder / wanted.lent_as(number) if wanted.lent else wanted.files[number]

    def bring_source(self) -> SourceInfo:
        self.bring_file(0)
        return self.source

    def bring_pictures(self) -> SourceInfo:
        """The film, or in its place its pictures with an index, where it has none itself."""
        if self.result("probe").get("copied"):
            return with_pictures(self.source, self.bring(PICTURES_COPY))
        return self.bring_source()

    def copy_pictures(self, source: SourceInfo) -> SourceInfo:
        """``source`` with its pictures where they have an index, for this task and the others."""
        work = self.draft("pictures")
        work.mkdir(parents=True)
        try:
            if not copy_pictures(source, work / PICTURES_COPY, cancel=self.cancel):
                return source
            (work / PICTURES_COPY).replace(self.folder / PICTURES_COPY)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        self.keep(PICTURES_COPY)
        return with_pictures(source, self.folder / PICTURES_COPY)

    def bring_file(self, number: int) -> Path:
        if self.wanted.lent:
            self.bring(self.wanted.lent_as(number))
        return self.file(number)

    def bring(self, name: str, *, folder: bool = False) -> Path:
        """What another task has kept, on this machine."""
        return self.storage.bring(f"{self.home}/{name}", folder=folder)

    def keep(self, name: str) -> None:
        """What this task has made is there for the others."""
        self.storage.keep(f"{self.home}/{name}")

    @property
    def ladder(self) -> EncodingLadder:
        return read_ladder(self.claim.inputs["probe"]["ladder"])

    def progress(self, done: float) -> None:
        self.doing.done = done

    def result(self, name: str) -> Mapping[str, Any]:
        """Of a task that this one needs; empty when there was none of that name."""
        return self.claim.inputs.get(name, {})

    def part_name(self, codec: TargetCodec, number: int) -> str:
        return f"parts/{chunk_task(codec, number).replace('/', '-')}"

    def bring_part(self, codec: TargetCodec, number: int) -> Path:
        return self.bring(self.part_name(codec, number), folder=True)

    def draft(self, name: str) -> Path:
        """A place of this thread alone, empty."""
        draft = self.folder / f".{name}-{os.getpid()}-{threading.get_ident()}"
        shutil.rmtree(draft, ignore_errors=True)
        return draft

    def keys(self) -> tuple[PlainKey, ...]:
        """The content keys of this job, made once and kept sealed under the master key until the title has them."""
        masters = MasterKeys(self.settings.secrets_dir)
        fresh = seal_draft(masters, self.claim.job_id, generate_keys(self.ladder.labels))
        sealed = self.storage.keep_first(f"{self.home}/{_KEYS}", fresh)
        try:
            return open_draft(masters, self.claim.job_id, sealed)
        except DamagedKeyError as error:
            raise EncodingError(f"The keys of the title do not open: {error}.") from error

    def packaged(self, variant: str) -> str:
        """The name of the folder that was made of a variant: another one for each attempt."""
        return str(self.result(f"package/{variant}").get("folder", f"title/{variant}"))  # that of older versions

    def put_together(self, title: Path) -> None:
        """Make the folder ``title`` of all variants and pictures; what it is made of stays, for another attempt."""
        shutil.rmtree(title, ignore_errors=True)
        title.mkdir()
        for variant in self.options.variants:
            made = self.bring(self.packaged(variant), folder=True)
            shutil.copytree(made, title / variant, copy_function=_same_file)
        for name in self.result("poster").get("pictures", PICTURES[:1]):  # jobs of older versions made no others
            _same_file(str(self.bring(name)), str(title / name))

    def text_rungs(self) -> tuple[TextRung, ...]:
        return subtitles.text_rungs(self.source.subtitles, [one.language for one in self.options.sidecars])

    def bring_encoded(self) -> Encoded:
        encoded = self.encoded()
        paths = [item.path for item in encoded.video]
        paths += [item.path for item in encoded.audio]
        paths += [item.path for item in encoded.text]
        for path in paths:
            self.bring(path.name)
        self.bring("tiles", folder=True)
        return encoded

    def encoded(self) -> Encoded:
        """What the tasks before packaging have made; :meth:`bring_encoded` sees to it that the files are there."""
        ladder = self.ladder
        written = self.result("subtitles").get("written", [])
        scores = {
            name: score for codec in ladder.codecs for name, score in self.result(f"rate/{codec}")["scores"].items()
        }
        return Encoded(
            ladder=ladder,
            video=tuple(EncodedVideo(rung, self.folder / f"video-{rung.name}.mp4") for rung in ladder.video),
            audio=tuple(EncodedAudio(rung, self.folder / f"audio-{rung.name}.mp4") for rung in ladder.audio),
            text=tuple(
                EncodedText(rung, self.folder / f"text-{rung.name}.vtt")
                for rung in self.text_rungs()
                if rung.name in written
            ),
            duration_s=float(self.result(f"join/{TargetCodec.H264}")["duration_s"]),
            scores=scores,
            tiles=TileSheets(**self.result("tiles")),
            tiles_folder=self.folder / "tiles",
            chapters=self.source.chapters,
        )


def _probe(task: _Task) -> TaskOutcome:
    source = probe.probe(task.bring_file(0))
    with TemporaryDirectory() as work:  # whoever handed in a file that says nothing learns it before the long work
        for number in range(1, len(task.wanted.files)):
            subtitles.write_sidecar(task.bring_file(number), Path(work) / f"{number}.vtt", cancel=task.cancel)
    codecs = [TargetCodec(name) for name in task.options.codecs]
    source = task.copy_pictures(source)
    detail = detail_of(source, cancel=task.cancel)
    ladder = build_ladder(source, codecs, detail)
    result = {"source": source_document(source), "ladder": ladder_document(ladder), "detail": detail}
    result["copied"] = source.pictures_path is not None
    return TaskOutcome(result, tasks_after_probe(source, ladder, task.options))


def _video(task: _Task) -> TaskOutcome:
    codec, number = TargetCodec(task.claim.params["codec"]), int(task.claim.params["chunk"])
    source, ladder, name = task.bring_pictures(), task.ladder, task.part_name(codec, number)
    chunk = chunks.split(source.picture_s, ladder.fps)[number]
    report = chunks.encode_chunk(
        source,
        ladder,
        codec,
        chunk,
        task.folder / name,
        preset=task.options.preset,
        progress=task.progress,
        cancel=task.cancel,
    )
    task.keep(name)
    return TaskOutcome(asdict(report))


def _audio(task: _Task) -> TaskOutcome:
    rung = next(one for one in task.ladder.audio if one.name == task.claim.params["rung"])
    source, name = task.bring_source(), f"audio-{rung.name}.mp4"
    loudness = audio.measure(source, rung, cancel=task.cancel)
    place = task.folder / name
    audio.encode_sound(source, rung, loudness.gain_db, place, progress=task.progress, cancel=task.cancel)
    task.keep(name)
    return TaskOutcome({**asdict(loudness), "gain_db": loudness.gain_db})


def _subtitles(task: _Task) -> TaskOutcome:
    rungs, written = task.text_rungs(), []
    for rung in rungs:
        name = f"text-{rung.name}.vtt"
        if rung.beside:
            subtitles.write_sidecar(task.bring_file(rung.position), task.folder / name, cancel=task.cancel)
        elif not subtitles.write_subtitles(task.bring_source(), rung, task.folder / name, cancel=task.cancel):
            continue
        task.keep(name)
        written.append(rung.name)
    return TaskOutcome({"written": written, "left_out": [rung.name for rung in rungs if rung.name not in written]})


def _poster(task: _Task) -> TaskOutcome:
    work = task.draft("poster")
    work.mkdir(parents=True)
    try:
        make_pictures(task.bring_pictures(), task.title, work, cancel=task.cancel)
        made = [name for name in (*PICTURES, FOCAL) if (work / name).exists()]
        for name in made:
            (work / name).replace(task.folder / name)
            task.keep(name)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return TaskOutcome({"pictures": made})


def _rate(task: _Task) -> TaskOutcome:
    codec, source, ladder = TargetCodec(task.claim.params["codec"]), task.bring_pictures(), task.ladder
    seen = chunks.looked_at(chunks.split(source.picture_s, ladder.fps))
    parts = [(chunk, task.bring_part(codec, chunk.number)) for chunk in seen]
    rated = rating.rate(source, ladder, codec, parts, cancel=task.cancel)
    return TaskOutcome({"metric": rated.metric, "scores": dict(rated.scores)})


def _join(task: _Task) -> TaskOutcome:
    codec, source, ladder = TargetCodec(task.claim.params["codec"]), task.source, task.ladder
    numbers = range(len(chunks.split(source.picture_s, ladder.fps)))
    parts = [task.bring_part(codec, number) for number in numbers]
    bits = {}
    for rung in ladder.of(codec):
        target = task.folder / f"video-{rung.name}.mp4"
        chunks.join([chunks.rung_file(part, rung) for part in parts], target, codec, ladder.fps)
        task.keep(target.name)
        bits[rung.name] = 8 * target.stat().st_size
    reports = [task.result(chunk_task(codec, number)) for number in numbers]
    duration_s = float(sum(report["frames"] for report in reports) / ladder.fps)
    return TaskOutcome(
        {
            "duration_s": duration_s,
            "bitrates": {name: round(size / duration_s) for name, size in bits.items()},
            "black": [stretch for report in reports for stretch in report["black"]],
            "frozen": [stretch for report in reports for stretch in report["frozen"]],
        }
    )


def _tiles(task: _Task) -> TaskOutcome:
    rung = task.ladder.of(TargetCodec.H264)[0]
    draft, place = task.draft("tiles"), task.folder / "tiles"
    made = tiles.make_tiles(rung, task.bring(f"video-{rung.name}.mp4"), draft, cancel=task.cancel)
    shutil.rmtree(place, ignore_errors=True)
    draft.rename(place)
    task.keep("tiles")
    return TaskOutcome(asdict(made))


def _package(task: _Task) -> TaskOutcome:
    variant = task.claim.params["variant"]
    keys = task.keys() if variant == "encrypted" else ()
    # Encrypted files are others each time: two attempts at once must not mix theirs.
    draft, name = task.draft(variant), f"packaged/{variant}-{secrets.token_hex(4)}"
    encoded = task.bring_encoded()
    package(encoded, draft, keys, scheme=task.options.scheme, systems=task.options.systems, cancel=task.cancel)
    (task.folder / name).parent.mkdir(exist_ok=True)
    draft.rename(task.folder / name)
    task.keep(name)
    return TaskOutcome({"folder": name})


def _check(task: _Task) -> TaskOutcome:
    variant, encoded = task.claim.params["variant"], task.encoded()
    keys = task.keys() if variant == "encrypted" else ()
    expected = Expected(
        duration_s=task.source.duration_s,
        heights=[item.rung.height for item in encoded.video],
        audio_tracks=len(encoded.audio),
        kids=[key.kid for key in keys],
        frame_s=float(1 / encoded.ladder.fps),
        text_tracks=len(encoded.text),
        scheme=task.options.scheme,
        sheets=encoded.tiles.sheets if encoded.tiles is not None else 0,
    )
    return TaskOutcome(asdict(verify_variant(task.bring(task.packaged(variant), folder=True), expected)))


def _qualities(encoded: Encoded, claim: Claim) -> tuple[dict[str, Any], ...]:
    """One entry for each rung, as the play answer has them."""
    return tuple(
        {
            "codec": str(item.rung.codec),
            "height": item.rung.height,
            "bitrate": claim.inputs[f"join/{item.rung.codec}"]["bitrates"][item.rung.name],
            "metric": claim.inputs[f"rate/{item.rung.codec}"]["metric"],
            "score": encoded.scores.get(item.rung.name),
        }
        for item in encoded.video
    )


def _same_file(source: str, target: str) -> None:
    """The file under another name, at no cost where the file system can do that."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _languages(tracks: Iterable[str]) -> list[str]:
    """Each language once, in the order of the tracks."""
    return [language for language in dict.fromkeys(tracks) if language != "und"]
