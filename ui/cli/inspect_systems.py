"""What a presentation's key systems tell without a licence: PSSH boxes, PlayReady headers, ``skd:`` addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from drm_client import systems
from drm_client.errors import DrmError
from drm_client.pssh import parse_pssh
from player.manifest.edit import iter_renditions
from player.manifest.model import KeyInfo, ManifestProtocol, Presentation, Rendition, loaded_segments

_MAX_SEGMENTS = 2000  # of a rendition, in which keys are looked for


@dataclass(frozen=True, slots=True)
class SystemSummary:
    """One key system in a presentation. ``key_ids`` are those that its own data name; ``licence_urls`` where to ask;
    ``details`` what else its data tell; ``problems`` why some of them could not be read."""

    system_id: str
    name: str
    key_ids: tuple[bytes, ...] = ()
    licence_urls: tuple[str, ...] = ()
    details: tuple[tuple[str, str], ...] = ()
    problems: tuple[str, ...] = field(default=())

    def as_json(self) -> dict[str, object]:
        return {
            "system_id": self.system_id,
            "name": self.name,
            "key_ids": [kid.hex() for kid in self.key_ids],
            "licence_urls": list(self.licence_urls),
            "details": dict(self.details),
            "problems": list(self.problems),
        }


def key_systems(presentation: Presentation) -> tuple[SystemSummary, ...]:
    """The key systems that a presentation names, each once, in its own order."""
    found: dict[str, SystemSummary] = {}
    is_hls = presentation.protocol is ManifestProtocol.HLS  # an MPD's systems stand in its protections
    for _, _, rendition in iter_renditions(presentation):
        for item in (*_of_protections(rendition), *_of_keys(_keys(rendition) if is_hls else ())):
            found[item.system_id] = _joined(found.get(item.system_id), item)
    for item in _of_keys(session.key for session in presentation.session_keys):
        found[item.system_id] = _joined(found.get(item.system_id), item)
    return tuple(found.values())


def lines(presentation: Presentation) -> Iterator[str]:
    """The same for people, a line for each system."""
    for summary in key_systems(presentation):
        words = [f"{summary.name} ({summary.system_id})"]
        words += [f"key {kid.hex()}" for kid in summary.key_ids]
        words += [f"licences from {url}" for url in summary.licence_urls]
        words += [f"{name} {value}" for name, value in summary.details]
        yield "  ".join([*words, *summary.problems])


def _of_protections(rendition: Rendition) -> Iterator[SystemSummary]:
    for protection in rendition.protections:
        if protection.system_id is None:
            continue
        summary = _named(protection.system_id)
        yield replace(summary, licence_urls=protection.licence_urls)
        for box in protection.pssh:
            yield from _of_pssh(summary, box)


def _of_pssh(summary: SystemSummary, boxes: bytes) -> Iterator[SystemSummary]:
    try:
        for pssh in parse_pssh(boxes):
            data = systems.describe_pssh(pssh)
            urls = () if data.licence_url is None else (data.licence_url,)
            yield SystemSummary(data.system_id, data.name, data.key_ids, urls, data.details)
    except DrmError as error:
        yield replace(summary, problems=(error.sentence,))


def _keys(rendition: Rendition) -> Iterator[KeyInfo]:
    index = loaded_segments(rendition.segments)
    if index is None:
        return
    for position in range(min(len(index), _MAX_SEGMENTS)):
        yield from index[position].keys


def _of_keys(keys: Iterable[KeyInfo]) -> Iterator[SystemSummary]:
    for key in dict.fromkeys(keys):
        system = systems.system_of_keyformat(key.keyformat)
        if key.method == "NONE" or system is None or key.keyformat == "identity":
            continue
        asset = systems.fairplay_asset(key.uri or "")
        details = () if asset is None else (("asset", asset),)
        yield replace(_named(system), key_ids=() if key.key_id is None else (key.key_id,), details=details)


def _named(system_id: str) -> SystemSummary:
    return SystemSummary(system_id, systems.system_name(system_id))


def _joined(known: SystemSummary | None, more: SystemSummary) -> SystemSummary:
    if known is None:
        return more
    return replace(
        known,
        key_ids=tuple(dict.fromkeys((*known.key_ids, *more.key_ids))),
        licence_urls=tuple(dict.fromkeys((*known.licence_urls, *more.licence_urls))),
        details=tuple(dict.fromkeys((*known.details, *more.details))),
        problems=tuple(dict.fromkeys((*known.problems, *more.problems))),
    )
