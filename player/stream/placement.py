"""Whether a segment's media belongs where the manifest has it: a stale, swapped or foreign one does not. Pure.

A CDN may answer with another segment of the same track. Its own timestamps tell (``tfdt`` of ISO/IEC 14496-12 8.8.12,
PTS of a transport stream). They are compared with those of the neighbours, since the clocks of manifests drift. HLS
adds up durations that are rounded, or wrong (RFC 8216bis 4.4.4.1). DASH lets a segment be off by half of its duration
(DASH-IF IOP 3.2.7.1).
"""

from __future__ import annotations

from collections import OrderedDict

from player.base.errors import ErrorCode, MediaError

_LEAST_S = 0.5  # the last segments of a title may be very short
_SHARE = 0.8  # of a segment's duration; another segment is off by a whole one, durations that lie by less
_SAME_S = 0.1
_NEAR = 16  # neighbours whose deviation counts, in segments
_KEPT = 256


class Placement:
    """Follows the segments of one track. *Deviation* is how much later than the manifest says a segment's media
    starts, in seconds."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, float] = OrderedDict()
        self._refused: tuple[int, float] | None = None
        self._accepted: set[int] = set()

    def accept(self, number: int) -> None:
        """Take a segment as it is from now on: no better copy is available."""
        self._accepted.add(number)

    def check(
        self, number: int, deviation_s: float, duration_s: float, *, exact: bool, follows: bool = False
    ) -> None:
        """Raise MediaError (``media.misplaced``) if segment ``number`` holds another time of the title.

        ``exact``: the manifest itself states the times of the media, so that they count where no neighbour is known.
        A deviation that the segment before had as well is that of the manifest, and is let pass. ``follows``: its
        first sample is decoded just where the segment before ends, which no other segment's is. Where pictures stand
        long and are reordered, packagers declare times that are off by as much.
        """
        if number in self._accepted:
            return
        usual_s = self._usual_s(number, exact)
        if follows or usual_s is None or abs(deviation_s - usual_s) <= max(_SHARE * duration_s, _LEAST_S):
            self._keep(number, deviation_s)
            return
        refused, self._refused = self._refused, (number, deviation_s)
        if refused is not None and refused[0] != number and abs(refused[1] - deviation_s) <= _SAME_S:
            self._known.clear()
            self._keep(number, deviation_s)
            return
        raise MediaError(
            ErrorCode.MEDIA_MISPLACED,
            "A segment of this title holds another time than its place.",
            off_s=round(deviation_s - usual_s, 3),
        )

    def _usual_s(self, number: int, exact: bool) -> float | None:
        """The deviation of the nearest neighbour; without one that of a manifest that is right, if it can be."""
        if number in self._known:
            return self._known[number]
        near = min(self._known, key=lambda each: abs(each - number), default=None)
        if near is None or abs(near - number) > _NEAR:
            return 0.0 if exact else None
        return self._known[near]

    def _keep(self, number: int, deviation_s: float) -> None:
        self._known[number] = deviation_s
        self._known.move_to_end(number)
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
