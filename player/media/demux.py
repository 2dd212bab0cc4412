"""One front for all containers: from the bytes of a segment to samples, whatever they are packed in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from player.base.errors import ErrorCode, MediaError
from player.manifest.model import Container
from player.media import fmp4, packed, sniff, ts, webm
from player.media.model import ByteSource, EventMessage, Sample, SampleDecrypt, StreamConfig, StreamKind
from player.media.timestamps import TimestampUnwrapper
from player.media.track import Fmp4Init
from player.media.whole_segment import WholeSource

_MEDIA = (Container.FMP4, Container.WEBM, Container.TS, Container.PACKED_AUDIO)


class Demuxer(ABC):
    """Reads the segments of one rendition that share an initialisation segment.

    ``configs`` describes the streams by kind. Where only the media tells (transport streams, packed audio, MP4
    segments without a separate initialisation), it is empty until :meth:`probe` or :meth:`samples` has seen a
    segment. One object may read several segments at the same time.
    """

    configs: Mapping[StreamKind, StreamConfig]
    default_kids: tuple[bytes, ...] = ()
    """Key ids (16 bytes) that the samples are protected with by default; empty for clear media."""
    unsupported: Mapping[StreamKind, str] = MappingProxyType({})
    """The formats of kinds that a transport stream holds in no known one; known as ``configs`` is."""
    audio_tracks = 0
    """How many audio tracks of a known format the segments hold; known as ``configs`` is."""
    states_durations = False
    """Whether the container says how long each sample lasts. Else its duration is what is usual for the stream."""
    pssh: tuple[bytes, ...] = ()
    """pssh boxes of the initialisation segment, each a whole box."""

    @abstractmethod
    def samples(self, source: ByteSource, *, fallback_start_s: float = 0.0) -> Iterator[Sample]:
        """The samples of one segment, in decode order for each kind, as early as the container allows.

        ``fallback_start_s`` is the media time of a segment that carries none. Raises ``MediaError``, ``DrmError``
        and what ``source`` raises.
        """

    def probe(self, source: ByteSource) -> Mapping[StreamKind, StreamConfig]:
        """Read as much of a segment as ``configs`` takes; what is known then. Raises as :meth:`samples`."""
        if not self.configs:
            for _ in self.samples(source):
                break
        return self.configs

    def with_audio(self, number: int) -> Demuxer:
        """What reads the same segments with the audio track of this number, from 0 on. RuntimeError where the
        container has one at most."""
        raise RuntimeError(f"there is no audio track {number}")


def open_demuxer(
    container: Container,
    init: bytes | None = None,
    *,
    decrypt: SampleDecrypt | None = None,
    timestamps: TimestampUnwrapper | None = None,
    on_event: Callable[[EventMessage], None] | None = None,
    on_pssh: Callable[[bytes], None] | None = None,
    audio: int = 0,
) -> Demuxer:
    """The demuxer for a rendition, which reads the first track of each kind; of several audio tracks in MP4 or a
    transport stream that of number ``audio``, from 0 on.

    ``container`` as the manifest has it, often by a file's name: what ``init`` or a segment is counts more.
    ``timestamps`` is to be shared by all renditions of one discontinuity. ``on_event`` gets emsg boxes, ``on_pssh``
    the pssh boxes inside of segments. Raises ``MediaError`` for an initialisation segment that cannot be used.
    """
    unwrapper = timestamps or TimestampUnwrapper()

    def made(kind: Container) -> Demuxer:
        match kind:
            case Container.FMP4:
                return Fmp4Demuxer(init, decrypt, on_event, on_pssh, audio)
            case Container.WEBM:
                return WebmDemuxer(init)
            case Container.TS:
                return TsDemuxer(unwrapper, audio)
            case _:
                return PackedAudioDemuxer(unwrapper)

    if container is not Container.UNKNOWN and container not in _MEDIA:
        raise MediaError(ErrorCode.MEDIA_UNSUPPORTED, f"Segments of type {container} hold neither video nor audio.")
    found = Container.UNKNOWN if init is None else sniff.sniff(init[: sniff.SNIFF_BYTES])
    if init is not None and (found in _MEDIA or container is not Container.UNKNOWN):
        return made(found if found in _MEDIA else container)
    return SniffingDemuxer(made, container)


class Fmp4Demuxer(Demuxer):
    """Fragmented MP4. Without an initialisation segment each segment must begin with its own."""

    states_durations = True

    def __init__(
        self,
        init: bytes | None,
        decrypt: SampleDecrypt | None = None,
        on_event: Callable[[EventMessage], None] | None = None,
        on_pssh: Callable[[bytes], None] | None = None,
        audio: int = 0,
    ) -> None:
        self._audio = audio
        self.init: Fmp4Init | None = None
        self.configs = {}
        self._decrypt = decrypt
        self._on_event = on_event
        self._on_pssh = on_pssh
        if init is not None:
            self._use(fmp4.parse_init(init))

    def with_audio(self, number: int) -> Demuxer:
        other = Fmp4Demuxer(None, self._decrypt, audio=number)
        if self.init is not None:
            other._use(self.init)
        return other

    def _use(self, init: Fmp4Init) -> Fmp4Init:
        self.init = init
        self.configs = _of_each_kind({number: track.config for number, track in init.tracks.items()}, self._audio)
        self.audio_tracks = sum(track.kind is StreamKind.AUDIO for track in init.tracks.values())
        self.default_kids = init.default_kids
        self.pssh = init.pssh
        return init

    def samples(self, source: ByteSource, *, fallback_start_s: float = 0.0) -> Iterator[Sample]:
        init = self.init or self._use(fmp4.parse_init(fmp4.leading_init(source)))
        kinds = {number: track.kind for number, track in init.tracks.items()}
        chosen = set(_chosen_tracks(kinds, self._audio).values())
        for number, sample in fmp4.samples(
            init,
            source,
            self._decrypt,
            on_event=self._on_event,
            on_pssh=self._on_pssh,
            fallback_start_s=fallback_start_s,
        ):
            if number in chosen:
                yield sample


class WebmDemuxer(Demuxer):
    """WebM. Without an initialisation segment each segment must begin with its own."""

    def __init__(self, init: bytes | None) -> None:
        self._init = None if init is None else webm.parse_init(init)
        self.configs = {} if self._init is None else self._configs(self._init)

    @staticmethod
    def _configs(init: webm.WebmInit) -> dict[StreamKind, StreamConfig]:
        return _of_each_kind({number: track.config for number, track in init.tracks.items()})

    def samples(self, source: ByteSource, *, fallback_start_s: float = 0.0) -> Iterator[Sample]:  # noqa: ARG002
        if self._init is None:
            self._init = webm.parse_init(webm.leading_init(source))
            self.configs = self._configs(self._init)
        kinds = {number: track.config.kind for number, track in self._init.tracks.items()}
        chosen = set(_chosen_tracks(kinds).values())
        for number, sample in webm.samples(self._init, source):
            if number in chosen:
                yield sample


class TsDemuxer(Demuxer):
    """MPEG-2 transport streams; gives the samples when the whole segment is there."""

    def __init__(self, timestamps: TimestampUnwrapper, audio: int = 0) -> None:
        self.configs = {}
        self._timestamps = timestamps
        self._audio = audio
        self._probed: tuple[ByteSource, ts.TsContents] | None = None

    def with_audio(self, number: int) -> Demuxer:
        return TsDemuxer(self._timestamps, number)

    def probe(self, source: ByteSource) -> Mapping[StreamKind, StreamConfig]:
        if not self.configs:
            self._probed = (source, self._read(source))  # it will be asked for next: not to be read twice
        return self.configs

    def samples(self, source: ByteSource, *, fallback_start_s: float = 0.0) -> Iterator[Sample]:  # noqa: ARG002
        probed, self._probed = self._probed, None
        contents = probed[1] if probed is not None and probed[0] is source else self._read(source)
        yield from contents.samples

    def _read(self, source: ByteSource) -> ts.TsContents:
        contents = ts.read_segment(ts.whole(source), self._timestamps, audio=self._audio)
        if not contents.configs.keys() <= self.configs.keys():
            self.configs = {**contents.configs, **self.configs}
        self.unsupported, self.audio_tracks = contents.unsupported, contents.audio_tracks
        return contents


class PackedAudioDemuxer(Demuxer):
    """Bare audio frames with an ID3 timestamp."""

    def __init__(self, timestamps: TimestampUnwrapper) -> None:
        self.configs = {}
        self._timestamps = timestamps

    def samples(self, source: ByteSource, *, fallback_start_s: float = 0.0) -> Iterator[Sample]:
        for config, sample in packed.samples(source, self._timestamps, fallback_start_s=fallback_start_s):
            if not self.configs:
                self.configs = {StreamKind.AUDIO: config}
            yield sample


class SniffingDemuxer(Demuxer):
    """Reads each segment as what it begins like, else as what the first one was, else as ``promised``. The first one
    that can be read describes the streams."""

    def __init__(self, make: Callable[[Container], Demuxer], promised: Container) -> None:
        self.configs = {}
        self._make = make
        self._promised = promised
        self._made: dict[Container, Demuxer] = {}
        self._first: Demuxer | None = None

    def with_audio(self, number: int) -> Demuxer:
        return SniffingDemuxer(lambda kind: self._make(kind).with_audio(number), self._promised)

    def samples(self, source: ByteSource, *, fallback_start_s: float = 0.0) -> Iterator[Sample]:
        real = self._demuxer(source)
        for sample in real.samples(source, fallback_start_s=fallback_start_s):
            self._settle(real)
            yield sample

    def probe(self, source: ByteSource) -> Mapping[StreamKind, StreamConfig]:
        if not self.configs:
            real = self._demuxer(source)
            if real.probe(source):
                self._settle(real)
        return self.configs

    def _demuxer(self, source: ByteSource) -> Demuxer:
        available = min(source.wait(sniff.SNIFF_BYTES), sniff.SNIFF_BYTES)
        container = sniff.sniff(bytes(source.view(0, available)))
        if container not in _MEDIA:
            container = self._promised
        if container is Container.UNKNOWN:  # what a whole segment would be is not known: another copy may tell
            raise MediaError(
                ErrorCode.MEDIA_DAMAGED, "The media is damaged, or packed in a way that is not supported."
            )
        return self._made.setdefault(container, self._make(container))

    def _settle(self, real: Demuxer) -> None:
        if self._first is None:
            self._first, self.states_durations = real, real.states_durations
            self._promised = next(kind for kind, made in self._made.items() if made is real)
        if real is self._first and self.configs is not real.configs:
            self.configs, self.default_kids, self.pssh = real.configs, real.default_kids, real.pssh
            self.unsupported, self.audio_tracks = real.unsupported, real.audio_tracks


def _of_each_kind(configs: Mapping[int, StreamConfig], audio: int = 0) -> dict[StreamKind, StreamConfig]:
    chosen = _chosen_tracks({number: config.kind for number, config in configs.items()}, audio)
    return {kind: configs[number] for kind, number in chosen.items()}


def _chosen_tracks(kinds: Mapping[int, StreamKind], audio: int = 0) -> dict[StreamKind, int]:
    """The first track of each kind, of audio the one of that number: those that ``configs`` describes."""
    found: dict[StreamKind, int] = {}
    for kind in dict.fromkeys(kinds.values()):
        numbers = [number for number, each in kinds.items() if each is kind]
        which = audio if kind is StreamKind.AUDIO else 0
        if which < len(numbers):
            found[kind] = numbers[which]
    return found


def read_whole(demuxer: Demuxer, data: bytes, *, fallback_start_s: float = 0.0) -> list[Sample]:
    """All samples of a segment that is in memory."""
    return list(demuxer.samples(WholeSource(data), fallback_start_s=fallback_start_s))
