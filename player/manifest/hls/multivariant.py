"""Multivariant playlists (RFC 8216bis 4.4.6): lines in, one record for each tag out.

:mod:`player.manifest.hls.tracks` makes tracks of the records.
"""

from __future__ import annotations

from collections.abc import Callable

from player.base.errors import ErrorCode, ManifestError
from player.manifest.hls.entries import Multivariant, MultivariantEntry
from player.manifest.hls.findings import check_multivariant, check_repeated
from player.manifest.hls.header import read_start
from player.manifest.hls.keys import read_key
from player.manifest.hls.lexer import Tag, check_header, integer, iter_tags, split_lines
from player.manifest.hls.tags import ONCE, TAGS, Scope
from player.manifest.hls.variables import Variables
from player.manifest.limits import MAX_RENDITIONS, limit_error
from player.manifest.model import ContentSteering, SessionData, SessionKey, SourcePosition
from player.manifest.urls import Resolver


def parse_multivariant(text: str, url: str) -> Multivariant:
    """Read a multivariant playlist. Raises :class:`ManifestError` where parsing must fail."""
    return _MultivariantReader(url).read(split_lines(text))


class _MultivariantReader:
    def __init__(self, url: str) -> None:
        self.url = url
        self.resolve = Resolver(url)
        self.variables = Variables(url)
        self.result = Multivariant(url)
        self.notes = self.result.notes
        self.once: dict[str, int] = {}  # how often the tags stand that may stand once
        self.once_lines: dict[str, int] = {}
        self.forbidden: ManifestError | None = None  # the first address that was refused
        self.waiting: Tag | None = None  # a STREAM-INF whose URI line is still to come
        self.handlers: dict[str, Callable[[Tag], None]] = {
            "EXTM3U": lambda _tag: None,
            "EXT-X-VERSION": self._version,
            "EXT-X-INDEPENDENT-SEGMENTS": self._independent,
            "EXT-X-START": self._start,
            "EXT-X-DEFINE": lambda tag: self.variables.define(tag.value, tag.line),
            "EXT-X-MEDIA": self._media,
            "EXT-X-STREAM-INF": self._stream,
            "EXT-X-I-FRAME-STREAM-INF": lambda tag: self._own_uri(tag, self.result.iframes),
            "EXT-X-IMAGE-STREAM-INF": lambda tag: self._own_uri(tag, self.result.images),
            "EXT-X-SESSION-DATA": self._session_data,
            "EXT-X-SESSION-KEY": self._session_key,
            "EXT-X-CONTENT-STEERING": self._steering,
        }

    def read(self, lines: list[str]) -> Multivariant:
        check_header(lines, self.notes)
        for item in iter_tags(lines):
            if isinstance(item, Tag):
                self._tag(item)
            else:
                self._uri(*item)
        if self.waiting is not None:
            self._no_uri(self.waiting)
        if self.forbidden is not None and not self.result.variants:
            raise self.forbidden
        self.result.variables = self.variables.values
        check_repeated(self.once, self.once_lines, self.notes)
        check_multivariant(self.result)
        return self.result

    def _tag(self, tag: Tag) -> None:
        handler = self.handlers.get(tag.name)
        if handler is not None:
            handler(tag)
            if tag.name in ONCE:
                self.once[tag.name] = self.once.get(tag.name, 0) + 1
                self.once_lines[tag.name] = tag.line
            return
        scope = TAGS.get(tag.name, (None, ""))[0]
        if scope in (Scope.SEGMENT, Scope.MEDIA):
            self.notes.warn("hls.misplaced_tag", f"{tag.name} belongs into a media playlist.", line=tag.line)
        self.notes.unused(tag.name)

    def _uri(self, uri: str, line: int) -> None:
        tag = self.waiting
        self.waiting = None
        if tag is None:
            self.notes.warn("hls.uri_without_stream_inf", "A URI follows no EXT-X-STREAM-INF.", line=line)
            return
        attributes = self._attributes(tag)
        url = self._url(self.variables.substitute(uri, line), line)
        if url is not None:
            self._add(self.result.variants, MultivariantEntry(attributes, url, tag.line))

    def _add(self, entries: list[MultivariantEntry], entry: MultivariantEntry) -> None:
        if len(entries) >= MAX_RENDITIONS:
            raise limit_error("the playlist has too many renditions", MAX_RENDITIONS, line=entry.line)
        entries.append(entry)

    def _attributes(self, tag: Tag) -> dict[str, str]:
        return self.variables.attributes(tag.value, tag.line)

    def _url(self, reference: str, line: int) -> str | None:
        """The address that a tag names; None for a file of this machine: the rest is available without it."""
        url = self.resolve(reference)
        try:
            self.notes.check_url(url, self.url, data_allowed=True, line=line)
        except ManifestError as error:
            if error.code is not ErrorCode.MANIFEST_FORBIDDEN_URL:
                raise
            self.forbidden = self.forbidden or error
            self.notes.warn("hls.forbidden_rendition", f"{error.sentence} The rest is played.", line=line)
            return None
        return url

    def _no_uri(self, tag: Tag) -> None:
        self.notes.warn("hls.stream_inf_without_uri", f"{tag.name} is followed by no URI.", line=tag.line)

    # -- tags ----------------------------------------------------------------------------------------------------

    def _version(self, tag: Tag) -> None:
        self.result.version = integer(tag.value)
        if self.result.version is None:
            self.notes.warn("hls.bad_version", "EXT-X-VERSION is not a number.", line=tag.line)

    def _independent(self, _tag: Tag) -> None:
        self.result.independent_segments = True

    def _start(self, tag: Tag) -> None:
        offset, precise = read_start(self._attributes(tag), self.notes, tag.line)
        self.result.start_offset_s, self.result.start_precise = offset, precise

    def _stream(self, tag: Tag) -> None:
        if self.waiting is not None:
            self._no_uri(self.waiting)
        self.waiting = tag

    def _media(self, tag: Tag) -> None:
        attributes = self._attributes(tag)
        for name in ("TYPE", "GROUP-ID", "NAME"):
            if not attributes.get(name):
                self.notes.warn("hls.media_attribute_missing", f"An EXT-X-MEDIA has no {name}.", line=tag.line)
        uri = attributes.get("URI")
        url = self._url(uri, tag.line) if uri else ""
        if url is not None:
            self._add(self.result.media, MultivariantEntry(attributes, url, tag.line))

    def _own_uri(self, tag: Tag, entries: list[MultivariantEntry]) -> None:
        attributes = self._attributes(tag)
        uri = attributes.get("URI")
        if not uri:
            self._no_uri(tag)
            return
        url = self._url(uri, tag.line)
        if url is not None:
            self._add(entries, MultivariantEntry(attributes, url, tag.line))

    def _session_data(self, tag: Tag) -> None:
        attributes = self._attributes(tag)
        identity = attributes.get("DATA-ID", "")
        if not identity:
            self.notes.warn("hls.session_data_without_id", "An EXT-X-SESSION-DATA has no DATA-ID.", line=tag.line)
        uri = attributes.get("URI")
        self.result.session_data.append(
            SessionData(
                id=identity,
                value=attributes.get("VALUE"),
                uri=self.resolve(uri) if uri else None,
                language=attributes.get("LANGUAGE"),
                format=attributes.get("FORMAT"),
            )
        )

    def _session_key(self, tag: Tag) -> None:
        key = read_key(self._attributes(tag), self.resolve, self.notes, tag.line)
        self.result.session_keys.append(SessionKey(key, SourcePosition(tag.line)))

    def _steering(self, tag: Tag) -> None:
        attributes = self._attributes(tag)
        uri = attributes.get("SERVER-URI")
        if not uri:
            self.notes.warn("hls.steering_without_uri", "EXT-X-CONTENT-STEERING has no SERVER-URI.", line=tag.line)
            return
        pathway = attributes.get("PATHWAY-ID")
        self.result.steering = ContentSteering(
            server_uri=self.resolve(uri),
            default_pathways=(pathway,) if pathway else (),
            place=SourcePosition(tag.line),
        )
