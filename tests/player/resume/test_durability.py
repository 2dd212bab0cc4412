"""A position that was kept is not lost with the power."""

from __future__ import annotations

from pathlib import Path

from player.resume.journal import ProgressJournal, Watched

_FULL = 2


def test_a_position_is_on_the_disk_when_it_was_kept(tmp_path: Path) -> None:
    """In WAL mode a commit waits for the disk at this level alone (SQLite, "PRAGMA synchronous")."""
    journal = ProgressJournal(tmp_path / "resume.db")
    journal.put(Watched("account", "film", "e1", 10.0, 100.0, "device", "boot", 1.0, 2.0))
    connection = journal._connection
    assert connection is not None
    assert connection.execute("pragma journal_mode").fetchone()[0] == "wal"
    assert connection.execute("pragma synchronous").fetchone()[0] == _FULL
    journal.close()
