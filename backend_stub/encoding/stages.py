"""What each kind of task does. A task that is done twice, here or on another machine, gives the same files: each is
written beside its place and moved there whole."""

from __future__ import annotations

import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from backend_stub.config import Settings
from backend_stub.encoding import chunks, probe, rating, sound, subtitles, tiles
from backend_stub.encoding.complexity import detail_of
from backend_stub.encoding.documents import ladder_document, read_ladder, read_source, source_document
from backend_stub.encoding.errors import BadInputError, DamagedOutputError, EncodingError, ToolMissingError
from backend_stub.encoding.findings import findings_of
from backend_stub.encoding.ladder import Codec, Ladder, build_ladder
from backend_stub.encoding.options import path_title, read_spec
from backend_stub.encoding.package import (
    Encoded,
    EncodedAudio,
    EncodedText,
    EncodedVideo,
    generate_keys,
    package,
)
from backend_stub.encoding.plan import chunk_task, tasks_after_probe
from backend_stub.encoding.poster import make_poster
from backend_stub.encoding.probe import SourceInfo
from backend_stub.encoding.tiles import Tiles
from backend_stub.encoding.verify import Expected, verify_variant
from backend_stub.jobs.model import Claim
from backend_stub.jobs.store import Jobs
from backend_stub.jobs.worker import Doing, Outcome, TaskError
from backend_stub.master_keys import MasterKeys
from backend_stub.services.content_keys import PlainKey, open_draft, seal_draft
from backend_stub.services.publishing import PublishedTitle, PublishError, publish

_logger = logging.getLogger(__name__)
Publisher = Callable[[Settings, PublishedTitle], str]
KIND = "encode"
_KEYS = "keys.sealed"
# What will be no better the next time.
_FINAL = (BadInputError, ToolMissingError, DamagedOutputError, PublishError)


def job_folder(settings: Settings, job_id: str) -> Path:
    """Where the files of an unfinished job are."""
    return settings.staging_dir / f"job-{job_id}"


def sweep(settings: Settings, jobs: Jobs) -> None:
    """Remove the files of jobs that are over."""
    folders = {folder.name.removeprefix("job-"): folder for folder in settings.staging_dir.glob("job-*")}
    for job_id in jobs.over(folders):
        _logger.info("removing what is left of job %s", job_id)
        shutil.rmtree(folders[job_id], ignore_errors=True)


class Stages:
    """Does tasks of encoding jobs over the data folder of ``settings``; ``publisher`` takes the finished title."""

    def __init__(self, settings: Settings, publisher: Publisher = publish) -> None:
        self._settings = settings
        self._publisher = publisher
        self._stages: Mapping[str, Callable[[_Task], Outcome]] = {
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
            "publish": self._publish,
        }

    def run(self, doing: Doing) -> Outcome:
        """Do a task. Raises :class:`TaskError`, with the cause behind it."""
        claim = doing.claim
        folder = job_folder(self._settings, claim.job_id)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            return self._stages[claim.kind](_Task(self._settings, doing, folder))
        except (EncodingError, PublishError) as error:
            raise TaskError(str(error), final=isinstance(error, _FINAL)) from error
        except OSError as error:
            raise TaskError(f"The title could not be stored: {error.strerror or error}.") from error

    def _publish(self, task: _Task) -> Outcome:
        title, poster = task.folder / "title", task.folder / "poster.jpg"
        if poster.exists():
            poster.replace(title / "poster.jpg")
        encoded = task.encoded()
        found = findings_of(task.source, task.claim.inputs)
        published = PublishedTitle(
            title=task.title,
            folder=title,
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
        title_id = self._publisher(self._settings, published)
        shutil.rmtree(task.folder, ignore_errors=True)
        if task.source_path.is_relative_to(self._settings.uploads_dir.absolute()):
            shutil.rmtree(task.source_path.parent, ignore_errors=True)
        return Outcome({"title_id": title_id, "findings": found, "qualities": list(published.qualities)})


class _Task:
    """A task at work: what was asked, and what the tasks before it found."""

    def __init__(self, settings: Settings, doing: Doing, folder: Path) -> None:
        self.settings = settings
        self.doing = doing
        self.claim = doing.claim
        self.folder = folder
        self.source_path, self.options = read_spec(self.claim.spec)

    @property
    def cancel(self) -> threading.Event:
        return self.doing.stop

    @property
    def title(self) -> str:
        return self.options.title or path_title(self.source_path)

    @property
    def source(self) -> SourceInfo:
        return read_source(self.claim.inputs["probe"]["source"])

    @property
    def ladder(self) -> Ladder:
        return read_ladder(self.claim.inputs["probe"]["ladder"])

    def progress(self, done: float) -> None:
        self.doing.done = done

    def result(self, name: str) -> Mapping[str, Any]:
        """Of a task that this one needs; empty when there was none of that name."""
        return self.claim.inputs.get(name, {})

    def part(self, codec: Codec, number: int) -> Path:
        return self.folder / "parts" / chunk_task(codec, number).replace("/", "-")

    def draft(self, name: str) -> Path:
        """A place of this thread alone, empty."""
        draft = self.folder / f".{name}-{os.getpid()}-{threading.get_ident()}"
        shutil.rmtree(draft, ignore_errors=True)
        return draft

    def keys(self) -> tuple[PlainKey, ...]:
        """The content keys of this job, made once and kept sealed under the master key until the title has them."""
        masters, place = MasterKeys(self.settings.secrets_dir), self.folder / _KEYS
        if not place.exists():
            draft = self.draft("keys")
            draft.write_bytes(seal_draft(masters, self.claim.job_id, generate_keys(self.ladder.labels)))
            try:
                os.link(draft, place)  # unlike a rename it leaves what somebody else has put there meanwhile
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return open_draft(masters, self.claim.job_id, place.read_bytes())

    def encoded(self) -> Encoded:
        """What the tasks before packaging have made."""
        ladder, source = self.ladder, self.source
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
                for rung in subtitles.text_rungs(source.subtitles)
                if rung.name in written
            ),
            duration_s=float(self.result(f"join/{Codec.H264}")["duration_s"]),
            scores=scores,
            tiles=Tiles(**self.result("tiles")),
            tiles_folder=self.folder / "tiles",
        )


def _probe(task: _Task) -> Outcome:
    source = probe.probe(task.source_path)
    codecs = [Codec(name) for name in task.options.codecs]
    detail = detail_of(source, cancel=task.cancel)
    ladder = build_ladder(source, codecs, detail)
    result = {"source": source_document(source), "ladder": ladder_document(ladder), "detail": detail}
    return Outcome(result, tasks_after_probe(source, ladder, task.options))


def _video(task: _Task) -> Outcome:
    codec, number = Codec(task.claim.params["codec"]), int(task.claim.params["chunk"])
    source, ladder = task.source, task.ladder
    chunk = chunks.split(source.picture_s, ladder.fps)[number]
    report = chunks.encode_chunk(
        source,
        ladder,
        codec,
        chunk,
        task.part(codec, number),
        preset=task.options.preset,
        progress=task.progress,
        cancel=task.cancel,
    )
    return Outcome(asdict(report))


def _audio(task: _Task) -> Outcome:
    rung = next(one for one in task.ladder.audio if one.name == task.claim.params["rung"])
    loudness = sound.measure(task.source, rung, cancel=task.cancel)
    sound.encode_sound(
        task.source,
        rung,
        loudness.gain_db,
        task.folder / f"audio-{rung.name}.mp4",
        progress=task.progress,
        cancel=task.cancel,
    )
    return Outcome({**asdict(loudness), "gain_db": loudness.gain_db})


def _subtitles(task: _Task) -> Outcome:
    rungs = subtitles.text_rungs(task.source.subtitles)
    written = [
        rung.name
        for rung in rungs
        if subtitles.write_subtitles(task.source, rung, task.folder / f"text-{rung.name}.vtt", cancel=task.cancel)
    ]
    return Outcome({"written": written, "left_out": [rung.name for rung in rungs if rung.name not in written]})


def _poster(task: _Task) -> Outcome:
    work = task.draft("poster")
    work.mkdir(parents=True)
    try:
        make_poster(task.source, task.title, work / "poster.jpg", work, cancel=task.cancel)
        (work / "poster.jpg").replace(task.folder / "poster.jpg")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return Outcome({})


def _rate(task: _Task) -> Outcome:
    codec, source, ladder = Codec(task.claim.params["codec"]), task.source, task.ladder
    seen = chunks.looked_at(chunks.split(source.picture_s, ladder.fps))
    parts = [(chunk, task.part(codec, chunk.number)) for chunk in seen]
    rated = rating.rate(source, ladder, codec, parts, cancel=task.cancel)
    return Outcome({"metric": rated.metric, "scores": dict(rated.scores)})


def _join(task: _Task) -> Outcome:
    codec, source, ladder = Codec(task.claim.params["codec"]), task.source, task.ladder
    numbers = range(len(chunks.split(source.picture_s, ladder.fps)))
    bits = {}
    for rung in ladder.of(codec):
        target = task.folder / f"video-{rung.name}.mp4"
        chunks.join(
            [chunks.rung_file(task.part(codec, number), rung) for number in numbers], target, codec, ladder.fps
        )
        bits[rung.name] = 8 * target.stat().st_size
    reports = [task.result(chunk_task(codec, number)) for number in numbers]
    duration_s = float(sum(report["frames"] for report in reports) / ladder.fps)
    return Outcome(
        {
            "duration_s": duration_s,
            "bitrates": {name: round(size / duration_s) for name, size in bits.items()},
            "black": [stretch for report in reports for stretch in report["black"]],
            "frozen": [stretch for report in reports for stretch in report["frozen"]],
        }
    )


def _tiles(task: _Task) -> Outcome:
    rung = task.ladder.of(Codec.H264)[0]
    draft, place = task.draft("tiles"), task.folder / "tiles"
    made = tiles.make_tiles(rung, task.folder / f"video-{rung.name}.mp4", draft, cancel=task.cancel)
    shutil.rmtree(place, ignore_errors=True)
    draft.rename(place)
    return Outcome(asdict(made))


def _package(task: _Task) -> Outcome:
    variant = task.claim.params["variant"]
    keys = task.keys() if variant == "encrypted" else ()
    draft, place = task.draft(variant), task.folder / "title" / variant
    package(task.encoded(), draft, keys, scheme=task.options.scheme, systems=task.options.systems, cancel=task.cancel)
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(exist_ok=True)
    draft.rename(place)
    return Outcome({})


def _check(task: _Task) -> Outcome:
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
    return Outcome(asdict(verify_variant(task.folder / "title" / variant, expected)))


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


def _languages(tracks: Iterable[str]) -> list[str]:
    """Each language once, in the order of the tracks."""
    return [language for language in dict.fromkeys(tracks) if language != "und"]
