"""A title that version 0.1.0 downloaded, with its licence: it opens, plays and is renewed, and nothing is lost.

``tests/kit/kept-0.1.0-film.zip`` was made by that version: four seconds of encrypted video of ``the-film``, whose
licence is the unplayed one of ``kept-0.1.0.zip``.
"""

from __future__ import annotations

import asyncio
import hashlib
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from downloads import checking, rights, service
from downloads.folder import DownloadFolder
from downloads.model import State
from downloads.offline import SCHEME, OfflineTransport, source_of
from downloads.store import Store
from drm_client.keystore import FileKeyStore
from drm_client.rights import RightsState
from player.engine import Engine
from tests.drm_client.test_upgrade import Upgraded
from tests.kit.licence_server import DAY, HOUR
from tests.kit.playback import Run, engine, null_player, play
from tests.kit.waiting import PATIENCE_S

_FILM = Path(__file__).parents[1] / "kit" / "kept-0.1.0-film.zip"


def films(folder: Path) -> Store:
    return Store(folder / "film", FileKeyStore(folder / "film-keys", b"kept fixture"))


def media(download: DownloadFolder) -> dict[str, str]:
    items = sorted((download.path / "items").iterdir())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in items}


async def test_a_download_of_0_1_0_plays_and_is_renewed_without_loss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(_FILM) as kept:
        kept.extractall(tmp_path)
    upgraded = Upgraded(tmp_path)
    licences = upgraded.open()
    licence_id = upgraded.facts["unplayed"]

    async def rights_of(_engine: Engine) -> Any:
        return SimpleNamespace(licences=licences, close=lambda: None)

    def watch() -> Run:
        schemes = {SCHEME: lambda clock: OfflineTransport(films(tmp_path).get, clock)}
        profile = tmp_path / "other"
        with (
            engine(profile, service_url="http://127.0.0.1:9", schemes=schemes) as made,
            null_player(untimed=True) as player,
        ):
            source = made.submit(source_of(films(tmp_path).get("the-film"))).result(PATIENCE_S)
            return play(made, source, player)

    monkeypatch.setattr(Engine, "rights", rights_of)
    (listed,) = films(tmp_path).list()
    download = films(tmp_path).get(listed.id)
    before = media(download)
    assert (listed.state, listed.code, service.licence_of(download)) == (State.COMPLETE, "", licence_id)
    assert checking.verify(download, licences=licences).sound

    played = await asyncio.to_thread(watch)
    assert played.status == "ended"
    assert played.report["result"]["position_s"] > 3
    standing = rights.standing_of(download, licences)
    assert standing is not None
    assert (standing.state, standing.playback_s) == (RightsState.STARTED, 6 * HOUR)

    upgraded.machine.run(DAY)
    assert await service.renew(download, licences) == licence_id
    assert licences.standing(licence_id).remaining_s == 2 * DAY
    assert (await asyncio.to_thread(watch)).status == "ended"
    assert media(download) == before
    assert checking.verify(films(tmp_path).get(listed.id), licences=licences).sound
    upgraded.vault.close()
