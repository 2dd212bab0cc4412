"""An encrypted broadcast: FFmpeg opens what the packager closed, and a viewer plays over changes of keys."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest

from backend_stub.boxes import BoxError
from backend_stub.broadcaster.encryption import TrackKey, encrypted_fragment, encrypted_init
from backend_stub.broadcaster.fragments import Fragment, FragmentReader, InitSegment
from backend_stub.encoding import tools
from backend_stub.master_keys import MasterKeys
from backend_stub.services.addresses import ManifestUrls, SignedAddresses
from backend_stub.services.content_keys import KeyVault, PlainKey, keys_of_title
from player.stream import emitter
from player.stream.feed import TimedSample
from player.title.opening import PlaybackSource
from tests.kit import fragments
from tests.kit.backend import signed_in_viewer
from tests.kit.on_air import OnAir, on_air
from tests.kit.playback import null_player, signed_in_engine
from tests.kit.slices import slice_of
from tests.kit.waiting import PATIENCE_S, until

AAC_48K_STEREO = bytes.fromhex("1190")
KEY = TrackKey(PlainKey("SD", bytes(16), bytes(range(16))), bytes(16))


def test_damaged_samples_are_refused() -> None:
    (init,) = FragmentReader().feed(fragments.init())
    assert isinstance(init, InitSegment)
    assert b"encv" in encrypted_init(init.data, KEY)
    with pytest.raises(BoxError, match="NAL"):
        encrypted_fragment(fragments.fragment(0.0, 1.0, payload=b"\xff" * 20), init.read, KEY)
    with pytest.raises(BoxError, match="shape"):
        encrypted_fragment(fragments.fragment(0.0, 1.0) + fragments.box(b"free"), init.read, KEY)


def test_long_samples_are_split_as_the_boxes_can_say() -> None:
    """A NAL unit that stays clear may be longer than a clear range can be."""
    reader = FragmentReader()
    (init,) = reader.feed(fragments.init())
    assert isinstance(init, InitSegment)
    payload = b"".join(
        len(nal).to_bytes(4) + nal for nal in (b"\x06" + bytes(70_000), b"\x65" + bytes(range(256)) * 4)
    )
    (before,) = reader.feed(fragments.fragment(0.0, 1.0, sync=True, payload=payload))
    made = encrypted_fragment(fragments.fragment(0.0, 1.0, sync=True, payload=payload), init.read, KEY)
    (after,) = FragmentReader().feed(fragments.init() + made)[1:]
    assert isinstance(before, Fragment)
    assert isinstance(after, Fragment)
    assert (before.start_s, before.duration_s, before.independent) == (after.start_s, after.duration_s, True)
    assert made[-len(payload) :][: 70_009 + 4 + 60] == payload[: 70_009 + 4 + 60]
    assert made[-len(payload) :] != payload


def keys_of(made: OnAir) -> dict[str, str]:
    vault = KeyVault(MasterKeys(made.group.settings.secrets_dir))
    with made.group.context.database.read() as session:
        rows = keys_of_title(session, "chan")
        return {one.kid.hex(): one.key.hex() for one in vault.of_title(session, "chan", [row.kid for row in rows])}


def decodes(path: Path, key: str) -> bool:
    words = [tools.measuring(), "-v", "error", "-decryption_key", key, "-i", path, "-f", "null", "-"]
    found = subprocess.run(words, capture_output=True, check=False, timeout=60)
    return not found.returncode and not found.stderr


def test_keys_change_and_viewers_play_on(tmp_path: Path) -> None:
    with on_air(tmp_path / "data", "--encrypt", "4", "--window", "30") as made:
        with signed_in_engine(tmp_path / "profile", made.group) as engine, null_player() as player:
            session = engine.open(PlaybackSource(title_id="chan", variant=""), player, lambda _state: None)
            until(lambda: session.state.position_s > 0, "nothing is played")
            begun, begun_s = until(lambda: session.state.live_view), session.state.position_s
            assert begun is not None

            def played() -> bool:
                assert session.state.failure is None, session.state.failure
                return session.state.position_s > begun_s + 9

            until(played, "it stands")
            # Back over several changes, and on over one: each key that the window needs is there, old and new.
            window = session.state.live_view
            assert window is not None
            assert window.end_s - begun.end_s < 30, "it stood while the channel went on"
            assert window.end_s - window.start_s > 12, "three changes at least"
            for place_s in (window.start_s + 1, window.start_s + 7):
                session.seek(place_s)
                until(lambda place_s=place_s: abs(session.state.position_s - place_s) < 2, "not there")
                until(
                    lambda place_s=place_s: (
                        session.state.failure is not None or session.state.position_s > place_s + 5
                    ),
                    "it stands there",
                )
                assert session.state.failure is None, session.state.failure
            session.go_live()
            until(lambda: session.state.live_view is not None and session.state.live_view.following, "not live")
            now_s = session.state.position_s
            until(lambda: session.state.position_s > now_s + 2, "it stands live")
            session.stop()
            assert engine.wait(session, PATIENCE_S)
        with signed_in_viewer(made.group) as viewer:
            assert viewer.client.get("/catalog/chan").json()["progress"] is None, "there is no place to come back to"
        keys, tracks = keys_of(made), made.channel.tracks
        assert len({init.kid for track in tracks for init in track.inits.values()}) >= 6
        assert len(keys) <= 2 * 9, "those of periods that are over are deleted"
        for track in tracks:
            for (_, epoch), init in track.inits.items():
                home = made.folder / track.name
                whole = [each for each in track.segments if each.epoch == epoch and each.whole]
                if whole:
                    path = tmp_path / "epoch.mp4"
                    parts = [init.file, *(f"{each.number}.m4s" for each in whole)]
                    path.write_bytes(b"".join((home / part).read_bytes() for part in parts))
                    assert decodes(path, keys[init.kid]), (track.name, epoch)
                    assert not decodes(path, "00" * 16)


def hls_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service names the playlist for the MPD."""
    given = SignedAddresses.of

    def named(addresses: SignedAddresses, *words: Any) -> list[ManifestUrls]:
        return [replace(one, dash=one.hls) for one in given(addresses, *words)]

    monkeypatch.setattr(SignedAddresses, "of", named)


@pytest.mark.realtime
@pytest.mark.parametrize("form", slice_of(zip(("hls", "dash")), 1))
def test_nothing_is_opened_with_the_key_of_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    """At the edge a player loads what is not listed yet. Of sound each frame that goes to libmpv is decoded here."""
    frames: list[TimedSample] = []
    together = emitter._together

    def noted(offset: int, track: int, samples: Sequence[TimedSample]) -> Iterator[emitter.Piece]:
        frames.extend(samples if track >= emitter.FIRST_AUDIO_TRACK else ())
        return together(offset, track, samples)

    monkeypatch.setattr(emitter, "_together", noted)
    if form == "hls":
        hls_alone(monkeypatch)
    with (
        on_air(tmp_path / "data", "--encrypt", "4", "--window", "30") as made,
        signed_in_engine(tmp_path / "profile", made.group) as engine,
        null_player() as player,
    ):
        session = engine.open(PlaybackSource(title_id="chan", variant=""), player, lambda _state: None)
        until(lambda: session.state.position_s > 0, "nothing is played")
        begun_s = session.state.position_s
        until(lambda: session.state.position_s > begun_s + 10, "it stands")
        session.stop()
        assert engine.wait(session, PATIENCE_S)
    decoder = av.CodecContext.create("aac", "r")
    decoder.extradata = AAC_48K_STEREO
    decoded = [decoder.decode(av.Packet(bytes(frame.data))) for frame in frames]  # type: ignore[attr-defined]
    assert all(decoded)
    assert sum(len(frame.data) > 100 for frame in frames) > 20, "beeps: silence is too short to be encrypted"
    steps = [after.pts_s - before.pts_s for before, after in pairwise(frames)]
    assert max(steps) < 0.03, "cut where the picture is, to a frame"


@pytest.mark.realtime
@pytest.mark.parametrize("form", slice_of(zip(("hls", "dash")), 1))
def test_a_channel_plays_on_when_the_keys_of_its_start_are_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """Keys change each 4 s and live as long as the window of 12 s: a licence is asked for with those of its time."""
    if form == "hls":
        hls_alone(monkeypatch)
    with on_air(tmp_path / "data", "--encrypt", "4", "--window", "12") as made:
        until(lambda: made.channel.tracks[0].sequence > 1, "the window does not slide")
        with signed_in_engine(tmp_path / "profile", made.group) as engine, null_player() as player:
            session = engine.open(PlaybackSource(title_id="chan", variant=""), player, lambda _state: None)
            until(lambda: session.state.position_s > 0, "nothing is played")
            begun_s, keys = session.state.position_s, set(keys_of(made))

            def played() -> bool:
                assert session.state.failure is None, session.state.failure
                return session.state.position_s > begun_s + 30

            until(played, "it stands")
            assert not keys & set(keys_of(made)), "all keys of the start are gone"
            session.stop()
            assert engine.wait(session, PATIENCE_S)
