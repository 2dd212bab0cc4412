"""The provisioning file: everything that one screen is told, as TOML. Mistakes are named with their lines.

The format has a number of its own; a file of a newer one is refused rather than half understood.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from player.base.errors import ErrorCode, InputError
from player.net.web_options import WebOptions
from ui.kiosk.operator import is_code_record
from ui.kiosk.schedule import DAYS, Hours, PlayTime
from ui.kiosk.toml_tables import Table, TableError

FORMAT = 1
_MAX_BYTES = 256 * 1024
_MAX_ENTRIES = 500
_HOST = re.compile(r"(\*\.)?[A-Za-z0-9.-]{1,253}")
_MAX_WORDS = 32
LIVE = "live"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class Orientation(StrEnum):
    """How the screen hangs; the picture is turned against it."""

    LANDSCAPE = "landscape"
    PORTRAIT = "portrait"
    LANDSCAPE_FLIPPED = "landscape-flipped"
    PORTRAIT_FLIPPED = "portrait-flipped"

    @property
    def degrees(self) -> int:
        """Clockwise rotation of the picture."""
        return {"landscape": 0, "portrait": 90, "landscape-flipped": 180, "portrait-flipped": 270}[self.value]


@dataclass(frozen=True, slots=True)
class PlaylistEntry:
    """One line of the playlist: a title of the service or an address. ``variant`` is as in
    :class:`player.title.opening.PlaybackSource`. ``max_height`` and ``max_bps`` cap what Auto
    takes, ``loops`` is how often it plays in a row, ``play_s`` ends each playing after so many seconds (0: at its
    end). ``keep``: the title is downloaded ahead of need and played from this machine."""

    name: str
    url: str = field(default="", repr=False)
    title: str = ""
    variant: str = ""
    slot: PlayTime = field(default_factory=PlayTime)
    loops: int = 1
    play_s: float = 0.0
    max_height: int = 0
    max_bps: int = 0
    keep: bool = False


@dataclass(frozen=True, slots=True)
class NetworkRules:
    """What the screen may do on the network. ``hosts`` may be contacted (``*.example.org`` includes all below; empty
    means all). ``ca_file`` adds certificate authorities. ``max_bps`` limits all transfers together (bit/s; 0: no
    limit)."""

    hosts: tuple[str, ...] = ()
    ca_file: Path | None = None
    max_bps: int = 0

    def allows(self, host: str) -> bool:
        """Whether a host may be asked."""
        return self.web.allows(host)

    @property
    def web(self) -> WebOptions:
        """What the network layer holds to."""
        return WebOptions(hosts=self.hosts)


@dataclass(frozen=True, slots=True)
class Provisioning:
    """A whole file. Sizes are bytes; ``volume`` is per cent; ``health_port`` 0 means no endpoint. ``switch_on`` and
    ``switch_off`` are commands for the screen's power, in words; ``operator_code`` is a record of
    :mod:`ui.kiosk.operator`, empty where there is no way in. ``remote_commands``: what the service's operator says is
    done."""

    name: str
    entries: tuple[PlaylistEntry, ...]
    service_url: str | None = None
    remote_commands: bool = True
    orientation: Orientation = Orientation.LANDSCAPE
    volume: int = 100
    screen_on: Hours | None = None
    switch_on: tuple[str, ...] = ()
    switch_off: tuple[str, ...] = ()
    operator_code: str = field(default="", repr=False)
    network: NetworkRules = NetworkRules()
    logs_bytes: int = 20_000_000
    kept_bytes: int = 20_000_000_000
    memory_bytes: int = 1_500_000_000
    health_port: int = 9464


def load(path: Path) -> Provisioning:
    """Read a file. Raises InputError ``input.file`` with the line of the first mistake."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise InputError(ErrorCode.INPUT_FILE, f"{path.name} is longer than {_MAX_BYTES // 1024} KiB.")
        text = data.decode("utf-8-sig")  # some editors mark what they write
    except OSError as error:
        raise InputError(ErrorCode.INPUT_FILE, f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        raise InputError(ErrorCode.INPUT_FILE, f"{path.name} is not UTF-8 text.") from None
    try:
        return parse(text)
    except TableError as mistake:
        raise InputError(ErrorCode.INPUT_FILE, f"{path.name}, {mistake}", line=mistake.line) from None


def parse(text: str) -> Provisioning:
    """A provisioning out of text. Raises
    :class:`ui.kiosk.toml_tables.TableError`."""
    top = _top(text)
    _check_format(top)
    screen, operator = top.table("screen"), top.table("operator")
    limits, health = top.table("limits"), top.table("health")
    service, network = top.table("service"), top.table("network")
    orientation = screen.choice("orientation", [str(each) for each in Orientation], "landscape")
    provisioning = Provisioning(
        name=top.text("name", "kiosk", most=64),
        entries=tuple(_entry(table) for table in top.tables("entry", _MAX_ENTRIES)),
        service_url=_web_address(service, "url") or None,
        remote_commands=service.flag("remote_commands", default=True),
        orientation=Orientation(orientation),
        volume=screen.whole("volume", 100, 0, 100),
        screen_on=_hours(screen, "on"),
        switch_on=_words(screen, "switch_on"),
        switch_off=_words(screen, "switch_off"),
        operator_code=_code(operator),
        network=_network(network),
        logs_bytes=limits.whole("logs_mb", 20, 1, 10_000) * 1_000_000,
        kept_bytes=limits.whole("kept_mb", 20_000, 10, 10_000_000) * 1_000_000,
        memory_bytes=limits.whole("memory_mb", 1500, 200, 100_000) * 1_000_000,
        health_port=health.whole("port", 9464, 0, 65535),
    )
    for table in (screen, operator, limits, health, service, network, top):
        table.refuse_the_rest()
    _check_whole(provisioning, top.last_line)
    return provisioning


def with_playlist(provisioning: Provisioning, text: str) -> Provisioning:
    """The same with the entries of ``text``, which has nothing else. Raises
    :class:`ui.kiosk.toml_tables.TableError`."""
    top = _top(text)
    changed = replace(provisioning, entries=tuple(_entry(table) for table in top.tables("entry", _MAX_ENTRIES)))
    top.refuse_the_rest()
    _check_whole(changed, top.last_line)
    return changed


def _top(text: str) -> Table:
    try:
        return Table(text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        raise TableError(line, f"this is not TOML ({str(error).split(' (at')[0]})") from None
    except ValueError:  # Python reads no more than some thousand digits, which TOML does not say
        raise TableError(1, "there is a number with too many digits") from None
    except RecursionError:
        raise TableError(1, "this is nested too deeply") from None


def _check_whole(provisioning: Provisioning, last_line: int) -> None:
    if not provisioning.entries:
        raise TableError(last_line, "there is no [[entry]], so nothing would be played")
    titles = [entry for entry in provisioning.entries if entry.title]
    if titles and provisioning.service_url is None:
        raise TableError(last_line, f"the title {titles[0].title} needs the url of a [service]")
    for url in (provisioning.service_url or "", *(entry.url for entry in provisioning.entries)):
        host = urlsplit(url).hostname
        if host and not provisioning.network.allows(host):
            raise TableError(last_line, f"the hosts of [network] leave out {host}, which is needed")


def _check_format(top: Table) -> None:
    number = top.whole("format", 0, 0, 1_000_000)
    if number > FORMAT:
        raise TableError(
            top.line("format"),
            f"this file has format {number}, and this program knows up to {FORMAT}: please update the program. "
            "Nothing was changed",
        )
    if number < 1:
        raise TableError(top.line("format"), f"the first line must be: format = {FORMAT}")


def _entry(table: Table) -> PlaylistEntry:
    url, title = _web_address(table, "url"), table.text("title", "", most=128)
    if bool(url) == bool(title):
        raise TableError(table.first_line, "an entry names either a title or a url")
    if title and not _ID.fullmatch(title):
        raise TableError(table.line("title"), "title must be the id of a title: letters, digits, dots and dashes")
    entry = PlaylistEntry(
        name=table.text("name", title or urlsplit(url).hostname or "Stream", most=128),
        url=url,
        title=title,
        variant=table.choice("variant", ["encrypted", "clear", LIVE], ""),
        slot=PlayTime(frozenset(table.choices("days", DAYS)), _hours(table, "hours")),
        loops=table.whole("loops", 1, 1, 1000),
        play_s=table.number("minutes", 0.0, 0.0, 7 * 24 * 60) * 60,
        max_height=table.whole("max_height", 0, 0, 16_384),
        max_bps=table.whole("max_kbps", 0, 0, 1_000_000) * 1000,
        keep=table.flag("keep", default=False),
    )
    if entry.keep and (not title or entry.variant == LIVE):
        raise TableError(table.line("keep"), "keep is for titles of the service that have an end")
    table.refuse_the_rest()
    return entry


def _network(table: Table) -> NetworkRules:
    hosts = table.texts("hosts", 200)
    for host in hosts:
        if not _HOST.fullmatch(host):
            raise TableError(table.line("hosts"), f"{host!r:.40} is not the name of a host, nor *. before one")
    ca_file = table.text("ca_file", "", most=4096)
    return NetworkRules(
        tuple(host.lower() for host in hosts),
        Path(ca_file) if ca_file else None,
        table.whole("max_kbps", 0, 0, 10_000_000) * 1000,
    )


def _words(table: Table, key: str) -> tuple[str, ...]:
    words = tuple(table.texts(key, _MAX_WORDS))
    if words and not Path(words[0]).is_absolute():
        raise TableError(table.line(key), f"{key} must begin with the whole path of a program")
    return words


def _hours(table: Table, key: str) -> Hours | None:
    value = table.take(key)
    if value is None:
        return None
    if not isinstance(value, Mapping) or set(value) != {"from", "to"}:
        raise TableError(table.line(key), f'{key} must be {{ from = "HH:MM", to = "HH:MM" }}')
    try:
        return Hours.parse(str(value["from"]), str(value["to"]))
    except ValueError as error:
        raise TableError(table.line(key), f"{key}: {error}") from None


def _web_address(table: Table, key: str) -> str:
    url = table.text(key, "", most=4096)
    try:
        parts = urlsplit(url)
        good = not url or (parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0)
    except ValueError:  # also for a port that is none
        good = False
    if not good:
        raise TableError(table.line(key), f"{key} must be an address that begins with http:// or https://")
    return url


def _code(operator: Table) -> str:
    record = operator.text("code", "", most=200)
    if record and not is_code_record(record):
        raise TableError(operator.line("code"), "code must be what this prints: matinee kiosk --new-code")
    return record
