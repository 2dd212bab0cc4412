"""The viewer's own files: a file is known again by what it contains, and where that has changed by its place."""

from __future__ import annotations

from pathlib import Path

from player.resume.files import FileMemory
from player.title.media_file import inspect

HEAD = bytes(range(256)) * 256
assert len(HEAD) == 65536


def written(path: Path, data: bytes) -> tuple[str, str, str]:
    """The words that ask for what is remembered of a file."""
    path.write_bytes(data)
    found = inspect(path)
    return found.identity, str(path), found.start


def keep(memory: FileMemory, asked: tuple[str, str, str], at: float, position_s: float) -> None:
    identity, place, start = asked
    memory.keep(identity, place=place, name="film", opened_at=at, start=start, position_s=position_s)


def test_a_file_that_has_grown_goes_on_where_it_was_left(tmp_path: Path) -> None:
    """A recording, or a film whose tags at its end were changed."""
    memory, path = FileMemory(tmp_path / "files.json"), tmp_path / "film.ts"
    asked = written(path, HEAD + b"begun")
    assert memory.of(*asked) is None
    keep(memory, asked, 1.0, 90.0)
    memory.keep(asked[0], bookmarks=(12.0,))
    grown = written(path, HEAD + b"begun and gone on with")
    assert grown[0] != asked[0]
    for one in (memory, FileMemory(tmp_path / "files.json")):
        found = one.of(*grown)
        assert found is not None
        assert (found.identity, found.resume_s, found.bookmarks) == (grown[0], 90.0, (12.0,))
    keep(memory, grown, 2.0, 95.0)
    (kept,) = FileMemory(tmp_path / "files.json").last()
    assert (kept.position_s, kept.bookmarks) == (95.0, (12.0,))


def test_a_recording_that_was_seen_to_its_end_goes_on_there_once_it_has_grown(tmp_path: Path) -> None:
    memory, path = FileMemory(tmp_path / "files.json"), tmp_path / "film.ts"
    asked = written(path, HEAD + b"begun")
    keep(memory, asked, 1.0, 90.0)
    memory.keep(asked[0], duration_s=90.0)
    assert memory.last()[0].resume_s == 0.0
    found = memory.of(*written(path, HEAD + b"begun and gone on with"))
    assert found is not None
    assert found.resume_s == 90.0


def test_a_film_that_was_seen_stays_so_when_its_tags_change(tmp_path: Path) -> None:
    memory, path = FileMemory(tmp_path / "files.json"), tmp_path / "film.mp4"
    asked = written(path, HEAD + b"film")
    keep(memory, asked, 1.0, 89.9)
    memory.keep(asked[0], duration_s=90.0)
    found = memory.of(*written(path, HEAD + b"film and tags"))
    assert found is not None
    assert found.resume_s == 0.0


def test_another_film_of_the_same_name_begins_at_its_start(tmp_path: Path) -> None:
    memory, path = FileMemory(tmp_path / "files.json"), tmp_path / "film.ts"
    keep(memory, written(path, HEAD + b"one"), 1.0, 90.0)
    assert memory.of(*written(path, HEAD[::-1] + b"other")) is None
    elsewhere = written(tmp_path / "other.ts", HEAD + b"another end")
    assert memory.of(*elsewhere) is None, "many recordings of one channel may start alike"


def test_in_one_place_there_is_one_file(tmp_path: Path) -> None:
    memory, path = FileMemory(tmp_path / "files.json"), tmp_path / "film.ts"
    keep(memory, written(path, HEAD + b"one"), 1.0, 90.0)
    keep(memory, written(path, HEAD[::-1] + b"other"), 2.0, 30.0)
    keep(memory, written(tmp_path / "third.ts", HEAD[1:] + b"third"), 3.0, 10.0)
    assert [file.position_s for file in memory.last()] == [10.0, 30.0]
