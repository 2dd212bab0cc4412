"""The search index: an SQLite file of its own (FTS5), made from the catalogue and made again when it is lost.

``films`` finds words and beginnings of words, and ``names`` those of titles alone: to look for these in ``films``
took ten times as long. What a misspelt word may have meant is found among the words of all films, which are kept in
memory.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from backend_stub.services.vocabulary import Near, Vocabulary

_MAX_WORDS = 10
_MAX_WORD = 40
_NEAR = 3  # how many words stand in for a misspelt one
ANY_YEAR = (0, 9999)
_MOST_RANKED = 3000
# As they are written, and with the beginnings of words that are found as fast as words.
_READ = "tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3 4 5 6'"
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE VIRTUAL TABLE IF NOT EXISTS films USING fts5(title, synopsis, {_READ});
CREATE VIRTUAL TABLE IF NOT EXISTS names USING fts5(title, {_READ});
CREATE TABLE IF NOT EXISTS places (place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, year INTEGER NOT NULL);
CREATE VIRTUAL TABLE IF NOT EXISTS vocabulary USING fts5vocab(films, 'row');
INSERT INTO films(films, rank) VALUES('rank', 'bm25(10.0, 1.0)'); -- what a word counts for in title and synopsis
"""


@dataclass(frozen=True, slots=True)
class SearchDocument:
    """What is searched of one title."""

    id: str
    title: str
    synopsis: str
    year: int


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed, and for each of its words those that may stand for it, the nearest first."""

    typed: Sequence[str]
    words: Sequence[Sequence[Near]]

    @property
    def corrected(self) -> str | None:
        """The query as it is answered, when that is not what was typed."""
        changed = any(near and near[0].text != word for near, word in zip(self.words, self.typed, strict=True))
        return " ".join(near[0].text for near in self.words if near) if changed else None

    @property
    def match(self) -> str:
        """As FTS5 reads it: all words."""
        return " AND ".join("(" + " OR ".join(_term(near) for near in words) + ")" for words in self.words)

    def only(self, may_stand: Callable[[Near], bool]) -> Query:
        """The nearest few that may stand for a word that is none."""

        def kept(word: str, near: Sequence[Near]) -> Sequence[Near]:
            if not near or near[0].text == word:
                return near
            return list(islice(filter(may_stand, near), _NEAR))

        return Query(self.typed, [kept(word, near) for word, near in zip(self.typed, self.words, strict=True)])


class SearchIndex:
    """Thread-safe; a damaged file is replaced by an empty index."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._vocabulary: tuple[str, Vocabulary] | None = None

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = self._vocabulary = None

    def stamp(self) -> str:
        """Which state of the catalogue this is; empty for none."""
        with self._lock:
            row = self._open().execute("SELECT value FROM state WHERE key = 'stamp'").fetchone()
        return str(row[0]) if row else ""

    def ids(self) -> set[str]:
        with self._lock:
            return {row[0] for row in self._open().execute("SELECT id FROM places")}

    def count(self) -> int:
        """How many titles are in it."""
        with self._lock:
            ((count,),) = self._open().execute("SELECT count(*) FROM places")
        return int(count)

    def update(self, added: Iterable[SearchDocument], removed: Iterable[str], stamp: str) -> None:
        """Bring the index to another state of the catalogue, in one transaction."""
        with self._lock, self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            for title_id in removed:
                _remove(connection, title_id)
            for one in added:
                _remove(connection, one.id)  # another process over this folder may have been faster
                place_of = connection.execute(
                    "INSERT INTO films (title, synopsis) VALUES (?, ?)", (one.title, one.synopsis)
                ).lastrowid
                connection.execute("INSERT INTO names (rowid, title) VALUES (?, ?)", (place_of, one.title))
                connection.execute("INSERT INTO places VALUES (?, ?, ?)", (place_of, one.id, one.year))
            connection.execute("INSERT OR REPLACE INTO state VALUES ('stamp', ?)", (stamp,))

    def understand(self, text: str, most: int = _NEAR) -> Query:
        """The query for a text as people type it; a word that occurs nowhere is replaced by ``most`` near ones that
        do."""
        typed = words_of(text)
        with self._lock:
            return Query(typed, [self._standing_for(word, most) for word in typed])

    def find(self, query: Query, limit: int, offset: int = 0, years: tuple[int, int] = ANY_YEAR) -> list[str]:
        """The ids of titles that have every word: those that have them all in their name, then the others, each best
        first. Where very many have them, the newest go first: ranking takes time for each, and tells little of words
        that nearly all have."""
        if not query.words or not all(query.words):
            return []
        wanted = offset + limit
        with self._lock:
            named = self._best("names", query.match, wanted, years)
            if len(named) < wanted:
                there = set(named)
                others = self._best("films", query.match, wanted + len(named), years)
                named += [title_id for title_id in others if title_id not in there]
        return named[offset:wanted]

    def _best(self, table: str, match: str, limit: int, years: tuple[int, int]) -> list[str]:
        """The ids of the best that match: by rank, or of very many the newest."""
        matching = f"FROM {table} WHERE {table} MATCH ?"
        count = f"SELECT count(*) FROM (SELECT 1 {matching} LIMIT ?)"  # noqa: S608 - the names of tables are ours
        ((many,),) = self._open().execute(count, (match, _MOST_RANKED + 1))
        order = f"{table}.rowid DESC" if many > _MOST_RANKED else "rank"
        found = self._open().execute(
            f"SELECT id FROM {table} CROSS JOIN places ON place = {table}.rowid "  # noqa: S608
            f"WHERE {table} MATCH ? AND year BETWEEN ? AND ? ORDER BY {order} LIMIT ?",
            (match, *years, limit),
        )
        return [row[0] for row in found]

    def _standing_for(self, word: str, most: int) -> list[Near]:
        as_typed = Near(word, begun=True)
        found = self._open().execute("SELECT 1 FROM films WHERE films MATCH ? LIMIT 1", (_term(as_typed),))
        return [as_typed] if found.fetchone() else self._words().near(word, most)

    def read_words(self) -> None:
        """Make ready what a misspelt word is compared with: nobody has to wait for it then."""
        with self._lock:
            self._words()

    def _words(self) -> Vocabulary:
        """The words of this state of the catalogue."""
        stamp = self.stamp()
        if self._vocabulary is None or self._vocabulary[0] != stamp:
            self._vocabulary = stamp, Vocabulary(self._open().execute("SELECT term, doc FROM vocabulary"))
        return self._vocabulary[1]

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            try:
                self._connection = _connect(self._path)
            except sqlite3.DatabaseError:
                for end in ("", "-wal", "-shm"):  # it can be made again
                    self._path.with_name(self._path.name + end).unlink(missing_ok=True)
                self._path.touch(0o600)
                self._connection = _connect(self._path)
        return self._connection


def _remove(connection: sqlite3.Connection, title_id: str) -> None:
    for place in connection.execute("SELECT place FROM places WHERE id = ?", (title_id,)).fetchall():
        connection.execute("DELETE FROM films WHERE rowid = ?", place)
        connection.execute("DELETE FROM names WHERE rowid = ?", place)
        connection.execute("DELETE FROM places WHERE place = ?", place)


def words_of(text: str) -> list[str]:
    return [word[:_MAX_WORD] for word in re.findall(r"\w+", text.casefold())[:_MAX_WORDS]]


def _term(near: Near) -> str:
    return f'"{near.text}"*' if near.begun else f'"{near.text}"'


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=15, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        if "films" in tables and "names" not in tables:
            raise sqlite3.DatabaseError("an earlier version made this")
        connection.executescript(_SCHEMA)
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection
