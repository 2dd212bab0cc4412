"""``matinee publish``: video files become titles of the bundled service."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from ui.cli.backend import add_data_argument, add_worker_arguments, load, service_settings

_JOBS = ("director", "writer", "actor")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee publish --help``."""
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="anything FFmpeg can read")
    parser.add_argument(
        "--test-pattern", action="store_true", help="publish a test pattern, which has a channel of its own then"
    )
    parser.add_argument("--title", help="the title's name (one file only; default: from the file's name)")
    parser.add_argument("--synopsis", default="", help="what it is about, in a few sentences")
    parser.add_argument("--series", metavar="NAME", help="it is an episode of this series, made where there is none")
    parser.add_argument("--season", type=int, default=1, metavar="N", help="with --series: the season (default: 1)")
    parser.add_argument(
        "--episode", type=int, default=1, metavar="N", help="with --series: the first file's number (default: 1)"
    )
    parser.add_argument("--intro", type=_stretch, metavar="A-B", help="the intro is from second A to second B")
    parser.add_argument("--credits-from", type=float, metavar="S", help="the closing credits start at second S")
    parser.add_argument("--trailer-of", metavar="ID", help="it is the trailer of this title")
    parser.add_argument(
        "--genre", action="append", type=_genre, default=[], help="a genre; may be given several times"
    )
    parser.add_argument(
        "--credit",
        action="append",
        type=_credit,
        default=[],
        metavar="JOB:NAME",
        help="somebody who took part: director, writer or actor; may be given several times",
    )
    parser.add_argument("--clear", action="store_true", help="publish a clear variant as well")
    parser.add_argument("--no-encrypted", action="store_true", help="publish the clear variant only")
    parser.add_argument(
        "--codec",
        action="append",
        choices=("hevc", "av1"),
        default=[],
        help="a ladder besides H.264; may be repeated",
    )
    parser.add_argument("--scheme", choices=("cbcs", "cenc"), default="cbcs", help="how it is encrypted")
    parser.add_argument(
        "--pssh",
        action="append",
        choices=("widevine", "playready"),
        default=[],
        help="whose PSSH boxes it has as well",
    )
    parser.add_argument(
        "--subtitles",
        action="append",
        type=_sidecar,
        default=[],
        metavar="LANG:FILE",
        help="subtitles beside the film: .srt, .vtt, .ass or .ttml (one film only); may be given several times",
    )
    parser.add_argument("--replace", metavar="ID", help="a new version of this title (one file only)")
    parser.add_argument("--later", action="store_true", help="leave it to workers (matinee worker)")
    add_worker_arguments(parser)
    add_data_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Encode, package, check and publish; nothing is left behind of a file that fails."""
    from player.base.errors import ErrorCode, InputError

    if (args.title is not None or args.replace is not None or args.subtitles) and len(args.files) > 1:
        raise InputError(ErrorCode.INPUT_USAGE, "--title, --replace and --subtitles go with one file.")
    if args.series is not None and args.trailer_of is not None:
        raise InputError(ErrorCode.INPUT_USAGE, "A trailer (--trailer-of) is no episode (--series).")
    if args.test_pattern == bool(args.files):
        raise InputError(
            ErrorCode.INPUT_USAGE, "Which file should be published? (Or --test-pattern, without a file.)"
        )
    publisher = load("backend_stub.encoding.cli")
    if args.test_pattern:
        return int(publisher.pattern_command(service_settings(args)))
    pipeline = load("backend_stub.encoding.pipeline")
    code = 0
    for number, file in enumerate(args.files, args.episode):
        options = pipeline.TitleOptions(
            title=args.title,
            synopsis=args.synopsis,
            clear=args.clear or args.no_encrypted,
            encrypted=not args.no_encrypted,
            belonging=_belonging(args, number),
            codecs=tuple(args.codec),
            scheme=args.scheme,
            systems=tuple(args.pssh),
            sidecars=tuple(pipeline.Sidecar(path, language) for language, path in args.subtitles),
            title_id=args.replace,
            replace=args.replace is not None,
        )
        if args.later:
            result = int(publisher.submit_command(service_settings(args), file, options))
        else:
            result = int(publisher.publish_command(service_settings(args), [file], options))
        if result == publisher.INTERRUPTED:
            return result
        code = code or result
    return code


def _belonging(args: argparse.Namespace, number: int) -> object:
    belonging, structure = (
        load("backend_stub.services.title_relations"),
        load("backend_stub.services.title_structure"),
    )
    credits_ = load("backend_stub.services.title_credits")
    people = [credits_.Person(name, job) for job, name in args.credit]
    return belonging.Belonging(
        series=args.series,
        season=args.season,
        number=number,
        trailer_of=args.trailer_of,
        markers=structure.Markers(args.intro, args.credits_from),
        credits=credits_.Credits(args.genre, people) if args.genre or people else None,
    )


def _stretch(text: str) -> tuple[float, float]:
    begin, _, end = text.partition("-")
    try:
        return float(begin), float(end)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form 12.5-40") from None


def _sidecar(text: str) -> tuple[str, str]:
    language, _, path = text.partition(":")
    if not re.fullmatch(r"[a-z]{2,3}", language) or not path:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form en:FILE")
    return language, str(Path(path).absolute())


def _genre(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z-]{0,39}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not of small letters and hyphens")
    return text


def _credit(text: str) -> tuple[str, str]:
    job, _, name = text.partition(":")
    if job not in _JOBS or not name.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form director:Name ({', '.join(_JOBS)})")
    return job, name.strip()
