"""The rules of RFC 8216bis 6.2.5 and 6.2.6 on what a server answers: delta updates, blocking reloads, parts, hints.

``fetch`` asks the server; everything else is pure.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlencode, urljoin, urlsplit

from player.qa.conform.model import BIS, ConformanceFinding, Severity
from player.qa.conform.playlist import Playlist, number, playlist

_SLACK_S = 1.0
_PARTS_STAY = 3  # target durations


class Answer(NamedTuple):
    """``text`` is empty where the server refused, or sent no playlist."""

    ok: bool
    text: str = ""


Fetch = Callable[[str, str], Awaitable[Answer]]
"""Ask for an address, and for a range of it as in EXT-X-BYTERANGE (empty: all of it)."""


@dataclass(frozen=True, slots=True)
class DeliveryRule:
    """A rule about an answer of the server."""

    code: str
    clause: str
    severity: Severity
    text: str


def _must(code: str, clause: str, text: str) -> DeliveryRule:
    return DeliveryRule(code, f"{BIS} {clause}", Severity.MUST, text)


PART = _must("delivery.part", "6.2.1", "A listed part is available.")
DELTA = _must("delivery.delta", "6.2.5.1", "A server that offers delta updates sends one where it is asked.")
DELTA_KEEPS = _must("delivery.delta_keeps", "6.2.5.1", "A delta update has all that it does not skip.")
DELTA_UNASKED = _must(
    "delivery.delta_unasked", "6.2.5.1", "Without CAN-SKIP-UNTIL, and after the end, the whole playlist is sent."
)
WHOLE = _must("delivery.whole", "6.2.5.2", "A request for an old segment is answered with the whole playlist.")
NEXT_PARENT = _must(
    "delivery.next_parent", "6.2.5.2", "A part behind the last one of a segment is the first of the next."
)
ENDED = _must("delivery.ended", "6.2.5.2", "After the end no request waits for more.")
PART_ALONE = _must("delivery.part_alone", "6.2.5.2", "A part of no segment is a bad request.")
HINT = _must("delivery.hint", "6.2.6", "What is hinted can be requested.")
REMOVED = _must("delivery.removed", "6.2.2", "A removed segment stays for its availability duration.")
REMOVED_PART = _must("delivery.removed_part", "6.2.2", "A removed part stays for three target durations.")
RULES: tuple[DeliveryRule, ...] = (
    PART, DELTA, DELTA_KEEPS, DELTA_UNASKED, WHOLE, NEXT_PARENT, ENDED, PART_ALONE, HINT, REMOVED, REMOVED_PART,
)  # fmt: skip


async def judged(fetch: Fetch, name: str, url: str, text: str) -> list[ConformanceFinding]:
    """What the server of a media playlist breaks; ``text`` is the playlist as it is now."""
    now = playlist(text)
    found = [
        *await _delta(fetch, url, now),
        *(await _blocking(fetch, url, now) if _control(now).get("CAN-BLOCK-RELOAD") == "YES" else ()),
        *await _parts(fetch, url, now),
    ]
    return [ConformanceFinding(rule, name, 1, sentence) for rule, sentence in found]


async def removed(
    fetch: Fetch, name: str, url: str, before: str, after: str, passed_s: float
) -> list[ConformanceFinding]:
    """What is removed from a live playlist and gone too early; ``before`` is the playlist of ``passed_s`` ago.

    The last segment of ``before`` was listed a target duration before that at most, each other one earlier by what
    lies between. Each stays from then for its own duration and that of the playlist.
    """
    then, now = playlist(before), playlist(after)
    if then.has("EXT-X-ENDLIST") or now.has("EXT-X-ENDLIST", "EXT-X-SKIP") or now.has("EXT-X-BYTERANGE"):
        return []
    found: _Broken = []
    listed = set(_segments(now))
    end_s, target_s = 0.0, then.seconds("EXT-X-TARGETDURATION") or 0.0
    durations = [number(line.value.partition(",")[0].strip()) or 0.0 for line in then.all("EXTINF")]
    for segment, duration_s in zip(_segments(then), durations, strict=False):
        end_s += duration_s
        stays = segment not in listed and end_s + duration_s - target_s > passed_s + _SLACK_S
        if stays and not (await fetch(urljoin(url, segment[1]), "")).ok:
            found.append((REMOVED, f"{segment[1][:60]} was removed in the last {passed_s:.1f} s and is gone."))
            break
    gone = [each for each in then.lists("EXT-X-PART") if each not in list(now.lists("EXT-X-PART"))]
    for part in gone[:1] if passed_s + _SLACK_S < _PARTS_STAY * target_s else ():
        answer = await fetch(urljoin(url, part.get("URI", "")), part.get("BYTERANGE", ""))
        if not answer.ok:
            found.append((REMOVED_PART, f"{part.get('URI', '')[:60]} was listed {passed_s:.1f} s ago and is gone."))
    return [ConformanceFinding(rule, name, 1, sentence) for rule, sentence in found]


_Broken = list[tuple[DeliveryRule, str]]


async def _delta(fetch: Fetch, url: str, now: Playlist) -> _Broken:
    """A delta update is wanted where there is a segment to skip."""
    skip_s = number(_control(now).get("CAN-SKIP-UNTIL", ""))
    answer = await fetch(_asking(url, _HLS_skip="YES"), "")
    delta = playlist(answer.text)
    skips = delta.has("EXT-X-SKIP")
    ended = now.has("EXT-X-ENDLIST")
    if skip_s is None or ended:
        why = "had ended" if ended else "has no CAN-SKIP-UNTIL"
        return [(DELTA_UNASKED, f"The playlist {why}, and a delta update was sent.")] if skips else []
    if not skips:
        target_s = now.seconds("EXT-X-TARGETDURATION") or 0.0
        old = _length_s(now) > skip_s + target_s
        return [(DELTA, f"{_length_s(now):g} s were listed and none was skipped.")] if old and answer.ok else []
    before, after = dict(_segments(now)), dict(_segments(delta))
    apart = [count for count in before.keys() & after.keys() if before[count] != after[count]]
    holes = [count for count in before if after and min(after) < count <= max(after) and count not in after]
    if apart or holes or not after:
        place = min([*apart, *holes], default=0)
        return [(DELTA_KEEPS, f"Segment {place} of a delta update is not that of the whole playlist.")]
    return []


async def _blocking(fetch: Fetch, url: str, now: Playlist) -> _Broken:
    broken: _Broken = []
    listed = dict(_segments(now))
    first, last = min(listed, default=0), max(listed, default=0)
    alone = await fetch(_asking(url, _HLS_part=0), "")
    if alone.ok:
        broken.append((PART_ALONE, "A request with _HLS_part and no _HLS_msn was answered."))
    if now.has("EXT-X-ENDLIST"):
        answer = await fetch(_asking(url, _HLS_msn=last + 2), "")
        return broken if answer.ok else [*broken, (ENDED, "A request for a segment behind the end was refused.")]
    answer = await fetch(_asking(url, _HLS_msn=first), "")
    got = dict(_segments(playlist(answer.text)))
    if not answer.ok or (got and max(got) < last) or (answer.text and not got):
        broken.append((WHOLE, f"A request for segment {first} did not bring the whole playlist."))
    parent, count = _last_parent(now)
    if count:
        beyond = await fetch(_asking(url, _HLS_msn=parent, _HLS_part=count), "")
        if not beyond.ok:
            broken.append(
                (NEXT_PARENT, f"A request for part {count} of segment {parent}, which has {count}, failed.")
            )
    return broken


async def _parts(fetch: Fetch, url: str, now: Playlist) -> _Broken:
    broken: _Broken = []
    parts = [each for each in now.lists("EXT-X-PART") if each.get("GAP") != "YES"]
    if parts and not (await fetch(urljoin(url, parts[-1].get("URI", "")), parts[-1].get("BYTERANGE", ""))).ok:
        broken.append((PART, f"The part {parts[-1].get('URI', '')[:60]} is listed and not available."))
    hints = [each for each in now.lists("EXT-X-PRELOAD-HINT") if "URI" in each and "BYTERANGE-START" not in each]
    if hints and not now.has("EXT-X-ENDLIST") and not (await fetch(urljoin(url, hints[0]["URI"]), "")).ok:
        broken.append((HINT, f"{hints[0]['URI'][:60]} is hinted, and a request for it failed."))
    return broken


def _control(found: Playlist) -> Mapping[str, str]:
    return next(found.lists("EXT-X-SERVER-CONTROL"), {})


def _asking(url: str, **directives: object) -> str:
    parts = urlsplit(url)
    query = "&".join(each for each in (parts.query, urlencode(directives)) if each)
    return parts._replace(query=query).geturl()


def _length_s(found: Playlist) -> float:
    return sum(number(line.value.partition(",")[0].strip()) or 0.0 for line in found.all("EXTINF"))


def _segments(found: Playlist) -> Iterator[tuple[int, str]]:
    """Media sequence number and address of each listed segment."""
    skipped = next((number(each.get("SKIPPED-SEGMENTS", "")) for each in found.lists("EXT-X-SKIP")), 0) or 0
    count = int(found.seconds("EXT-X-MEDIA-SEQUENCE") or 0) + int(skipped)
    for line in found.lines if found.is_media else ():
        if not line.tag:
            yield count, line.value
            count += 1


def _last_parent(found: Playlist) -> tuple[int, int]:
    """The last whole segment whose parts are listed, and how many it has."""
    count, parts, last = int(found.seconds("EXT-X-MEDIA-SEQUENCE") or 0), 0, (0, 0)
    for line in found.lines:
        if line.tag == "EXT-X-PART":
            parts += 1
        elif not line.tag:
            last = (count, parts) if parts else last
            count, parts = count + 1, 0
    return last
