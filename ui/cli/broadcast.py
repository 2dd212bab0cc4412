"""``matinee broadcast``: a live channel of the bundled service, made while it is watched."""

from __future__ import annotations

import argparse
from pathlib import Path

from ui.cli.backend import add_data_argument, load, read_text, service_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee broadcast --help``."""
    parser.add_argument(
        "input",
        metavar="INPUT",
        help="test (a moving picture with a clock, a tone at each second), a file, a camera (/dev/video0), "
        "or an address to listen on: rtmp://0.0.0.0:1935/live, srt://0.0.0.0:9000",
    )
    parser.add_argument("--title", default="", help="the channel's name (default: from the input's name)")
    parser.add_argument("--id", default="", metavar="ID", help="its id; a channel of this id is continued")
    parser.add_argument(
        "--rungs",
        type=_heights,
        default=(240, 480, 720),
        metavar="240,480",
        help="heights of the pictures (default: 240,480,720)",
    )
    parser.add_argument("--fps", type=int, default=30, choices=(24, 25, 30, 50, 60), help="frames per second")
    parser.add_argument(
        "--window", type=float, default=3600.0, metavar="S", help="how far back viewers can go (0: to the start)"
    )
    parser.add_argument("--once", action="store_true", help="a file is played once, and ends the event")
    parser.add_argument("--for", dest="for_s", type=float, metavar="S", help="the event ends after so many seconds")
    parser.add_argument("--no-audio", action="store_true", help="the input has no audio")
    parser.add_argument("--encrypt", type=float, metavar="S", help="encrypt (cbcs), by new keys after each S seconds")
    parser.add_argument(
        "--guide", type=Path, metavar="FILE", help="programmes: JSON, a list of {title, starts_at, ends_at, record}"
    )
    add_data_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Broadcast until Ctrl-C, which ends the event; after SIGTERM the next call goes on with it."""
    from player.base.errors import ErrorCode, InputError

    guide = read_text(args.guide)
    encoder = load("backend_stub.broadcaster.encoder")
    try:
        programmes = load("backend_stub.broadcast.guide").read_programmes(guide) if guide is not None else ()
    except ValueError as error:
        raise InputError(ErrorCode.INPUT_FILE, str(error)) from error
    broadcast = load("backend_stub.broadcaster.cli")
    options = broadcast.BroadcastOptions(
        source=encoder.EncoderInput(args.input, once=args.once, audio=not args.no_audio),
        title=args.title,
        title_id=args.id,
        heights=args.rungs,
        fps=args.fps,
        window_s=max(0.0, args.window),
        for_s=args.for_s,
        programmes=programmes,
        keys_s=args.encrypt,
    )
    return int(broadcast.broadcast_command(service_settings(args), options))


def _heights(text: str) -> tuple[int, ...]:
    try:
        found = tuple(sorted({int(word) for word in text.split(",")}))
    except ValueError:
        found = ()
    if not found or any(not 90 <= height <= 2160 or height % 2 for height in found):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form 240,480 (even, 90 to 2160)")
    return found
