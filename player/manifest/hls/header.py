"""Tags that speak of a media playlist as a whole (RFC 8216bis 4.4.1 to 4.4.3, 4.4.5.3 and 4.4.5.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from player.manifest.hls.lexer import attribute_list, integer, is_yes, number
from player.manifest.hls.variables import Variables
from player.manifest.limits import MAX_DURATION_S
from player.manifest.model import ByteRange, PlaylistInfo, PreloadHint, RenditionReport
from player.manifest.parser_notes import Notes
from player.manifest.urls import Resolver


class HeaderReader:
    """Collects what those tags say in ``info``, ``hints`` and ``reports``; ``handlers`` go by the tag's name."""

    def __init__(self, url: str, resolve: Resolver, variables: Variables, notes: Notes) -> None:
        self.resolve = resolve
        self.variables = variables
        self.notes = notes
        self.info = PlaylistInfo(url)
        self.hints: list[PreloadHint] = []
        self.reports: list[RenditionReport] = []
        self.handlers: dict[str, Callable[[str, int], None]] = {
            "EXT-X-VERSION": self._version,
            "EXT-X-INDEPENDENT-SEGMENTS": self._independent,
            "EXT-X-START": self._start,
            "EXT-X-TARGETDURATION": self._target_duration,
            "EXT-X-ENDLIST": self._end_list,
            "EXT-X-PLAYLIST-TYPE": self._playlist_type,
            "EXT-X-I-FRAMES-ONLY": self._iframes_only,
            "EXT-X-PART-INF": self._part_inf,
            "EXT-X-SERVER-CONTROL": self._server_control,
            "EXT-X-PRELOAD-HINT": self._preload_hint,
            "EXT-X-RENDITION-REPORT": self._rendition_report,
        }

    def _version(self, value: str, line: int) -> None:
        version = integer(value)
        if version is None or version < 1:
            self.notes.warn("hls.bad_version", "EXT-X-VERSION is not a number.", line=line)
            return
        self.info = replace(self.info, version=version)

    def _independent(self, _value: str, _line: int) -> None:
        self.info = replace(self.info, independent_segments=True)

    def _start(self, value: str, line: int) -> None:
        offset, precise = read_start(self.variables.attributes(value, line), self.notes, line)
        self.info = replace(self.info, start_offset_s=offset, start_precise=precise)

    def _target_duration(self, value: str, line: int) -> None:
        target = number(value)
        if target is None or not 0 <= target <= MAX_DURATION_S:
            self.notes.warn("hls.bad_target_duration", "EXT-X-TARGETDURATION is not a number.", line=line)
            return
        if target != int(target):
            self.notes.warn(
                "hls.odd_target_duration", "EXT-X-TARGETDURATION must be a whole number of seconds.", line=line
            )
        self.info = replace(self.info, target_duration_s=target)

    def _end_list(self, _value: str, _line: int) -> None:
        self.info = replace(self.info, ended=True)

    def _playlist_type(self, value: str, line: int) -> None:
        kind = value.strip().upper()
        if kind not in ("VOD", "EVENT"):
            self.notes.warn("hls.bad_playlist_type", "EXT-X-PLAYLIST-TYPE is neither VOD nor EVENT.", line=line)
            return
        self.info = replace(self.info, playlist_type=kind)

    def _iframes_only(self, _value: str, _line: int) -> None:
        self.info = replace(self.info, iframes_only=True)

    def _part_inf(self, value: str, line: int) -> None:
        target = number(attribute_list(value).get("PART-TARGET"))
        if target is None or target < 0:
            self.notes.warn("hls.bad_part_inf", "EXT-X-PART-INF has no usable PART-TARGET.", line=line)
            return
        self.info = replace(self.info, part_target_s=target)

    def _server_control(self, value: str, _line: int) -> None:
        attributes = attribute_list(value)
        self.info = replace(
            self.info,
            can_block_reload=is_yes(attributes.get("CAN-BLOCK-RELOAD")),
            can_skip_until_s=number(attributes.get("CAN-SKIP-UNTIL")),
            can_skip_date_ranges=is_yes(attributes.get("CAN-SKIP-DATERANGES")),
            hold_back_s=number(attributes.get("HOLD-BACK")),
            part_hold_back_s=number(attributes.get("PART-HOLD-BACK")),
        )

    def _preload_hint(self, value: str, line: int) -> None:
        attributes = self.variables.attributes(value, line)
        uri = attributes.get("URI")
        if not uri:
            self.notes.warn("hls.hint_without_uri", "An EXT-X-PRELOAD-HINT has no URI.", line=line)
            return
        start = integer(attributes.get("BYTERANGE-START"))
        length = integer(attributes.get("BYTERANGE-LENGTH"))
        hint_range = None if start is None and length is None else ByteRange(start or 0, length)
        kind = attributes.get("TYPE", "")
        if any(hint.type == kind for hint in self.hints):
            self.notes.warn("hls.repeated_hint", f"There is more than one hint of type {kind}.", line=line)
        url = self.resolve(uri)
        self.notes.check_url(url, self.resolve.base, data_allowed=kind == "MAP", line=line)
        self.hints.append(PreloadHint(kind, url, hint_range))

    def _rendition_report(self, value: str, line: int) -> None:
        attributes = self.variables.attributes(value, line)
        uri = attributes.get("URI")
        if not uri:
            self.notes.warn("hls.report_without_uri", "An EXT-X-RENDITION-REPORT has no URI.", line=line)
            return
        url = self.resolve(uri)
        self.notes.check_url(url, self.resolve.base, line=line)
        self.reports.append(
            RenditionReport(url, integer(attributes.get("LAST-MSN")), integer(attributes.get("LAST-PART")))
        )


def read_start(attributes: Mapping[str, str], notes: Notes, line: int) -> tuple[float | None, bool]:
    """EXT-X-START (4.4.2.2): ``(TIME-OFFSET in seconds, PRECISE)``."""
    offset = number(attributes.get("TIME-OFFSET"))
    if offset is None:
        notes.warn("hls.bad_start", "EXT-X-START has no usable TIME-OFFSET.", line=line)
    return offset, is_yes(attributes.get("PRECISE"))
