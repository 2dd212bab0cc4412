"""The app's downloads over a real store: what the list says of each."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from downloads import ledger, request
from downloads.model import Choice, Origin, State
from drm_client.keystore import FileKeyStore
from tests.kit.downloads import noise_download, shelf
from ui.kept_titles import KeptTitles


class NoService:
    """An engine as far as a list needs one."""

    service = None

    async def rights(self) -> None:
        return None


def titles(folder: Path) -> KeptTitles:
    return KeptTitles(NoService, folder / "store", lambda: FileKeyStore(folder / "keys"), lambda: False)


def test_before_anything_was_downloaded_there_is_only_room(tmp_path):
    found = asyncio.run(titles(tmp_path).shelf())
    assert (found.titles, found.used) == ((), 0)
    assert found.free > 0
    assert not (tmp_path / "store").exists(), "looking makes nothing"


def test_a_complete_download_without_a_licence_plays(tmp_path):
    with noise_download(tmp_path) as (_shelf, download, _server):
        kept = titles(tmp_path)
        (one,) = asyncio.run(kept.shelf()).titles
        assert (one.state, one.playable, one.renewable, one.maturity) == ("complete", True, False, 0)
        assert 0 < one.fetched <= one.size
        assert asyncio.run(kept.verify(download.id)) == 0
        item = next((download.path / "items").iterdir())
        item.write_bytes(b"other")
        assert asyncio.run(kept.verify(download.id)) == 1
        asyncio.run(kept.remove(download.id))
        assert asyncio.run(kept.shelf()).titles == []


@pytest.mark.parametrize(
    ("card", "maturity", "poster"),
    [
        ({"poster_url": "https://tv.test/p.jpg", "maturity": 16}, 16, "https://tv.test/p.jpg"),
        (None, 18, ""),
        ({"poster_url": 7}, 18, ""),
        ([], 18, ""),
    ],
    ids=["rated", "from the command line", "of another version", "no object"],
)
def test_a_title_whose_rating_is_not_known_is_for_adults(tmp_path, card, maturity, poster):
    made = shelf(tmp_path)
    folder = made.store.create("The Film", "film")
    request.write(folder, request.DownloadRequest(Origin(title_id="film", service="https://tv.test"), Choice()))
    if card is not None:
        folder.write_secret("card", json.dumps(card).encode())
    folder.note(ledger.changed(State.PAUSED))
    (one,) = asyncio.run(titles(tmp_path).shelf()).titles
    assert (one.title_id, one.state, one.maturity, one.poster_url) == ("film", "paused", maturity, poster)
    assert not one.playable
