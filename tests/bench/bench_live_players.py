"""The player beside hls.js, dash.js and Shaka Player in headless Chromium: live, over the same links.

FFmpeg makes a channel of 320 x 180 at 30 frames a second in parts of 333 ms, once; simple pictures, with sound some
0.1 Mbit/s. It is played out again for each player, one after another, by an origin with a link of its own (40 ms
before each answer). The number drawn in each frame tells how long ago that was made. A stall is a picture that stands
for 0.3 s or more, from the fifth second on. A browser's picture is looked at each 50 ms. All libraries are in their
low-latency modes, else as they come.

Run: ``python -m tests.bench.bench_live_players [--seconds S] [--libraries FOLDER] [link ...]``. "idle" is the share
of the processors that nobody used, or that work of the lowest priority did (``nice``).
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import psutil

from player.title.opening import PlaybackSource
from tests.bench.bench_players import LIBRARIES
from tests.kit.chromium import Chromium
from tests.kit.playback import engine
from tests.kit.replayed import Link, Recording, Replay, record
from tests.kit.screen import Screen

SETTLED_S = 5.0
STANDS_S = 0.3
NEAR_S = 0.3  # of the best of the others
LINKS = (
    Link("open"),
    Link("0.25 Mbit/s", ((60.0, 2.5e5),)),
    Link("0.02 Mbit/s for 1 s in 10 s", ((9.0, 1e6), (1.0, 2e4))),
    Link("away for 0.7 s in 10 s", ((9.3, 2e6), (0.7, 0.0))),
    Link("away for 2 s in 15 s", ((13.0, 2e6), (2.0, 0.0))),
)
Sight = tuple[float, int]
"""A date (seconds since 1970), and the number of the frame that is shown then."""


@dataclass(frozen=True, slots=True)
class Player:
    """``script`` starts it on the video ``v`` with ``url``; ``own()`` is the latency that it tells itself. Ours has
    no script."""

    name: str
    manifest: str
    library: str = ""
    script: str = ""


_SHAKA = """
shaka.polyfill.installAll();
const p = new shaka.Player();
p.configure({streaming: {lowLatencyMode: true, liveSync: {enabled: true}}});
own = () => Date.now() / 1000 - p.getPlayheadTimeAsDate().getTime() / 1000;
await p.attach(v);
await p.load(url);
v.play();
"""
_HLSJS = """
const p = new Hls({lowLatencyMode: true});
own = () => p.latency;
p.on(Hls.Events.MANIFEST_PARSED, () => v.play());
p.loadSource(url);
p.attachMedia(v);
"""
_DASHJS = """
const p = dashjs.MediaPlayer().create();
p.updateSettings({debug: {logLevel: 0}, streaming: {liveCatchup: {enabled: true}}});
own = () => p.getCurrentLiveLatency();
p.initialize(v, url, true);
"""
SHAKA = "shaka-player/dist/shaka-player.compiled.js"
PLAYERS = (
    Player("ours, LL-HLS", "master.m3u8"),
    Player("hls.js", "master.m3u8", "hls.js/dist/hls.min.js", _HLSJS),
    Player("Shaka, LL-HLS", "master.m3u8", SHAKA, _SHAKA),
    Player("ours, LL-DASH", "live.mpd"),
    Player("dash.js", "live.mpd", "dashjs/dist/modern/umd/dash.all.min.js", _DASHJS),
    Player("Shaka, LL-DASH", "live.mpd", SHAKA, _SHAKA),
)
_PAGE = """<!doctype html><meta charset="utf-8"><video id="v" muted width="320" height="180"></video>
<script src="/library.js"></script><script>
'use strict';
const v = document.getElementById('v'), c = document.createElement('canvas');
c.width = 320; c.height = 22;
const g = c.getContext('2d', {willReadFrequently: true}), seen = [], told = [];
let own = () => 0;
const look = () => {
  if (v.readyState < 2) return;
  g.drawImage(v, 0, 0, v.videoWidth, v.videoHeight / 8, 0, 0, 320, 22);
  const row = g.getImageData(0, 11, 320, 1).data, lit = [];
  for (let cell = 0; cell < 20; cell++) lit.push(row[(cell * 16 + 8) * 4 + 1] > 128 ? 1 : 0);
  const sum = lit.slice(2, 18).reduce((a, b) => a + b, 0);
  if (!lit[0] || lit[1] || lit[18] || !lit[19] || sum % 2) return;
  let frame = 0;
  for (let bit = 0; bit < 12; bit++) frame += lit[2 + bit] << bit;
  seen.push([(performance.timeOrigin + performance.now()) / 1000, frame]);
};
setInterval(look, 50);
setInterval(() => { try { told.push(own()); } catch (e) {} }, 500);
const start = async url => {SCRIPT};
</script>"""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a viewer saw; seconds. ``own_s`` is the latency that the player tells itself."""

    first_s: float
    median_s: float
    worst_s: float
    stalls: int
    stalled_s: float
    own_s: float | None


def seen(sights: Sequence[Sight], began_s: float, replay: Replay, own: Sequence[float]) -> Seen:
    """Figures of what was seen since a date. Raises ValueError where nothing was."""
    if not sights or sights[-1][0] - began_s < SETTLED_S + 1:
        raise ValueError("nothing was shown")
    settled = [sight for sight in sights if sight[0] - began_s > SETTLED_S]
    behind = [replay.behind_s(frame, at_s) for at_s, frame in settled]
    news = [settled[0], *(after for before, after in pairwise(settled) if before[1] != after[1]), settled[-1]]
    stood = [after[0] - before[0] for before, after in pairwise(news) if after[0] - before[0] > STANDS_S]
    later = [each for each in own[int(2 * SETTLED_S) :] if each]
    return Seen(
        sights[0][0] - began_s,
        statistics.median(behind),
        statistics.quantiles(behind, n=100)[98],
        len(stood),
        sum(stood),
        statistics.median(later) if later else None,
    )


def play_ours(replay: Replay, manifest: str, seconds: float) -> Seen:
    with Screen() as screen, tempfile.TemporaryDirectory() as profile, engine(Path(profile)) as made:
        offset_s, began_s = time.time() - time.monotonic(), time.time()
        replay.begin_link()
        session = made.open(PlaybackSource(url=replay.url + manifest), screen.player, lambda _state: None)
        time.sleep(seconds)
        sights = [(each.at_s + offset_s, each.mark.frame) for each in screen.shown]
        session.stop()
        made.wait(session, 10.0)
    return seen(sights, began_s, replay, ())


def play_browser(replay: Replay, manifest: str, seconds: float) -> Seen:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, Chromium(Path(profile)) as tab:
        tab.open(replay.url + "page.html")
        began_s = time.time()
        replay.begin_link()
        tab.run(f"void start('/{manifest}')")
        time.sleep(seconds)
        sights = [(at_s, frame) for at_s, frame in tab.run("seen")]
        return seen(sights, began_s, replay, tab.run("told"))


def play(player: Player, recording: Recording, link: Link, libraries: Path, seconds: float) -> Seen:
    """One player over one link. Raises ValueError where it shows nothing."""
    pages: dict[str, bytes] = {}
    if player.script:
        pages["page.html"] = _PAGE.replace("SCRIPT", player.script).encode()
        pages["library.js"] = (libraries / "node_modules" / player.library).read_bytes()
    with Replay(recording, link, pages) as replay:
        return (play_browser if player.script else play_ours)(replay, player.manifest, seconds)


def verdict(row: dict[str, Seen]) -> str:
    """What is wrong with ours on one link: a stall where two of the others have none, or a latency that is not near
    the best of those that play the same manifest. Empty: nothing."""
    wrong = []
    manifests = {player.name: player.manifest for player in PLAYERS}
    others = {name: each for name, each in row.items() if not name.startswith("ours")}
    calm = sum(not each.stalls for each in others.values()) >= 2
    for name, ours in row.items():
        if name not in others:
            rivals = [each.median_s for other, each in others.items() if manifests[other] == manifests[name]]
            best_s = min(rivals, default=ours.median_s)
            if ours.stalls and calm:
                wrong.append(f"{name} stalls")
            if ours.median_s > best_s + NEAR_S:
                wrong.append(f"{name} is {ours.median_s - best_s:.2f} s behind the best")
    return ", ".join(wrong)


def main() -> int:
    """Print the table; 0 where nothing is wrong with ours on any link."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bench_live_players", description=__doc__)
    parser.add_argument("links", nargs="*")
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--players", nargs="*")
    parser.add_argument("--libraries", type=Path, default=LIBRARIES)
    options = parser.parse_args()
    recording = record(options.seconds + 25.0)
    print("| link | player | first picture | median | 99th percentile | stalls | its own figure | idle | load |")
    print("|---|---|---|---|---|---|---|---|---|")
    complaints = []
    for link in (each for each in LINKS if not options.links or each.name in options.links):
        row: dict[str, Seen] = {}
        for player in PLAYERS:
            if options.players and player.name not in options.players:
                continue
            psutil.cpu_times_percent()
            try:
                one = row[player.name] = play(player, recording, link, options.libraries, options.seconds)
            except ValueError as error:
                print(f"| {link.name} | {player.name} | {error} | | | | | | |", flush=True)
                continue
            used = psutil.cpu_times_percent()
            own = "" if one.own_s is None else f"{one.own_s:.2f} s"
            print(
                f"| {link.name} | {player.name} | {one.first_s:.2f} s | {one.median_s:.2f} s | {one.worst_s:.2f} s"
                f" | {one.stalls}, {one.stalled_s:.1f} s | {own} | {used.idle + used.nice:.0f} %"
                f" | {os.getloadavg()[0]:.1f} |",
                flush=True,
            )
        if wrong := verdict(row):
            complaints.append(f"{link.name}: {wrong}")
    print(*complaints, sep="\n")
    return 1 if complaints else 0


if __name__ == "__main__":
    raise SystemExit(main())
