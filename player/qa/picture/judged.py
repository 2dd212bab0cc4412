"""A run whose picture and sound are judged: it is taped, held against a playback of the same source that nothing
disturbs, and gets the ``media`` of its report."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from player.mpv.streams import ByteStream
from player.net.shaping import LinkTrace
from player.qa.picture.measure import Span
from player.qa.picture.tape import Tapes
from player.qa.run_spec import RunSpec

Opener = Callable[[], ByteStream]
Around = Callable[[Opener], Opener]
Play = Callable[[RunSpec, Around], dict[str, Any]]
"""Plays a run, with its streams recorded by what stands around their opener."""

_EDGE_S = 0.5  # half of the longest window in which video or audio is compared
_PEACEFUL = LinkTrace.constant(1_000_000_000.0, 0.001)


def judged(spec: RunSpec, media: Path, play: Play, undisturbed: Play) -> dict[str, Any]:
    """The report of ``spec``, with ``media``; clips of what is wrong go into the folder of that name.

    ``undisturbed`` plays the reference. Raises as they do, and InputError without a usable FFmpeg.
    """
    from player.qa.picture.verdict import clips, judge, together  # numpy: only where something is judged

    media.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=media, prefix="tapes-") as work:
        own, report = _taped(spec, play, Path(work) / "own")
        wanted, _ = _taped(_reference(spec), undisturbed, Path(work) / "reference")
        end_s = float(report["result"]["position_s"] or 0.0) - (spec.settings.start_s or 0.0)
        whole = len(own) > 1 or (report["result"]["played_to_end"] and spec.settings.play_for_s is None)
        parts = []
        for number, path in enumerate(own):
            reference = wanted[number] if len(wanted) == len(own) else None
            skipped = unseen(report, spec.settings.start_s or 0.0) if len(own) == 1 else []
            found = judge(path, reference, float("inf") if whole else end_s, needs_reference=True, unseen=skipped)
            clips(path, found, media, f"part-{number + 1}")
            parts.append(found)
    report["media"] = together(parts)
    own_errors = report["continuity"]["decode_errors"] or 0
    report["continuity"]["decode_errors"] = max(own_errors, report["media"]["decode_errors"] or 0)
    return report


def unseen(report: Mapping[str, Any], start_s: float) -> list[Span]:
    """Return the stretches that the viewer jumped over and never saw, counted from ``start_s``. Pure."""
    begins = [start_s, *(each["to_s"] for each in report["seeks"])]
    ends = [*(each["from_s"] for each in report["seeks"]), float(report["result"]["position_s"] or 0.0)]
    found: list[Span] = []
    reached_s = start_s
    for begin_s, end_s in sorted(zip(begins, ends, strict=True)):
        if begin_s > reached_s:
            found.append((reached_s - start_s - _EDGE_S, begin_s - start_s + _EDGE_S))
        reached_s = max(reached_s, end_s)
    return found


def _taped(spec: RunSpec, play: Play, folder: Path) -> tuple[list[Path], dict[str, Any]]:
    folder.mkdir()
    tapes = Tapes(folder)
    try:
        report = play(spec, tapes.around)
    finally:
        tapes.close()
    return [path for path in tapes.paths if path.stat().st_size], report


def _reference(spec: RunSpec) -> RunSpec:
    """The same source from the same place, on a link on which every rung is available."""
    settings = replace(spec.settings, cmcd=None)
    source = spec.source if spec.reference is None else spec.reference
    return replace(
        spec, source=source, network=_PEACEFUL, faults=None, script=(), record=None, media=None, settings=settings
    )
