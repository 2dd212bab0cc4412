"""The players, their libraries, and the page that runs one of them and writes down what a viewer would see. Pure but
for the search of the libraries."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from player.base.errors import ErrorCode, InputError

VARIABLE = "MATINEE_PLAYERS"


@dataclass(frozen=True, slots=True)
class BrowserPlayer:
    """``package`` and ``library`` as npm has them; ``plays`` the endings of the manifests that it plays.

    ``script`` starts it on ``v`` with ``url`` and defines ``bitrates()`` and ``bitrate()``, in bit/s. It calls
    ``fail`` with the player's own word for the error and the stage: ``net``, ``manifest``, ``media`` or ``drm``.
    ``fills_audio``: it puts silence where audio is lost, and its log says so in these words. Of a library without
    them lost audio is not judged."""

    name: str
    package: str
    library: str
    plays: tuple[str, ...]
    script: str
    fills_audio: str = ""


_SHAKA = """
shaka.polyfill.installAll();
const p = new shaka.Player();
const tracks = () => p.getVariantTracks();
bitrates = () => [...new Set(tracks().map(t => t.bandwidth))].sort((a, b) => a - b);
bitrate = () => (tracks().find(t => t.active) || {}).bandwidth || 0;
const stages = {1: 'net', 2: 'media', 3: 'media', 4: 'manifest', 5: 'media', 6: 'drm'};
const failed = e => fail('shaka ' + e.code, stages[e.category]);
p.addEventListener('error', e => { if (e.detail.severity === 2) failed(e.detail); });
await p.attach(v);
p.load(url).then(() => v.play()).catch(failed);
"""
_HLS = """
const filled = text => {
  const told = /Injecting \\d+ audio frames @ ([-\\d.]+)s due to (\\d+) ms gap/.exec(text);
  if (told) say('silence', {from: Number(told[1]), to: Number(told[1]) + Number(told[2]) / 1000});
};
const p = new Hls({debug: {debug() {}, log() {}, info() {}, error() {}, warn: (...all) => filled(all.join(' '))}});
bitrates = () => p.levels.map(l => l.bitrate).sort((a, b) => a - b);
let shown = -1;
bitrate = () => shown < 0 || !p.levels[shown] ? 0 : p.levels[shown].bitrate;
p.on(Hls.Events.LEVEL_SWITCHED, (_, d) => { shown = d.level; });
const stages = {networkError: 'net', mediaError: 'media', muxError: 'media', keySystemError: 'drm'};
const stage = d => d.details === 'manifestParsingError' ? 'manifest' : stages[d.type];
p.on(Hls.Events.ERROR, (_, d) => { if (d.fatal) fail('hls.js ' + d.details, stage(d)); });
p.on(Hls.Events.MANIFEST_PARSED, () => v.play());
p.loadSource(url);
p.attachMedia(v);
"""
_DASH = """
const p = dashjs.MediaPlayer().create();
p.updateSettings({debug: {logLevel: 0}});
bitrates = () => p.getRepresentationsByType('video').map(r => r.bandwidth).sort((a, b) => a - b);
let shown = 0;
bitrate = () => shown;
p.on('qualityChangeRendered', e => { if (e.mediaType === 'video') shown = e.newRepresentation.bandwidth; });
p.on('streamInitialized', () => {
  const r = p.getCurrentRepresentationForType('video');
  if (r) shown = r.bandwidth;
});
const NET = [11, 12, 15, 16, 17, 18, 19, 25, 26, 27, 28, 29], MANIFEST = [10, 31, 32, 34];
const rest = code => code >= 100 ? 'drm' : 'media';
const stage = code => NET.includes(code) ? 'net' : MANIFEST.includes(code) ? 'manifest' : rest(code);
p.on('error', e => fail('dash.js ' + (e.error.code || e.error), stage(e.error.code)));
p.initialize(v, url, true);
"""
PLAYERS = {
    each.name: each
    for each in (
        BrowserPlayer("shaka", "shaka-player", "dist/shaka-player.compiled.js", (".mpd", ".m3u8"), _SHAKA),
        BrowserPlayer("hlsjs", "hls.js", "dist/hls.min.js", (".m3u8",), _HLS, "Injecting "),
        BrowserPlayer("dashjs", "dashjs", "dist/modern/umd/dash.all.min.js", (".mpd",), _DASH),
    )
}

_PAGE = """<!doctype html><html><head><meta charset="utf-8"><title>player</title></head><body>
<video id="v" muted width="640" height="360"></video><script src="/files/library.js"></script>
<script>
'use strict';
const v = document.getElementById('v');
const said = [];
let bitrates = () => [], bitrate = () => 0, began = 0, first = false, last = null, still = null, over = false;
const now = () => (performance.now() - began) / 1000;
const say = (kind, more) => said.push(Object.assign({kind, at: now(), position: v.currentTime}, more || {}));
const fail = (what, stage) => {
  if (!over) say('failed', {what: String(what), stage: stage || ''});
  over = true;
};
const buffered = () => {
  for (let i = 0; i < v.buffered.length; i++)
    if (v.buffered.start(i) <= v.currentTime + 0.1 && v.buffered.end(i) >= v.currentTime)
      return v.buffered.end(i) - v.currentTime;
  return 0;
};
const seen = () => { if (!first) { first = true; say('first_frame'); } };
const rates = () => { try { return [bitrates(), bitrate()]; } catch (e) { return [[], 0]; } };
const look = () => {
  if (over) return;
  if (first) {
    const moved = last === null ? 0 : v.currentTime - last.position;
    const passed = last === null ? 0 : now() - last.at;
    if (last !== null && moved > passed + 0.4) say('jumped', {from: last.position, to: v.currentTime});
    if (last === null || moved > 0.005) {
      if (still !== null) { say('moves', {since: still.at}); still = null; }
      last = {at: now(), position: v.currentTime};
    } else if (still === null && !v.ended && passed > 0.3) {
      still = last;
      say('stands', {at: last.at, position: last.position});
    }
  }
  if (v.ended) { over = true; say('ended'); }
};
const sample = () => {
  const [all, one] = rates();
  const quality = v.getVideoPlaybackQuality();
  say('sample', {buffer: buffered(), bitrates: all, bitrate: one, dropped: quality.droppedVideoFrames,
    duration: isFinite(v.duration) ? v.duration : null});
};
v.addEventListener('error', () => {
  const code = v.error ? v.error.code : 0;
  fail('video ' + code, code === 2 ? 'net' : 'media');
});
window.qa = {
  start: async url => {
    began = performance.now();
    if (v.requestVideoFrameCallback) v.requestVideoFrameCallback(seen);
    v.addEventListener('playing', () => setTimeout(() => { if (v.currentTime > 0) seen(); }, 200));
    setInterval(look, 100);
    setInterval(sample, 500);
    try { await qa.begin(url); } catch (e) { fail(e && e.message || e); }
  },
  begin: async url => { SCRIPT },
  take: () => { sample(); return said.splice(0); },
};
</script></body></html>
"""


def page(player: BrowserPlayer) -> bytes:
    """The page that runs a player; ``qa.start(url)`` starts it, ``qa.take()`` gives what has happened since."""
    return _PAGE.replace("SCRIPT", player.script).encode()


def library(player: BrowserPlayer, folder: Path | None) -> Path:
    """The file of a player's library, in the folder that npm installed it to. Raises InputError where it is not."""
    named = os.environ.get(VARIABLE, "")
    usual = Path(platformdirs.user_cache_dir("matinee")) / "players"
    root = folder or (Path(named) if named else usual)
    path = root / "node_modules" / player.package / player.library
    if not path.is_file():
        raise InputError(
            ErrorCode.INPUT_FILE,
            f"{player.package} is not in {root}: npm install --prefix {root} {player.package}",
        )
    return path


def plays(player: BrowserPlayer, url: str) -> bool:
    """Whether a player plays what lies at an address, by its ending."""
    return url.partition("?")[0].lower().endswith(player.plays)
