"""``matinee download``: titles kept on this machine, for watching without a network."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from ui.cli.options import (
    add_ca_file_argument,
    add_service_arguments,
    add_store_arguments,
    parsed_bytes,
    positive,
    whole_number,
)

_NAMED = {
    "SOURCE": "a title's id, or the address of a manifest",
    "SERIES": "a series' id",
    "ID": "of a download, as matinee download list has it",
    "FOLDER": "where it is to lie",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee download --help``."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    common = argparse.ArgumentParser(add_help=False)
    add_service_arguments(common)
    add_store_arguments(common)
    common.add_argument("--json", action="store_true", help="print one JSON document on stdout and nothing else")
    add_ca_file_argument(common)

    def action(name: str, text: str, *names: str, several: bool = False) -> argparse.ArgumentParser:
        made = actions.add_parser(name, help=text, description=text, parents=[common])
        for word in names:
            of = "downloads" if several else word.lower()
            made.add_argument(of, metavar=word, nargs="*" if several else None, help=_NAMED[word])
        return made

    for name, text in (("add", "download a title or an address"), ("estimate", "say how large a download would be")):
        made = action(name, text, "SOURCE")
        _add_choice(made)
        if name == "add":
            _add_running(made)
            _add_owner(made)
            made.add_argument("--later", action="store_true", help="only put it into the queue")
            made.add_argument("--priority", type=int, default=0, metavar="N", help="a greater one goes first")
            made.add_argument("--key", action="append", default=[], metavar="KID:KEY", help="a known key, in hex")
            made.add_argument(
                "--licence-url", metavar="URL", help="a ClearKey server that permits keeping its licence"
            )
    action("list", "what is there, and how far it has come").add_argument(
        "--rebuild", action="store_true", help="make the index again from the journals"
    )
    limit = action("limit", "say, or set, how much downloads may take together, or for one profile")
    limit.add_argument("size", metavar="SIZE", nargs="?", help="such as 20G, or none")
    limit.add_argument("--for", dest="owner", metavar="PROFILE", default="", help="the limit of this profile")
    season = action("season", "download a season, or the next episodes of a series", "SERIES")
    season.add_argument("--season", type=whole_number, metavar="N", help="this one (default: where you are)")
    season.add_argument("--next", type=_some, metavar="N", help="only the next N episodes that were not watched")
    season.add_argument("--later", action="store_true", help="only put them into the queue")
    _add_choice(season)
    _add_owner(season)
    _add_running(season)
    action("pause", "hold downloads", "ID", several=True)
    _add_running(action("resume", "go on with downloads, or with all that wait", "ID", several=True))
    action("cancel", "give up a download and delete what is there of it", "ID")
    action("verify", "read everything and name what is damaged", "ID")
    _add_running(action("repair", "fetch again what is damaged, and only that", "ID"))
    renew = action("renew", "renew licences without a new download", "ID", several=True)
    renew.add_argument("--all", action="store_true", help="every licence on this device, before a trip")
    action("remove", "delete a download and give its licence back", "ID")
    action("move", "move a download to another folder or disk", "ID", "FOLDER")
    _add_smart(action("smart", "download the next episodes of a series, remove the watched ones"))
    rights = action("simulate-rights", "say what a licence will permit, and when", "ID")
    rights.add_argument("--at", action="append", default=[], type=_time, metavar="TIME", help="ISO 8601, or +HOURS")
    rights.add_argument("--play-at", type=_time, metavar="TIME", help="suppose that it is first played then")
    priority = action("priority", "change a download's place in the queue", "ID")
    priority.add_argument("value", type=int, metavar="N", help="a greater one goes first")


def run(args: argparse.Namespace) -> int:
    """Carry out one action."""
    from ui.cli import download_actions as actions
    from ui.cli import download_limit as storage
    from ui.cli import download_rights as rights
    from ui.cli import download_season as season
    from ui.cli import download_smart as smart

    handlers: dict[str, Callable[[argparse.Namespace], int]] = {
        "add": actions.add,
        "estimate": actions.estimate,
        "list": actions.list_,
        "pause": actions.pause,
        "resume": actions.resume,
        "cancel": actions.cancel,
        "verify": actions.verify,
        "repair": actions.repair,
        "move": actions.move,
        "priority": actions.priority,
        "remove": rights.remove,
        "renew": rights.renew,
        "simulate-rights": rights.simulate,
        "smart": smart.keep_up,
        "season": season.add,
        "limit": storage.limit,
    }
    return handlers[args.action](args)


def _add_choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--height", type=whole_number, metavar="LINES", help="at most so many lines")
    parser.add_argument("--max-size", type=parsed_bytes, metavar="BYTES", help="at most so large (500M, 2G)")
    parser.add_argument("--audio", action="append", default=[], metavar="LANG", help="an audio language, or all")
    parser.add_argument("--subtitles", action="append", default=[], metavar="LANG", help="subtitles, or all")
    parser.add_argument("--thumbnails", action="store_true", help="with the pictures for seeking")
    parser.add_argument("--variant", default="encrypted", choices=["encrypted", "clear"], help="of a title")


def _add_owner(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--for", dest="owner", metavar="PROFILE", default="", help="counts to this profile's limit")


def _add_smart(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("episodes", nargs="*", metavar="EPISODE", help="titles of the service, in their order")
    parser.add_argument("--series", metavar="ID", help="the episodes of this series")
    parser.add_argument("--ahead", type=whole_number, default=1, metavar="N", help="so many episodes (default 1)")
    parser.add_argument("--room", type=parsed_bytes, metavar="BYTES", help="all that this makes together (500M, 2G)")
    parser.add_argument("--keep-watched", action="store_true", help="remove nothing")
    parser.add_argument("--later", action="store_true", help="only put them into the queue")
    _add_choice(parser)
    _add_running(parser)


def _add_running(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--parallel", type=_some, default=4, metavar="N", help="transfers at once (default 4)")
    parser.add_argument("--titles", type=_some, default=1, metavar="N", help="downloads at once (default 1)")
    parser.add_argument("--limit", type=positive, metavar="MBIT", help="at most so many Mbit/s")
    parser.add_argument("--window", type=_window, metavar="HH:MM-HH:MM", help="only at this time of the day")
    parser.add_argument(
        "--metered", default="wait", choices=["wait", "allow"], help="on a network that is paid by volume"
    )
    parser.add_argument("--despite-playback", action="store_true", help="do not wait while something is playing")
    parser.add_argument("--faults", type=Path, metavar="FILE", help="inject faults (docs/faults.md)")


def _some(text: str) -> int:
    value = whole_number(text)
    if not 1 <= value <= 16:
        raise argparse.ArgumentTypeError("between 1 and 16")
    return value


def _window(text: str) -> tuple[int, int]:
    """Two minutes of the day."""
    try:
        first, last = (datetime.strptime(part, "%H:%M") for part in text.split("-"))  # noqa: DTZ007 (a time of day)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not like 01:00-06:30") from None
    return first.hour * 60 + first.minute, last.hour * 60 + last.minute


def _time(text: str) -> float | str:
    """Seconds since 1970; ``+HOURS`` stays a text, since only trusted time says from when."""
    if text.startswith("+"):
        return f"+{positive(text[1:])}"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no ISO 8601 time, nor +HOURS") from None
    return (moment if moment.tzinfo else moment.astimezone()).timestamp()
