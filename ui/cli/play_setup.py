"""What a playback by the command line is made of: the engine, its settings, the sign-in, keys, local files."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ui.app.system.links import chosen_file
from ui.cli.options import profile_folder
from ui.cli.web_options import cmcd_of, web_of

if TYPE_CHECKING:
    from player.engine import Engine, EngineSettings
    from player.playback.settings import PlaybackSettings
    from player.qa.recording.recorder import SessionRecorder


def playback_settings(args: argparse.Namespace) -> PlaybackSettings:
    """The playback as the command line wants it."""
    from abr.registry import DEFAULT, names
    from player.base.errors import ErrorCode, InputError
    from player.playback.settings import PlaybackSettings

    if args.policy is not None and args.policy not in names():
        known = ", ".join(names())
        raise InputError(ErrorCode.INPUT_USAGE, f"No policy is called {args.policy!r}; there are {known}.")
    return PlaybackSettings(
        policy=args.policy or DEFAULT,
        buffer_s=args.buffer,
        replace_buffered=args.replace_buffered,
        rung=args.rung,
        max_bps=args.max_bitrate,
        max_height=args.max_height,
        metered=args.metered,
        start_s=args.start,
        play_for_s=args.duration,
        seed=args.seed,
        cmcd=cmcd_of(args),
    )


def engine_settings(args: argparse.Namespace, tape: SessionRecorder | None = None) -> EngineSettings:
    """The engine as the command line wants it: profile, service, shaped link, faults; ``tape`` records it."""
    from player.engine import EngineSettings

    wrap: list[Callable[[Any, Any], Any]] = []
    if getattr(args, "trace", None) is not None:
        from player.net.shaping import ShapedTransport, load_trace

        trace = load_trace(args.trace)
        wrap.append(lambda transport, clock: ShapedTransport(transport, clock, trace))
    if getattr(args, "faults", None) is not None:
        from player.net.faults import FaultyTransport, load_faults

        plan = load_faults(args.faults)
        wrap.append(lambda transport, clock: FaultyTransport(transport, clock, plan))
    if tape is not None:
        wrap.append(tape.wrap)
    return EngineSettings(
        profile=profile_folder(args),
        service_url=args.service,
        key_store=args.key_store,
        ca_file=getattr(args, "ca_file", None),
        web=web_of(args),
        local_folder=local_folder(args.source),
        wrap=tuple(wrap),
        schemes=getattr(args, "schemes", {}),
    )


def sign_in(engine: Engine, args: argparse.Namespace, *, needed: bool = True) -> None:
    """Sign in when an account is given; the password comes from the environment, never from the arguments.

    Raises InputError if it is missing. If ``needed``, also raises NetError without a network, and DrmError if the
    sign-in cannot be stored. Otherwise these are reported, and playback goes on without a sign-in.
    """
    from drm_client.errors import DrmError
    from player.base.errors import ErrorCode, InputError, NetError

    if args.email is None or engine.service is None:
        return
    password = os.environ.get("MATINEE_PASSWORD")
    if not password:
        raise InputError(ErrorCode.INPUT_USAGE, "--email needs the account's password: set MATINEE_PASSWORD.")
    try:
        engine.submit(engine.service.login(args.email, password)).result()
    except (NetError, DrmError) as error:
        if needed:
            raise
        print(f"matinee: not signed in: {error.sentence}", file=sys.stderr)


def local_folder(where: str) -> Path | None:
    """The folder of a local manifest."""
    path = local_file(where)
    return None if path is None else path.parent


def local_file(where: str) -> Path | None:
    """The file that a ``file:`` address names, whether it is there or not, or a path that leads to one; None for an
    address of the web and for a title. Looks where links lead."""
    if "://" in where:
        path = chosen_file(where) if where.casefold().startswith("file:") else None
    else:
        path = Path(where) if Path(where).is_file() else None
    return None if path is None else path.resolve()


def no_file(path: Path) -> str:
    """The sentence for a place that no file can be played from."""
    if path.exists():
        return f"{path} is a pipe or a device, not a file that can be played."
    return f"There is no file {path}."


def known_key(text: str) -> tuple[bytes, bytes]:
    """A ``KID:KEY`` of the command line. Raises InputError without repeating the key."""
    from player.base.errors import ErrorCode, InputError

    kid, _, key = text.partition(":")
    try:
        pair = bytes.fromhex(kid.replace("-", "")), bytes.fromhex(key)
    except ValueError:
        pair = b"", b""
    if len(pair[0]) != 16 or len(pair[1]) != 16:
        raise InputError(ErrorCode.INPUT_USAGE, "--key takes KID:KEY, each of 32 hexadecimal digits.")
    return pair
