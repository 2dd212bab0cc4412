"""A slice of ``tests.kit.rights_kills`` and ``tests.drm_client.wrong_hour``; ``make soak`` runs the rest."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from downloads.store import Store
from drm_client.keystore import FileKeyStore
from tests.drm_client import wrong_hour
from tests.kit import rights_kills


@pytest.mark.skipif(sys.platform == "win32", reason="lives are forked")
def test_kills_lose_nothing_win_nothing_and_lock_nothing() -> None:
    assert rights_kills.kill(12, seed=3).kills == 12


def test_clients_are_whole_an_hour_after_their_service_is_mended() -> None:
    assert wrong_hour.simulate(6, seed=5) == []


def test_a_download_that_was_killed_while_it_was_made_is_cleared_away(tmp_path: Path) -> None:
    keys, other = FileKeyStore(tmp_path / "keys"), tmp_path / "store" / "somebody-elses"
    store = Store(tmp_path / "store", keys)
    other.mkdir()
    kept = store.create("whole")
    for name, torn in (("0123456789ab", None), ("ba9876543210", b'{"n":0,"t":"beg')):
        (store.root / name / "items").mkdir(parents=True)
        if torn is not None:
            (store.root / name / "journal").write_bytes(torn)
    assert set(Store(store.root, keys).ids()) == {kept.id, other.name}
    assert other.exists()
