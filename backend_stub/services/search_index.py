"""The search index: an SQLite file of its own (FTS5), made from the catalogue and made again when it is lost.

``films`` finds words and beginnings of words; ``words`` holds every word that occurs, cut into trigrams, and finds
those that are near a misspelt one.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

_MAX_WORDS = 10
_MAX_WORD = 40
_NEAR = 3  # how many words stand in for a misspelt one
_CANDIDATES = 60
_TITLE_WEIGHT, _SYNOPSIS_WEIGHT = 10.0, 1.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE VIRTUAL TABLE IF NOT EXISTS films USING fts5(
    title, synopsis, id UNINDEXED, year UNINDEXED, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3');
CREATE TABLE IF NOT EXISTS places (id TEXT PRIMARY KEY, place INTEGER NOT NULL);
CREATE VIRTUAL TABLE IF NOT EXISTS vocabulary USING fts5vocab(films, 'row');
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(word, tokenize = 'trigram');
"""


@dataclass(frozen=True, slots=True)
class Document:
    """What is searched of one title."""

    id: str
    title: str
    synopsis: str
    year: int


@dataclass(frozen=True, slots=True)
class Query:
    """A query as it is answered: for each word those that may stand for it. ``corrected`` is its text when that is
    not what was asked."""

    words: Sequence[Sequence[str]]
    corrected: str | None

    @property
    def match(self) -> str:
        """As FTS5 reads it: all words, each by its beginning."""
        return " AND ".join("(" + " OR ".join(f'"{word}"*' for word in words) + ")" for words in self.words)


class SearchIndex:
    """Thread-safe; a damaged file is replaced by an empty index."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def stamp(self) -> str:
        """Which state of the catalogue this is; empty for none."""
        with self._lock:
            row = self._open().execute("SELECT value FROM state WHERE key = 'stamp'").fetchone()
        return str(row[0]) if row else ""

    def ids(self) -> set[str]:
        with self._lock:
            return {row[0] for row in self._open().execute("SELECT id FROM places")}

    def update(self, added: Iterable[Document], removed: Iterable[str], stamp: str) -> None:
        """Bring the index to another state of the catalogue, in one transaction."""
        with self._lock, self._open() as connection:
            for title_id in removed:
                place = "SELECT place FROM places WHERE id = ?"
                connection.execute(f"DELETE FROM films WHERE rowid = ({place})", (title_id,))  # noqa: S608 - fixed
                connection.execute("DELETE FROM places WHERE id = ?", (title_id,))
            for one in added:
                place_of = connection.execute(
                    "INSERT INTO films (title, synopsis, id, year) VALUES (?, ?, ?, ?)",
                    (one.title, one.synopsis, one.id, one.year),
                ).lastrowid
                connection.execute("INSERT INTO places VALUES (?, ?)", (one.id, place_of))
            connection.execute(
                "INSERT INTO words (word) SELECT '^' || term || '$' FROM vocabulary "
                "WHERE length(term) BETWEEN 3 AND 40 AND '^' || term || '$' NOT IN (SELECT word FROM words)"
            )
            connection.execute("INSERT OR REPLACE INTO state VALUES ('stamp', ?)", (stamp,))

    def understand(self, text: str) -> Query:
        """The query for a text as people type it; words that occur nowhere are replaced by near ones that do."""
        with self._lock:
            words = [self._standing_for(word) for word in words_of(text)]
        corrected = any(near and near[0] != word for near, word in zip(words, words_of(text), strict=True))
        return Query(words, " ".join(near[0] for near in words if near) if corrected else None)

    def find(self, query: Query, limit: int, offset: int = 0, years: tuple[int, int] = (0, 9999)) -> list[str]:
        """The ids of titles that have every word, best first."""
        if not query.words or not all(query.words):
            return []
        with self._lock:
            rows = self._open().execute(
                "SELECT id FROM films WHERE films MATCH ? AND year BETWEEN ? AND ? "
                "ORDER BY bm25(films, ?, ?), rowid LIMIT ? OFFSET ?",
                (query.match, *years, _TITLE_WEIGHT, _SYNOPSIS_WEIGHT, limit, offset),
            )
            return [row[0] for row in rows]

    def _standing_for(self, word: str) -> list[str]:
        connection = self._open()
        if connection.execute("SELECT 1 FROM films WHERE films MATCH ? LIMIT 1", (f'"{word}"*',)).fetchone():
            return [word]
        padded = f"^{word}$"
        trigrams = " OR ".join(f'"{padded[at : at + 3]}"' for at in range(len(padded) - 2))
        rows = connection.execute(
            "SELECT word FROM words WHERE words MATCH ? ORDER BY rank LIMIT ?", (trigrams, _CANDIDATES)
        )
        return nearest(word, [row[0][1:-1] for row in rows])

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            try:
                self._connection = _connect(self._path)
            except sqlite3.DatabaseError:
                self._path.unlink(missing_ok=True)  # it can be made again
                self._connection = _connect(self._path)
        return self._connection


def words_of(text: str) -> list[str]:
    return [word[:_MAX_WORD] for word in re.findall(r"\w+", text.casefold())[:_MAX_WORDS]]


def nearest(word: str, candidates: Iterable[str]) -> list[str]:
    """Those candidates that are a slip of the finger away, the nearest first; a beginning may be near as well."""
    allowed = 1 if len(word) <= 4 else 2
    found = []
    for candidate in candidates:
        whole = distance(word, candidate, allowed)
        begun = distance(word, candidate[: len(word)], allowed) + 0.5
        if min(whole, begun) <= allowed + 0.5:
            found.append((min(whole, begun), abs(len(candidate) - len(word)), candidate))
    return [candidate for _, _, candidate in sorted(found)[:_NEAR]]


def distance(one: str, other: str, most: int) -> int:
    """Insertions, deletions, changes and swaps of neighbours between two words (optimal string alignment); anything
    above ``most`` comes out as more than it."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        before, last, row = row, before, [at]
        for to, wanted in enumerate(other, 1):
            cost = min(before[to] + 1, row[to - 1] + 1, before[to - 1] + (letter != wanted))
            if at > 1 and to > 1 and letter == other[to - 2] and one[at - 2] == wanted:
                cost = min(cost, last[to - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=15, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.executescript(_SCHEMA)
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection
