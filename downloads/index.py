"""The index of all downloads: an SQLite table with a row for each, so that a list need not read every journal.

It is a cache of the journals and nothing more. Each row carries a MAC and the length of the journal it was made from:
a row that was changed, or a file that is damaged, is noticed, told, and made again.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from downloads.ledger import newer
from downloads.model import DownloadSummary, State
from drm_client.sealing import Sealer
from drm_client.vault import says_nothing_of_the_file

if TYPE_CHECKING:
    from sqlite_utils.db import Table

T = TypeVar("T")

_log = logging.getLogger(__name__)

VERSION = 1
_BUSY_S = 10.0
_CONTEXT = "downloads/index"
_TABLE = "downloads"


class Index:
    """See the module. Each call opens the file for itself: nothing is held between calls."""

    def __init__(self, path: Path, sealer: Sealer) -> None:
        self._path = path
        self._sealer = sealer.child("index")
        self._unusable = False
        self.repaired = False
        """Whether damage was found (and mended) since this object was made."""

    def check(self) -> None:
        """Open the file, and make it where it is not. Raises DownloadError ``download.newer`` where a newer program
        wrote it."""
        self._do(lambda table: table.count)

    def get(self, download_id: str, journal_bytes: int) -> DownloadSummary | None:
        """The row of a download, if it is sound and as new as the journal; ``running`` is not in it."""
        row = self._do(lambda table: next(iter(table.rows_where("id = ?", [download_id])), None))
        if row is None or row["journal_bytes"] != journal_bytes:
            return None
        if row["mac"] != self._code(row):
            _log.warning("the index of the downloads was changed; the row of %s is made again", download_id)
            self.repaired = True
            return None
        document = json.loads(row["document"])
        return DownloadSummary(**{**document, "state": State(document["state"])})

    def put(self, snapshot: DownloadSummary, journal_bytes: int) -> None:
        """Write a download's row."""
        document = json.dumps({**asdict(snapshot), "running": False}, sort_keys=True)
        row: dict[str, Any] = {"id": snapshot.id, "journal_bytes": journal_bytes, "document": document}
        row["mac"] = self._code(row)
        self._do(lambda table: table.upsert(row, pk="id"))

    def keep_only(self, ids: Iterable[str]) -> None:
        """Forget every other download."""
        known = frozenset(ids)

        def forget(table: Table) -> None:
            for gone in {row["id"] for row in table.rows} - known:
                table.delete(gone)

        self._do(forget)

    def _do(self, work: Callable[[Table], T]) -> T | None:
        """The result of ``work`` on the table; a damaged file is thrown away and made again first. None where it
        cannot be used now: then the journals are read."""
        try:
            return self._with_table(work)
        except sqlite3.DatabaseError as error:
            if says_nothing_of_the_file(error):
                if not self._unusable:
                    _log.warning("the index of the downloads cannot be used now: %s", error)
                self._unusable = True
                return None
            _log.warning("the index of the downloads is damaged; it is made again from the journals")
            self.repaired = True
        self._path.unlink(missing_ok=True)
        return self._with_table(work)

    def _with_table(self, work: Callable[[Table], T]) -> T:
        from sqlite_utils import Database  # takes a third of a second to load: only who uses the index waits for it

        self._path.touch(mode=0o600)
        connection = sqlite3.connect(self._path, timeout=_BUSY_S)
        try:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > VERSION:
                raise newer()
            table = Database(connection, execute_plugins=False).table(_TABLE)
            if version < VERSION:
                table.drop(ignore=True)
                table.create({"id": str, "journal_bytes": int, "document": str, "mac": str}, pk="id")
                connection.execute(f"PRAGMA user_version = {VERSION}")
            result = work(table)
            connection.commit()
            return result
        finally:
            connection.close()

    def _code(self, row: dict[str, Any]) -> str:
        data = json.dumps([row["id"], row["journal_bytes"], row["document"]]).encode()
        return self._sealer.mac(data, _CONTEXT).hex()
