"""What the network and the loader tell a playback, in the words of ABR and of the events."""

from __future__ import annotations

from dataclasses import dataclass

from abr.model import NetworkMemory, TransferSample
from player.base.clock import Clock
from player.net.model import RequestKind, Transfer
from player.reporting.events import Note, Observer, Remembered
from player.stream.throughput import Recall
from player.transfer.loader import LoadEvent, RetryEvent

_RATED_KINDS = frozenset({RequestKind.SEGMENT, RequestKind.INIT, RequestKind.PART})
_GLIMPSED_KINDS = frozenset({RequestKind.MANIFEST, RequestKind.INDEX, RequestKind.INIT})
_BURST_BYTES = 16 * 1024  # fewer say nothing


def sample_of(transfer: Transfer) -> TransferSample | None:
    """A finished exchange as the estimator wants it; None for one that says nothing about the link."""
    if transfer.kind not in _RATED_KINDS or transfer.first_byte_s is None or transfer.error is not None:
        return None
    if transfer.paced:  # only its bursts tell what the link gives
        if transfer.busy_bytes < _BURST_BYTES:
            return None
        begin_s = transfer.end_s - transfer.busy_s
        return TransferSample(begin_s, begin_s, transfer.end_s, transfer.busy_bytes, path=transfer.pathway)
    return TransferSample(
        start_s=transfer.start_s,
        first_byte_s=transfer.first_byte_s,
        end_s=transfer.end_s,
        size=transfer.received,
        path=transfer.pathway,
        cached=transfer.from_cache,
        aborted=transfer.aborted,
        connection_setup=transfer.new_connection,
        beside=transfer.beside,
    )


@dataclass(frozen=True, slots=True)
class Glimpse:
    """A small exchange that tells something of the link before any media does."""

    pathway: str
    size: int
    body_s: float


def glimpse_of(transfer: Transfer) -> Glimpse | None:
    """Return a finished exchange as input for the choice of the first rung, None if it does not describe the link."""
    if transfer.kind not in _GLIMPSED_KINDS or transfer.first_byte_s is None or transfer.error is not None:
        return None
    if transfer.from_cache or transfer.aborted or transfer.paced:
        return None
    return Glimpse(transfer.pathway, transfer.received, transfer.end_s - transfer.first_byte_s)


def note_of(event: LoadEvent) -> Note:
    """A retry or a change of CDN as an event of the playback."""
    if isinstance(event, RetryEvent):
        sentence = f"{event.error.sentence} {event.step.reason}"
        return Note(
            event.at_s, str(event.step.action), sentence, event.pathway, "", event.track, str(event.error.code)
        )
    return Note(event.at_s, "path_switch", event.reason, event.before, event.after)


def reported_recall(recall: Recall | None, clock: Clock, observe: Observer) -> Recall:
    """``recall``, and ``observe`` is told of what it remembers."""

    def recalled(pathway: str) -> NetworkMemory | None:
        memory = None if recall is None else recall(pathway)
        if memory is not None:
            observe(Remembered(clock.monotonic(), pathway, memory))
        return memory

    return recalled
