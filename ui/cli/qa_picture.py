"""``matinee qa picture FILE|URL``: frozen, black and silent stretches, loudness, and likeness to a reference."""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from pathlib import Path
from typing import Any

from ui.cli.options import add_fail_on_argument
from ui.cli.web_options import add_connection_arguments, conditions_of, web_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee qa picture --help``."""
    parser.add_argument("source", metavar="FILE|URL", help="a media file, or the address of a manifest")
    parser.add_argument("--reference", metavar="FILE", type=Path, help="what it should look and sound like")
    parser.add_argument("--clips", metavar="DIR", type=Path, help="keep the stretch around each finding here")
    parser.add_argument("--duration", type=float, default=60.0, metavar="S", help="of a manifest (default 60)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    add_fail_on_argument(parser)
    add_connection_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Judge. 1 where decoders complain, something is not the reference's, a playback failed or lost media, or a
    condition of ``--fail-on`` holds."""
    from player.base.errors import ErrorCode, ExitCode, InputError
    from player.qa.picture.figures import FIGURES
    from player.qa.picture.verdict import clips, judge, together
    from ui.cli.conditions import verdict_on
    from ui.cli.play_report import verdict_of

    conditions = conditions_of(args, FIGURES)
    if args.reference is not None and not args.reference.is_file():
        raise InputError(ErrorCode.INPUT_FILE, f"There is no file {args.reference.name}.")
    with tempfile.TemporaryDirectory(prefix="matinee-picture-") as work:
        report = None
        paths = [Path(args.source)]
        if _is_manifest(args.source):
            paths, report = _taped(args, Path(work))
        if not paths[0].is_file():
            raise InputError(ErrorCode.INPUT_FILE, f"There is no file {paths[0].name}.")
        until_s = math.inf
        if report is not None and len(paths) == 1 and not report["result"]["played_to_end"]:
            until_s = float(report["result"]["position_s"] or 0.0)
        parts = []
        for path in paths:
            compared = args.reference is not None and len(paths) == 1
            part = judge(
                path, args.reference if compared else None, until_s, needs_reference=args.reference is not None
            )
            if args.clips is not None:
                args.clips.mkdir(parents=True, exist_ok=True)
                clips(path, part, args.clips, path.stem)
            parts.append(part)
    found = together(parts)
    if report is not None:
        found["continuity"] = report["continuity"]
    if args.json:
        print(json.dumps(found, indent=1))
    else:
        _tell(found)
    other = [each for each in found["findings"] if each["kind"].startswith(("wrong", "missing", "unjudged"))]
    good = not other and not found["decode_errors"]
    if report is not None:
        good = good and report["result"]["status"] == "ended" and not verdict_of(report, [], strict=True, stills=True)
    figures = {name: value for name, value in found["figures"].items() if value is not None}
    return verdict_on(conditions, figures) if good else int(ExitCode.FAILED)


def _is_manifest(source: str) -> bool:
    return source.partition("?")[0].endswith((".mpd", ".m3u8")) or source.startswith(("http://", "https://"))


def _taped(args: argparse.Namespace, work: Path) -> tuple[list[Path], dict[str, Any]]:
    """What our player gives its decoder of a manifest, in virtual time, file by file, and the report of that. Raises
    the error that ended it where nothing came."""
    from player.base.errors import ErrorCode, MediaError
    from player.playback.settings import PlaybackSettings
    from player.qa.picture.tape import Tapes
    from player.qa.run_spec import Bench, Labels, RunSpec
    from player.qa.simulation.run import reference
    from player.title.opening import PlaybackSource

    local = "://" not in args.source
    url = Path(args.source).resolve().as_uri() if local else args.source
    folder = Path(args.source).resolve().parent if local else None
    settings = PlaybackSettings(start_s=0.0, play_for_s=args.duration, fresh=True)
    bench = Bench(work, ca_file=args.ca_file, web=web_of(args), local_folder=folder)
    tapes = Tapes(work)
    try:
        report = reference(RunSpec(Labels("picture"), PlaybackSource(url=url), settings), bench, tapes.around)
    finally:
        tapes.close()
    kept = [path for path in tapes.paths if path.stat().st_size]
    if not kept:
        told = next(iter(report["errors"]), {"code": ErrorCode.MEDIA_NO_TRACKS, "sentence": ""})
        sentence = told["sentence"] or "Nothing of this stream could be played."
        raise MediaError(ErrorCode(told["code"]), sentence)
    return kept, report


def _tell(found: dict[str, Any]) -> None:
    for finding in found["findings"]:
        print(finding["sentence"] + (f" ({finding['clip']})" if finding["clip"] else ""))
    for name, value in found["figures"].items():
        if value is not None and not (name.startswith("wrong") and not found["reference"]):
            print(f"{name}: {value:g}")
    print(f"decoder errors: {found['decode_errors']}")
