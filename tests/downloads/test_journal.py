"""The journal: what is written stays, what was never finished is cut off, what was changed is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from downloads.errors import DownloadError
from downloads.journal import Journal
from drm_client.sealing import Sealer
from player.base.errors import ErrorCode

KEY = bytes(range(32))


def journal(folder: Path, download_id: str = "abc") -> Journal:
    return Journal(folder / "journal", Sealer(KEY), download_id)


def bodies(found: Journal) -> list[int]:
    return [record.body["x"] for record in found.refresh()]


def filled(folder: Path, count: int = 3) -> bytes:
    written = journal(folder)
    for number in range(count):
        written.append(("test", {"x": number}))
    return (folder / "journal").read_bytes()


def test_records_are_read_in_order_and_only_once(tmp_path: Path) -> None:
    writer, reader = journal(tmp_path), journal(tmp_path)
    writer.append(("test", {"x": 1}), ("test", {"x": 2}))
    assert bodies(reader) == [1, 2]
    assert bodies(reader) == []
    writer.append(("test", {"x": 3}))
    assert bodies(reader) == [3]
    assert bodies(journal(tmp_path / "nowhere")) == []


def test_two_writers_take_turns(tmp_path: Path) -> None:
    one, two = journal(tmp_path), journal(tmp_path)
    for number in range(0, 6, 2):
        one.append(("test", {"x": number}))
        two.append(("test", {"x": number + 1}))
    assert bodies(journal(tmp_path)) == list(range(6))


def test_a_record_that_was_torn_at_any_byte_is_cut_off_by_the_next_writer(tmp_path: Path) -> None:
    whole = filled(tmp_path)
    start = whole[:-1].rindex(b"\n") + 1
    for end in range(start, len(whole) - 1):
        (tmp_path / "journal").write_bytes(whole[:end])
        assert bodies(journal(tmp_path)) == [0, 1]
        journal(tmp_path).append(("test", {"x": 9}))
        assert bodies(journal(tmp_path)) == [0, 1, 9]


def test_every_flipped_byte_is_found_and_the_sound_records_are_saved(tmp_path: Path) -> None:
    whole = filled(tmp_path)
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 0x04
        (tmp_path / "journal").write_bytes(changed)
        with pytest.raises(DownloadError) as caught:
            journal(tmp_path).refresh()
        assert caught.value.code is ErrorCode.DOWNLOAD_DAMAGED
        records, broken = journal(tmp_path).salvage()
        assert broken
        assert len(records) >= 1
        assert {record.body["x"] for record in records} < {0, 1, 2}


def test_a_removed_or_foreign_record_is_found(tmp_path: Path) -> None:
    lines = filled(tmp_path).splitlines(keepends=True)
    (tmp_path / "journal").write_bytes(lines[0] + lines[2])
    with pytest.raises(DownloadError):
        journal(tmp_path).refresh()
    (tmp_path / "journal").write_bytes(b"".join(lines))
    with pytest.raises(DownloadError):
        journal(tmp_path, "another").refresh()


def test_a_repaired_journal_is_numbered_anew(tmp_path: Path) -> None:
    whole = bytearray(filled(tmp_path))
    whole[whole.index(b"\n") + 5] ^= 1
    (tmp_path / "journal").write_bytes(whole)
    mended = journal(tmp_path)
    records, broken = mended.salvage()
    assert (len(records), len(broken)) == (2, 1)
    mended.rewrite(records)
    mended.append(("test", {"x": 7}))
    assert bodies(journal(tmp_path)) == [0, 2, 7]
