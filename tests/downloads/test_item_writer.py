"""An item is sealed on its way to the disk, and little of it is ever in memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from downloads.folder import DownloadFolder
from downloads.item_writer import ItemWriter
from downloads.ledger import kept
from downloads.model import PlanItem
from drm_client.sealing import KEY_BYTES, NONCE_BYTES, TAG_BYTES, Sealer
from player.net.model import RequestKind
from tests.kit.downloads import shelf

CHUNK = bytes(range(256)) * 256
MOST_WAITING = 1 << 20


def folder_of(tmp_path: Path) -> DownloadFolder:
    return shelf(tmp_path).add("https://cdn.example/film.m3u8")


def item(*, sealed: bool) -> PlanItem:
    return PlanItem(0, RequestKind.SEGMENT, None, "https://cdn.example/0.ts", (), sealed=sealed)


def waiting(writer: ItemWriter, path: Path) -> int:
    """Bytes that were taken and are not in the file."""
    return writer.received - (path.stat().st_size if path.exists() else 0)


@pytest.mark.parametrize("sealed", [True, False])
def test_little_of_an_item_is_in_memory_while_it_arrives(tmp_path: Path, sealed: bool) -> None:
    folder = folder_of(tmp_path)
    wanted = item(sealed=sealed)
    writer, path = folder.writer(wanted), folder.item_path(0)
    for _ in range(100):
        writer.write(CHUNK)
        assert waiting(writer, path) <= MOST_WAITING
    stored = writer.finish()
    assert (stored.fetched, stored.length) == (100 * len(CHUNK), path.stat().st_size)
    folder.note(kept(0, stored))
    assert folder.read(wanted) == CHUNK * 100


@pytest.mark.parametrize("sealed", [True, False])
def test_an_item_that_is_given_up_counts_for_nothing_and_is_written_over(tmp_path: Path, sealed: bool) -> None:
    folder = folder_of(tmp_path)
    wanted = item(sealed=sealed)
    first = folder.writer(wanted)
    for _ in range(40):
        first.write(CHUNK)
    first.discard()
    folder.note(kept(0, folder.keep(wanted, b"short")))
    assert folder.read(wanted) == b"short"
    folder.note(kept(0, folder.keep(wanted, b"")))
    assert folder.read(wanted) == b""


@pytest.mark.parametrize("sealed", [True, False])
def test_an_item_may_arrive_in_pieces_of_any_size(tmp_path: Path, sealed: bool) -> None:
    folder = folder_of(tmp_path)
    wanted = item(sealed=sealed)
    sizes = [1, 0, MOST_WAITING - 2, 2, 3 * MOST_WAITING + 5, 17, MOST_WAITING]
    pieces = [bytes([number]) * size for number, size in enumerate(sizes)]
    writer = folder.writer(wanted)
    for piece in pieces:
        writer.write(piece)
    stored = writer.finish()
    assert stored.fetched == writer.received == sum(sizes)
    folder.note(kept(0, stored))
    assert folder.read(wanted) == b"".join(pieces)


def test_what_is_sealed_in_pieces_opens_as_one() -> None:
    sealer = Sealer(bytes(KEY_BYTES))
    for pieces in ([], [b""], [b"a", b"", b"bc" * 500], [bytes(100_000)]):
        stream = sealer.stream("place")
        sealed = b"".join([stream.head, *map(stream.update, pieces), stream.finish()])
        assert len(sealed) == sum(map(len, pieces)) + NONCE_BYTES + TAG_BYTES
        assert sealer.open(sealed, "place") == b"".join(pieces)
        code = sealer.fingerprint_stream("place")
        for piece in pieces:
            code.update(piece)
        assert sealer.matches(code.finish(), b"".join(pieces), "place")
