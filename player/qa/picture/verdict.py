"""What the picture and sound of a run are worth: findings with their times, and figures for thresholds. Pure but for
the calls of FFmpeg."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from player.qa.picture.compare import Compared, compare
from player.qa.picture.marks import av_offset_ms
from player.qa.picture.measure import MediaFigures, Span, measure
from player.qa.picture.tools import run

_SLACK_S = 0.3
_AROUND_S = 1.0
_MOST_CLIPS = 8


@dataclass(frozen=True, slots=True)
class PictureFinding:
    """From ``start_s`` to ``end_s`` of the title something is wrong: ``kind`` is ``frozen``, ``black``, ``silent``,
    ``wrong_picture``, ``wrong_sound``, ``missing`` or ``unjudged``."""

    kind: str
    start_s: float
    end_s: float

    @property
    def sentence(self) -> str:
        return f"From {self.start_s:.1f} to {self.end_s:.1f} s {_SENTENCES[self.kind]}."


_SENTENCES = {
    "frozen": "the video stands still",
    "black": "the video is black",
    "silent": "there is no sound",
    "wrong_picture": "the video is another one than the reference's",
    "wrong_sound": "the sound is another one than the reference's",
    "missing": "there is nothing where the reference goes on",
    "unjudged": "nothing could be compared, because the reference changes its media at other times or did not play",
}


def judge(
    path: Path,
    reference: Path | None,
    until_s: float = math.inf,
    *,
    needs_reference: bool = False,
    unseen: Sequence[Span] = (),
) -> dict[str, Any]:
    """The ``media`` of a report, for what a player gave its decoder. ``needs_reference``: that there is no reference
    is a finding. ``unseen`` stretches are not judged, nor what lies behind ``until_s``. Raises InputError without a
    usable FFmpeg."""
    own = measure(path)
    wanted = None if reference is None else measure(reference)
    end_s = min(until_s, own.duration_s)
    compared = None if reference is None else compare(path, reference, until_s)
    offset_ms = av_offset_ms(path, end_s) if own.has_video and own.has_audio else None
    unjudged = ((0.0, own.duration_s),) if needs_reference and reference is None else ()
    return document(own, wanted, compared, offset_ms, unjudged, (*unseen, _behind(until_s)))


def _behind(until_s: float) -> Span:
    """What was fetched and never shown: a run that ends in mid-title has read ahead."""
    return until_s, math.inf


def document(
    own: MediaFigures,
    wanted: MediaFigures | None,
    compared: Compared | None,
    offset_ms: float | None = None,
    unjudged: Sequence[Span] = (),
    unseen: Sequence[Span] = (),
) -> dict[str, Any]:
    """The findings and figures, out of what was measured."""
    found = [
        *_findings("unjudged", unjudged, ()),
        *_findings("frozen", own.frozen, (*unseen, *(() if wanted is None else wanted.frozen))),
        *_findings("black", own.black, (*unseen, *(() if wanted is None else wanted.black))),
        *_findings("silent", own.silent, (*unseen, *(() if wanted is None else wanted.silent))),
    ]
    if compared is not None:
        found += _findings("wrong_picture", compared.wrong_picture, unseen)
        found += _findings("wrong_sound", compared.wrong_sound, unseen)
        found += _findings("missing", compared.missing, ())
    found.sort(key=lambda each: each.start_s)
    return {
        "reference": wanted is not None,
        "findings": [
            {
                "kind": each.kind,
                "start_s": round(each.start_s, 2),
                "end_s": round(each.end_s, 2),
                "sentence": each.sentence,
                "clip": None,
            }
            for each in found
        ],
        "figures": {
            **{f"{kind}_s": _total(found, kind) for kind in _SENTENCES},
            "loudness_lufs": own.loudness_lufs,
            "true_peak_dbfs": own.true_peak_dbfs,
            "av_offset_ms": offset_ms,
            "blockiness": own.blockiness,
            "vmaf_mean": None if compared is None else compared.vmaf_mean,
            "vmaf_min": None if compared is None else compared.vmaf_min,
        },
        "has_video": own.has_video,
        "has_audio": own.has_audio,
        "decode_errors": own.decode_errors,
        "messages": list(own.messages),
    }


def together(parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One ``media`` of the parts of a playback that changed its file; seconds add up, the worst figure counts."""
    if not parts:
        return {**document(MediaFigures(), None, None)}
    if len(parts) == 1:
        return parts[0]
    first = max(parts, key=lambda part: part["figures"]["loudness_lufs"] or -math.inf)
    figures = dict(first["figures"])
    for name in figures:
        known = [part["figures"][name] for part in parts if part["figures"][name] is not None]
        if name.endswith("_s"):
            figures[name] = round(math.fsum(known), 3)
        elif name.startswith("vmaf") and known:
            figures[name] = min(known)
    return {
        **first,
        "findings": [finding for part in parts for finding in part["findings"]],
        "figures": figures,
        "decode_errors": sum(part["decode_errors"] for part in parts),
        "messages": [line for part in parts for line in part["messages"]][:20],
    }


def clips(path: Path, media: dict[str, Any], folder: Path, name: str) -> None:
    """Cut the stretch around each finding out of the run, beside the report; findings learn the file's name."""
    for number, finding in enumerate(media["findings"][:_MOST_CLIPS], 1):
        start_s = max(0.0, finding["start_s"] - _AROUND_S)
        length_s = finding["end_s"] + _AROUND_S - start_s
        target = folder / f"{name}-{number}-{finding['kind']}.mkv"
        options = ["-v", "error", "-y", "-ss", f"{start_s:.3f}", "-i", str(path), "-t", f"{length_s:.3f}"]
        run([*options, "-c", "copy", str(target)])
        if target.exists() and target.stat().st_size:
            finding["clip"] = target.name


def _findings(kind: str, spans: Sequence[Span], allowed: Sequence[Span]) -> list[PictureFinding]:
    """The stretches that the reference does not have as well."""
    left = [span for each in spans for span in _without(each, allowed)]
    return [PictureFinding(kind, start_s, end_s) for start_s, end_s in left if end_s - start_s > _SLACK_S]


def _without(span: Span, allowed: Iterable[Span]) -> list[Span]:
    left = [span]
    for start_s, end_s in allowed:
        left = [
            part
            for begin_s, stop_s in left
            for part in ((begin_s, min(stop_s, start_s - _SLACK_S)), (max(begin_s, end_s + _SLACK_S), stop_s))
            if part[1] > part[0]
        ]
    return left


def _total(found: Sequence[PictureFinding], kind: str) -> float:
    return round(math.fsum(each.end_s - each.start_s for each in found if each.kind == kind), 3)
