"""Presentations that lead on to each other (ISO/IEC 23009-1 5.11.2), where one of them is live: played one after
another on the real libmpv."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from player.engine import Engine
from player.playback.settings import PlaybackSettings
from player.title.opening import PlaybackSource
from tests.kit import media
from tests.kit.fileserver import FileServer
from tests.kit.playback import Run, engine, null_player, play

SECONDS = 12
_HEAD = '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" xmlns:xlink="http://www.w3.org/1999/xlink" {}>{}</MPD>'


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Engine]:
    with engine(tmp_path / "profile") as started:
        yield started


def chain(address: str) -> str:
    return f'<SupplementalProperty schemeIdUri="urn:mpeg:dash:chaining:2016" value="{address}"/>'


class Chain(FileServer):
    """One title as several presentations: ``ad`` and ``late`` are there as a whole, ``event`` is live and ends with
    what is listed, ``turning`` is live until its second reading."""

    leads: dict[str, str]  # by the name of a presentation: to where it leads

    def __init__(self, folder: Path, **leads: str) -> None:
        shutil.copytree(media.ffmpeg_dash(SECONDS).folder, folder)
        text = (folder / "manifest.mpd").read_text()
        self._sets = "".join(re.findall(r"<AdaptationSet[ >].*?</AdaptationSet>", text, flags=re.DOTALL))
        for name in ("ad", "event", "turning", "late"):
            (folder / f"{name}.mpd").touch()
        self.leads = leads
        self._begun_s = time.time() - SECONDS - 1
        self._readings = 0
        super().__init__(folder)

    def read(self, path: Path, url_path: str) -> bytes:
        if path.suffix != ".mpd":
            return super().read(path, url_path)
        return self._presentation(path.stem).encode()

    def _presentation(self, name: str) -> str:
        begun = datetime.fromtimestamp(self._begun_s, UTC).isoformat()
        live = f'type="dynamic" availabilityStartTime="{begun}" publishTime="{begun}"'
        more, length = 'type="static"', f'duration="PT{SECONDS}S"'
        if name == "event":
            more = f'{live} mediaPresentationDuration="PT{SECONDS}S"'
        elif name == "turning":
            self._readings += 1
            if self._readings == 1:
                more, length = f'{live} minimumUpdatePeriod="PT1S"', ""
        period = f'<Period id="{name}" start="PT0S" {length}>{self._sets}</Period>'
        leads = self.leads.get(name)
        return _HEAD.format(more, period + (chain(leads) if leads else ""))

    def played(self, made: Engine, name: str) -> Run:
        with self, null_player(untimed=True) as player:
            source = PlaybackSource(url=self.url(f"{name}.mpd"))
            return play(made, source, player, PlaybackSettings(start_s=0.0))

    @property
    def manifests(self) -> list[str]:
        return [request.path[1:-4] for request in self.requests if request.path.endswith(".mpd")]


def test_an_advertisement_leads_to_a_live_programme_and_that_to_a_recording(made: Engine, tmp_path: Path) -> None:
    server = Chain(tmp_path / "t", ad="event.mpd", event="late.mpd")
    run = server.played(made, "ad")
    assert run.finished
    assert run.report["result"]["played_to_end"], run.report["errors"]
    assert not run.report["errors"]
    assert server.manifests == ["ad", "event", "event", "late"]
    last = [request for request in server.requests if "/seg-3-" in request.path]
    assert len(last) >= 2 * len(list((tmp_path / "t").glob("seg-3-*.m4s")))
    kinds = [note["kind"] for note in run.report["recoveries"]]
    assert kinds.count("chained") == 2
    assert "idle" not in [status["status"] for status in run.report["statuses"]]


def test_a_live_programme_that_turns_into_a_recording_has_what_follows_behind_it(
    made: Engine, tmp_path: Path
) -> None:
    server = Chain(tmp_path / "t", turning="late.mpd")
    run = server.played(made, "turning")
    assert run.finished
    assert run.report["result"]["played_to_end"], run.report["errors"]
    assert run.report["result"]["position_s"] > 2 * SECONDS - 1
    assert server.manifests == ["turning", "turning", "late"]


def test_a_chain_that_comes_back_ends(made: Engine, tmp_path: Path) -> None:
    server = Chain(tmp_path / "t", ad="event.mpd", event="ad.mpd")
    run = server.played(made, "ad")
    assert run.finished
    assert run.report["result"]["played_to_end"], run.report["errors"]
    assert server.manifests.count("ad") == 1


class Dying(Chain):
    """Names media for ``ad`` that are not there, and other presentations for that."""

    def _presentation(self, name: str) -> str:
        lead = '<SupplementalProperty schemeIdUri="urn:mpeg:dash:fallback:2016" value="ad.mpd nowhere.mpd late.mpd"/>'
        text = super()._presentation(name)
        return text if name != "ad" else text.replace("</Period>", "</Period>" + lead).replace("seg-", "gone-")


def test_a_presentation_that_fails_is_replaced_by_its_fallback(made: Engine, tmp_path: Path) -> None:
    """5.11.3, and never by itself again; one that is not there is passed over."""
    server = Dying(tmp_path / "t")
    run = server.played(made, "ad")
    assert run.finished
    told = [run.report[each] for each in ("result", "statuses", "recoveries", "errors")]
    assert run.report["result"]["played_to_end"], (server.manifests, *told)
    assert run.report["errors"], "it is said"
    assert server.manifests[0] == "ad"
    assert server.manifests[-1] == "late"
    assert server.manifests.count("ad") == 1
    assert "fallback" in [note["kind"] for note in run.report["recoveries"]]
