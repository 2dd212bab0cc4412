"""kill -9 at any moment, a full disk, a lost network: nothing that is in the journal is fetched again."""

from __future__ import annotations

from pathlib import Path

from downloads import checking
from downloads.model import DownloadChoice
from downloads.offline import SCHEME, OfflineTransport, source_of
from player.mpv.player import MpvPlayer
from tests.kit.crashes import crash_until_done, is_complete
from tests.kit.downloads import shelf as new_shelf
from tests.kit.fileserver import FileServer
from tests.kit.media import TestMedia, packager_clear
from tests.kit.playback import engine, null_player, play


def crash_and_play(folder: Path, media: TestMedia, seed: int, *, kills: int, life_s: float, mbps: float) -> None:
    """Kill a downloader so often; at the end everything is there, nothing was fetched twice, and it plays."""
    with FileServer(media.folder, latency_ms=5, mbps=mbps) as server:
        shelf = new_shelf(folder)
        download = shelf.add(server.url("manifest.mpd"), DownloadChoice(audio=("*",), subtitles=("*",)))
        account = crash_until_done(shelf, download, server, seed, kills=kills, life_s=life_s)
        sent = sum(request.sent for request in server.requests)
    assert account.kills >= kills
    assert account.refetched == []
    assert account.too_many_at_once == []
    assert is_complete(shelf, download.id)
    kept = shelf.again().get(download.id)
    assert checking.verify(kept).sound
    assert sent <= kept.ledger.fetched + account.in_flight
    with null_player(untimed=True) as player:
        run_offline(folder, shelf.again, download.id, player, media.seconds)


def run_offline(folder: Path, open_store, download_id: str, player: MpvPlayer, seconds: float) -> None:
    store = open_store()
    schemes = {SCHEME: lambda clock: OfflineTransport(store.get, clock)}
    with engine(folder / "profile", schemes=schemes) as made:
        source = made.submit(source_of(store.get(download_id))).result(30)
        played = play(made, source, player)
    assert played.status == "ended"
    assert played.report["result"]["position_s"] > seconds - 1


def test_a_downloader_that_is_killed_again_and_again(tmp_path: Path) -> None:
    crash_and_play(tmp_path, packager_clear(), seed=11, kills=3, life_s=0.35, mbps=80)
