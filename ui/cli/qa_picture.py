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
    """Judge. 1 where decoders complain, something is not the reference's, or a condition of ``--fail-on`` holds."""
    from player.base.errors import ErrorCode, ExitCode, InputError
    from player.qa.picture.figures import FIGURES
    from player.qa.picture.verdict import clips, judge
    from ui.cli.conditions import verdict_on

    conditions = conditions_of(args, FIGURES)
    if args.reference is not None and not args.reference.is_file():
        raise InputError(ErrorCode.INPUT_FILE, f"There is no file {args.reference.name}.")
    with tempfile.TemporaryDirectory(prefix="matinee-picture-") as work:
        path = _taped(args, Path(work)) if _is_manifest(args.source) else Path(args.source)
        if not path.is_file():
            raise InputError(ErrorCode.INPUT_FILE, f"There is no file {path.name}.")
        found = judge(path, args.reference, math.inf)
        if args.clips is not None:
            args.clips.mkdir(parents=True, exist_ok=True)
            clips(path, found, args.clips, path.stem)
    if args.json:
        print(json.dumps(found, indent=1))
    else:
        _tell(found)
    other = [each for each in found["findings"] if each["kind"].startswith("wrong")]
    good = not other and not found["decode_errors"]
    figures = {name: value for name, value in found["figures"].items() if value is not None}
    return verdict_on(conditions, figures) if good else int(ExitCode.FAILED)


def _is_manifest(source: str) -> bool:
    return source.partition("?")[0].endswith((".mpd", ".m3u8")) or source.startswith(("http://", "https://"))


def _taped(args: argparse.Namespace, work: Path) -> Path:
    """What our player gives its decoder of a manifest, in virtual time."""
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
        reference(RunSpec(Labels("picture"), PlaybackSource(url=url), settings), bench, tapes.around)
    finally:
        tapes.close()
    kept = [path for path in tapes.paths if path.stat().st_size]
    if not kept:
        raise MediaError(ErrorCode.MEDIA_NO_TRACKS, "Nothing of this stream could be played.")
    return max(kept, key=lambda path: path.stat().st_size)


def _tell(found: dict[str, Any]) -> None:
    for finding in found["findings"]:
        print(finding["sentence"] + (f" ({finding['clip']})" if finding["clip"] else ""))
    for name, value in found["figures"].items():
        if value is not None and not (name.startswith("wrong") and not found["reference"]):
            print(f"{name}: {value:g}")
    print(f"decoder errors: {found['decode_errors']}")
