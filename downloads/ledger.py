"""What the records of a journal add up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from downloads.errors import DownloadError
from downloads.journal import Body, Record
from downloads.model import State, Stored
from player.base.errors import ErrorCode

FORMAT = 2
"""The format of a download's folder. A folder of a newer one is refused and left alone, one of an older one stays as
it is. Of what lies there as it arrived, format 1 has SHA-256 hashes, format 2 codes made with the store's key."""


@dataclass(slots=True)
class Ledger:
    """The present state of a download. Built by :meth:`apply` from the first record on."""

    format: int = 0
    name: str = ""
    title_id: str = ""
    created_at: float = 0.0
    plan_sha256: str = ""
    items: int = 0
    size: int = 0
    duration_s: float = 0.0
    stored: dict[int, Stored] = field(default_factory=dict)
    missing: set[int] = field(default_factory=set)
    state: State = State.QUEUED
    priority: int = 0
    code: str = ""
    sentence: str = ""
    fetched: int = 0  # bytes of the items that are kept, as they were fetched

    @property
    def left(self) -> int:
        """Items that are neither kept nor known to be missing everywhere."""
        return self.items - len(self.stored) - len(self.missing)

    def apply(self, records: Iterable[Record]) -> None:
        """Take further records in. Raises DownloadError ``download.newer`` for one of a later format."""
        for record in records:
            self._apply(record.type, record.body)

    def _apply(self, type_: str, body: Mapping[str, Any]) -> None:
        match type_:
            case "begin":
                self._begin(body)
            case "plan":
                self.plan_sha256, self.items = body["sha256"], body["items"]
                self.size, self.duration_s = body["size"], body["duration_s"]
            case "item":
                self._drop(body["item"])
                self.stored[body["item"]] = Stored(body["length"], body["digest"], body["fetched"])
                self.fetched += body["fetched"]
            case "missing":
                self.missing.add(body["item"])
            case "drop":
                self._drop(body["item"])
            case "unplanned":
                self.plan_sha256, self.items, self.size = "", 0, 0
                self.stored.clear()
                self.missing.clear()
                self.fetched = 0
            case "state":
                self.state = State(body["state"])
                self.code, self.sentence = body.get("code", ""), body.get("sentence", "")
            case "name":
                self.name = body["name"]
            case "priority":
                self.priority = body["priority"]
            case _:
                raise newer()

    def _drop(self, item: int) -> None:
        old = self.stored.pop(item, None)
        self.fetched -= old.fetched if old is not None else 0
        self.missing.discard(item)

    def _begin(self, body: Mapping[str, Any]) -> None:
        self.format = body["format"]
        if self.format > FORMAT:
            raise newer()
        self.name, self.title_id, self.created_at = body["name"], body["title_id"], body["created_at"]
        self.priority = body["priority"]


def newer() -> DownloadError:
    return DownloadError(
        ErrorCode.DOWNLOAD_NEWER,
        "These downloads were written by a newer version of this program; please update it. Nothing was changed.",
    )


def begin(name: str, title_id: str, created_at: float, priority: int) -> tuple[str, Body]:
    """The first record of every journal."""
    body = {"format": FORMAT, "name": name, "title_id": title_id, "created_at": created_at, "priority": priority}
    return "begin", body


def planned(sha256: str, items: int, size: int, duration_s: float) -> tuple[str, Body]:
    """The plan is on the disk."""
    return "plan", {"sha256": sha256, "items": items, "size": size, "duration_s": duration_s}


def unplanned() -> tuple[str, Body]:
    """The plan is lost, and with it what every item was."""
    return "unplanned", {}


def kept(item: int, stored: Stored) -> tuple[str, Body]:
    """An item is on the disk, whole."""
    return "item", {"item": item, "length": stored.length, "digest": stored.digest, "fetched": stored.fetched}


def lacking(item: int) -> tuple[str, Body]:
    """No server has this item."""
    return "missing", {"item": item}


def dropped(item: int) -> tuple[str, Body]:
    """An item was found damaged; it is to be fetched again."""
    return "drop", {"item": item}


def changed(state: State, code: str = "", sentence: str = "") -> tuple[str, Body]:
    """The download's state, with the reason where it failed."""
    return "state", {"state": str(state), "code": code, "sentence": sentence}


def named(name: str) -> tuple[str, Body]:
    """What the title is called, once the service has said it."""
    return "name", {"name": name}


def urgency(priority: int) -> tuple[str, Body]:
    """A greater priority goes first."""
    return "priority", {"priority": priority}
