"""Rows of the error matrix, each with its real fault on the wire and with what the viewer sees of it.

The playbacks are whole (:mod:`tests.kit.viewing`) and in fast time. A row names the request kind, the failure and
where it strikes; what is asserted is the picture: nothing at all, a short stall, a gap, or one true sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from drm_client.errors import DrmError, DrmErrorCode
from player.base.errors import ErrorCode, NetError
from player.net.model import RequestKind
from tests.kit.transport import Act
from tests.kit.viewing import STEERING, Break, Seen, Title, Viewing, steering_answer

TWO, ONE = Title(), Title(cdns=("a",))
HLS = Title(hls=True, cdns=("a",))
LOCKED = Title(encrypted=True)
STEERED = Title(steered=True)
BROKEN = {
    ErrorCode.NET_DNS: "The server cannot be found.",
    ErrorCode.NET_UNREACHABLE: "The network has no route to the server.",
    ErrorCode.NET_TLS: "A secure connection could not be made.",
    ErrorCode.NET_PROTOCOL: "The server does not speak proper HTTP.",
}


@dataclass(frozen=True)
class Row:
    """One case. ``sees`` checks what came of it; ``did`` are steps that must have been taken."""

    name: str
    sees: Callable[[Seen], None]
    title: Title = TWO
    rules: Sequence[Mapping[str, Any]] = ()
    breaks: Sequence[Break] = ()
    did: Sequence[str] = ()
    acts: Mapping[str, Act] = field(default_factory=dict)
    broken: Callable[[float], None] = lambda _time_s: None


# --- what a viewer may see


def nothing(seen: Seen) -> None:
    """The whole title, without a stall or a gap."""
    assert seen.ended, (seen.failure, seen.sentence)
    assert seen.gaps == ()
    assert len(seen.shown) == 80
    assert seen.stalled_s == 0, seen.stalls


def stall(most_s: float) -> Callable[[Seen], None]:
    """The whole title, with at most so much waiting in it."""

    def check(seen: Seen) -> None:
        assert seen.ended, (seen.failure, seen.sentence)
        assert seen.gaps == ()
        assert len(seen.shown) == 80
        assert seen.stalled_s <= most_s, seen.stalls

    return check


def late(most_s: float) -> Callable[[Seen], None]:
    """A start that is late by no more than this, and then the whole title without a stall."""

    def check(seen: Seen) -> None:
        nothing(seen)
        assert seen.started_s is not None
        assert 0.2 < seen.started_s <= most_s

    return check


def gap(*starts_s: float) -> Callable[[Seen], None]:
    """The title to its end, without the segments that begin there."""

    def check(seen: Seen) -> None:
        assert seen.ended, (seen.failure, seen.sentence)
        assert seen.gaps == starts_s

    return check


def end(code: str, *words: str, after_s: float | None = None) -> Callable[[Seen], None]:
    """An end with this error and a sentence that says so; with ``after_s``, what came before it was shown."""

    def check(seen: Seen) -> None:
        assert not seen.ended
        assert seen.failure == code
        assert seen.sentence.endswith((".", "?"))
        assert all(word in seen.sentence for word in words), seen.sentence
        assert len(seen.shown) == (0 if after_s is None else after_s * 2)

    return check


# --- faults


def on(kind: str, fault: Mapping[str, Any], cdn: str | None = "a", **members: Any) -> dict[str, Any]:
    match = {"kind": kind} | ({} if cdn is None else {"pathway": cdn})
    if "path" in members:
        match["path"] = members.pop("path")
    return {"match": match, "fault": fault, **members}


def status(number: int, retry_after_s: float | None = None) -> dict[str, Any]:
    return {"type": "status", "status": number} | ({} if retry_after_s is None else {"retry_after_s": retry_after_s})


def snap(code: ErrorCode) -> NetError:
    return NetError(code, BROKEN[code], recoverable=True)


REFUSE = {"type": "refuse"}
SILENT = {"type": "delay", "seconds": 60}
CUT = {"type": "cut", "after_bytes": 200}
STALLED = {"type": "stall", "after_bytes": 200}
SHORT = {"type": "truncate", "after_bytes": 200}
SPOILED = {"type": "corrupt", "at_byte": 100, "length": 40}
WIRE = {
    "refused": REFUSE,
    "silent": SILENT,
    "cut": CUT,
    "stalled": STALLED,
    "404": status(404),
    "410": status(410),
    "429 with Retry-After": status(429, 20),
    "503": status(503),
    "400": status(400),
}
NEVER_SEEN = {"refused", "cut", "404", "410", "429 with Retry-After", "503", "400"}
THIRD = {"path": "*v?-3.m4s"}  # the third segment, at every rung


def rows() -> list[Row]:
    return [
        *_one_cdn_fails(),
        *_segments_soon_served(),
        *_segments_missing(),
        *_network_lost(),
        *_segments_damaged(),
        *_undecryptable(),
        *_starts(),
        *_sessions(),
        *_renewals(),
        *_keys_and_licences(),
        *_steering(),
    ]


def _one_cdn_fails() -> list[Row]:
    """A fault on one CDN for good, of each kind of request: the other one serves."""
    found = []
    for name, fault in WIRE.items():
        found += [
            Row(f"segment, {name}, on one CDN", nothing, rules=[on("segment", fault, skip=4)], did=["other_path"]),
            Row(f"init, {name}, on one CDN", late(12), rules=[on("init", fault)], did=["other_path"])
            if name not in NEVER_SEEN
            else Row(f"init, {name}, on one CDN", nothing, rules=[on("init", fault)], did=["other_path"]),
            Row(f"manifest, {name}, on one CDN", stall(0), rules=[on("manifest", fault)], did=["other_path"]),
        ]
    for code in BROKEN:
        error = Break(snap(code), RequestKind.SEGMENT, "a", skip=4)
        found.append(Row(f"segment, {code}, on one CDN", nothing, breaks=[error], did=["other_path"]))
        error = Break(snap(code), RequestKind.MANIFEST, "a")
        found.append(Row(f"manifest, {code}, on one CDN", nothing, breaks=[error], did=["other_path"]))
    return found


def _segments_soon_served() -> list[Row]:
    """Segments that come after all: once the link or the server is itself again."""
    slow = {"type": "bandwidth", "kbps": 60}
    return [
        Row("segment, slower than real time", nothing, rules=[on("segment", slow, skip=6)], did=["other_path"]),
        Row("segment, 404 once", nothing, ONE, [on("segment", status(404), skip=4, count=1)], did=["retry"]),
        Row("segment, 503 three times", nothing, ONE, [on("segment", status(503), skip=4, count=3)], did=["retry"]),
        Row(
            "segment, 429, waits as long as it is asked to",
            nothing,
            ONE,
            [on("segment", status(429, 3), skip=6, count=1)],
            did=["retry"],
        ),
        Row("segment, 416 once", nothing, ONE, [on("segment", status(416), skip=4, count=1)], did=["retry"]),
        Row("segment, cut three times", nothing, ONE, [on("segment", CUT, skip=4, count=3)], did=["retry"]),
    ]


def _segments_missing() -> list[Row]:
    """Segments that are not there, at one rung or at every one."""
    return [
        Row("segment, 404 at every rung", gap(8.0), ONE, [on("segment", status(404), **THIRD)], did=["skipped"]),
        Row("segment, 410 at every rung", gap(8.0), TWO, [on("segment", status(410), None, **THIRD)]),
        Row(
            "segment, 404 at one rung",
            nothing,
            ONE,
            [on("segment", status(404), path="*v2-6.m4s")],
            did=["other_rung"],
        ),
        Row("audio, 404 at one segment", nothing, ONE, [on("segment", status(404), path="*a-3.m4s")]),
    ]


def _network_lost() -> list[Row]:
    """No server at all, for a while or for good."""
    return [
        Row(
            "segment, network lost for 15 s",
            nothing,
            TWO,
            [on("segment", REFUSE, None, from_s=3, until_s=18)],
            did=["wait_for_network"],
        ),
        Row(
            "segment, network lost for 40 s",
            stall(40),
            TWO,
            breaks=[],
            rules=[on("segment", REFUSE, None, from_s=3, until_s=43)],
            did=["wait_for_network"],
        ),
        Row(
            "segment, every CDN has a fault for good",
            end("net.refused", "refuses", after_s=12),
            TWO,
            [on("segment", REFUSE, None, path="*-[4-9].m4s"), on("segment", REFUSE, None, path="*-10.m4s")],
        ),
    ]


def _segments_damaged() -> list[Row]:
    """Bytes that are not what the title has, on one CDN or on every one."""
    return [
        Row("segment, corrupt, on one CDN", nothing, rules=[on("segment", SPOILED, **THIRD)], did=["damaged"]),
        Row("segment, wrong length, on one CDN", nothing, rules=[on("segment", SHORT, **THIRD)], did=["damaged"]),
        Row("audio, corrupt on one CDN", nothing, TWO, [on("segment", SPOILED, path="*a-3.m4s")]),
        Row("segment, corrupt on every CDN", gap(8.0), TWO, [on("segment", SPOILED, None, **THIRD)], did=["skipped"]),
        Row(
            "segment, wrong length on every CDN",
            gap(8.0),
            TWO,
            [on("segment", SHORT, None, **THIRD)],
            did=["skipped"],
        ),
    ]


def _undecryptable() -> list[Row]:
    """Samples that the decryption refuses, for a while or for good."""
    return [
        Row(
            "decoder, decryption fails twice",
            stall(1),
            LOCKED,
            broken=_undecryptable_times(8.0, 2),
            did=["damaged"],
        ),
        Row(
            "decoder, decryption fails for good",
            end("drm.decrypt_failed", "decrypted", after_s=7),
            LOCKED,
            broken=_undecryptable_from(8.0),
        ),
    ]


def _starts() -> list[Row]:
    """Failures before the first picture: soon told, and truly."""
    gone = status(404)
    return [
        Row("manifest, refused everywhere", end("net.refused", "refuses"), rules=[on("manifest", REFUSE, None)]),
        Row("manifest, 404 everywhere", end("http.not_found", "404"), rules=[on("manifest", gone, None)]),
        Row("manifest, 503 twice", late(4), ONE, [on("manifest", status(503), count=2)], did=["retry"]),
        Row("init, 404 everywhere", end("http.not_found", "404"), rules=[on("init", gone, None)]),
        Row("init, corrupt, on one CDN", nothing, rules=[on("init", SPOILED)]),
        Row("init, corrupt once", nothing, ONE, rules=[on("init", SPOILED, count=1)]),
        Row("init, corrupt everywhere", end("media.damaged", "damaged"), rules=[on("init", SPOILED, None)]),
        Row("init, 503 twice", late(4), ONE, [on("init", status(503), count=2)], did=["retry"]),
        Row(
            "first segment, 503 twice",
            late(4),
            ONE,
            [on("segment", status(503), path="*v0-1.m4s", count=2)],
            did=["retry"],
        ),
        Row(
            "manifest, name not found anywhere",
            end("net.dns", "cannot be found"),
            breaks=[Break(snap(ErrorCode.NET_DNS), RequestKind.MANIFEST)],
        ),
        Row(
            "media playlist, 503 twice",
            late(4),
            HLS,
            [on("manifest", status(503), path="*v?.m3u8", count=2)],
            did=["retry"],
        ),
    ]


def _refused_while_old(code: ErrorCode, sentence: str) -> list[Break]:
    """Segments are refused until the title has new addresses."""
    return [Break(NetError(code, sentence, recoverable=True), RequestKind.SEGMENT, path="/s/old/", skip=4)]


OLD = _refused_while_old(ErrorCode.HTTP_FORBIDDEN, "The server refuses access (403).")
SKEWED = _refused_while_old(ErrorCode.CLOCK_SKEW, "The server refuses access, and the clock is wrong.")


def _sessions() -> list[Row]:
    """Signatures that expire, and access that is refused."""
    return [
        Row("segment, signature expired", nothing, breaks=OLD, did=["refresh_session"]),
        Row("segment, refused while the clock is wrong", nothing, breaks=SKEWED, did=["refresh_session"]),
        Row(
            "segment, 401 once", nothing, ONE, [on("segment", status(401), skip=4, count=1)], did=["refresh_session"]
        ),
        Row(
            "segment, 403 for good",
            end("http.forbidden", "403", after_s=12),
            TWO,
            [on("segment", status(403), None, path="*-[4-9].m4s"), on("segment", status(403), None, path="*-10.m4s")],
            did=["refresh_session"],
        ),
        Row(
            "manifest, signature expired",
            nothing,
            ONE,
            [on("manifest", status(403), count=1)],
            did=["refresh_session"],
        ),
    ]


def _renewals() -> list[Row]:
    """The service behind the signatures, while addresses are renewed."""
    return [
        Row(
            "api, 503 twice while addresses are renewed",
            nothing,
            breaks=OLD,
            rules=[on("api", status(503), None, count=2)],
        ),
        Row(
            "api, refused twice while addresses are renewed",
            nothing,
            breaks=OLD,
            rules=[on("api", REFUSE, None, count=2)],
        ),
        Row(
            "api, silent once while addresses are renewed",
            stall(3),
            breaks=OLD,
            rules=[on("api", SILENT, None, count=1)],
        ),
        Row(
            "api, away for good while addresses are renewed",
            end("http.server", "fault", after_s=8),
            breaks=OLD,
            rules=[on("api", status(503), None)],
        ),
    ]


def _undecryptable_from(start_s: float) -> Callable[[float], None]:
    def broken(time_s: float) -> None:
        if time_s >= start_s:
            raise DrmError(DrmErrorCode.DECRYPT_FAILED, "A part of this title cannot be decrypted.")

    return broken


def _undecryptable_times(start_s: float, times: int) -> Callable[[float], None]:
    failing = _undecryptable_from(start_s)
    left = [times]

    def broken(time_s: float) -> None:
        if time_s >= start_s and left[0]:
            left[0] -= 1
            failing(time_s)

    return broken


def _keys_and_licences() -> list[Row]:
    key = {"path": "*/key"}
    away = Break(NetError(ErrorCode.NET_REFUSED, "The server refuses the connection."), RequestKind.KEY)
    return [
        Row("nothing fails, encrypted as a whole", nothing, HLS),
        Row("key, 503 twice", late(4), HLS, [on("key", status(503), None, count=2)], did=["retry"]),
        Row(
            "key, cut once",
            late(4),
            HLS,
            [on("key", {"type": "cut", "after_bytes": 5}, None, count=1)],
            did=["retry"],
        ),
        Row("key, 403 once", nothing, HLS, [on("key", status(403), None, count=1)], did=["refresh_session"]),
        Row("key, 404 for good", end("http.not_found", "404"), HLS, [on("key", status(404), None, **key)]),
        Row("key, refused for good", end("net.refused", "refuses"), HLS, breaks=[away]),
        Row("nothing fails, samples encrypted", nothing, LOCKED),
        Row("licence, refused once", late(6), LOCKED, [on("licence", REFUSE, None, count=1)]),
        Row("licence, 503 twice", late(8), LOCKED, [on("licence", status(503), None, count=2)]),
        Row("licence, two seconds late", late(3), LOCKED, [on("licence", {"type": "delay", "seconds": 2}, None)]),
        Row("licence, cut once", late(6), LOCKED, [on("licence", {"type": "cut", "after_bytes": 9}, None, count=1)]),
    ]


def _steering() -> list[Row]:
    """Whatever the steering server does, playback goes on."""
    moved = Act(body=steering_answer("b", "a"))
    bad = {
        "refused": (REFUSE, moved),
        "silent": (SILENT, moved),
        "cut": ({"type": "cut", "after_bytes": 9}, moved),
        "stalled": ({"type": "stall", "after_bytes": 9}, moved),
        "404": (status(404), moved),
        "410": (status(410), moved),
        "429": (status(429, 60), moved),
        "503": (status(503), moved),
        "corrupt": ({"type": "corrupt", "at_byte": 2, "length": 9}, moved),
    }
    return [
        *(
            Row(
                f"steering, {name}",
                nothing,
                STEERED,
                [on("steering", fault, None)],
                did=["steering_failed"],
                acts={STEERING: act},
            )
            for name, (fault, act) in bad.items()
        ),
        Row(
            "steering, to a CDN that is dead",
            nothing,
            STEERED,
            [on("segment", REFUSE, "b")],
            did=["steering", "path_switch"],
            acts={STEERING: moved},
        ),
        Row("steering, to another CDN", nothing, STEERED, did=["steering"], acts={STEERING: moved}),
    ]


ROWS = rows()


def test_there_are_enough_rows_of_every_kind() -> None:
    names = [row.name for row in ROWS]
    assert len(names) >= 60
    assert len(set(names)) == len(names)
    assert {name.split(",")[0] for name in names} >= {
        "manifest",
        "init",
        "segment",
        "key",
        "licence",
        "steering",
        "api",
    }


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_row(row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    viewing = Viewing(row.title, row.rules, row.breaks, broken=row.broken)
    monkeypatch.setattr("player.stream.sources.open_demuxer", viewing.open_demuxer)
    for url, act in row.acts.items():
        viewing.transport._always = {url: act, **viewing.transport._always}
    seen = await viewing.run()
    row.sees(seen)
    for kind in row.did:
        assert seen.did(kind), {note.kind for note in seen.notes}
    assert viewing.gate.busy == 0, "no exchange is left behind"
    assert viewing.transport.open_now == 0
