"""All faults of one request folded into what its response suffers, in a fixed order (``docs/faults.md``)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from random import Random

from backend_stub.faults.document import (
    Bandwidth,
    Corrupt,
    Cut,
    Delay,
    Flip,
    GoAway,
    Gzip,
    Headers,
    Kill,
    MadeBody,
    Other,
    OtherRange,
    Refuse,
    Reset,
    Stall,
    StatusFault,
    Trickle,
    Truncate,
)
from backend_stub.faults.engine import TakenFault
from backend_stub.faults.link import ShapedLink


class BodyEnding(Enum):
    """How a body ends early."""

    CUT = auto()
    TRUNCATE = auto()
    STALL = auto()
    KILL = auto()
    RESET = auto()


_ENDING_OF: dict[type, BodyEnding] = {
    Cut: BodyEnding.CUT,
    Truncate: BodyEnding.TRUNCATE,
    Stall: BodyEnding.STALL,
    Kill: BodyEnding.KILL,
    Reset: BodyEnding.RESET,
}


@dataclass(frozen=True, slots=True)
class ResponsePlan:
    """Delays add up, every link is passed, the first status and the earliest ending win."""

    delay_s: float = 0.0
    links: Sequence[ShapedLink] = ()
    refuse: bool = False
    status: StatusFault | None = None
    corruptions: Sequence[Corrupt] = ()
    ending: BodyEnding | None = None
    end_after: int = 0
    goes_away: bool = False
    others: Sequence[Other] = ()
    made: MadeBody | None = None
    flips: int = 0
    trickle: Trickle | None = None
    headers: Sequence[Headers] = ()
    says_gzip: bool = False
    range_shift: int | None = None

    def path_of(self, path: str) -> str:
        """The path of the file that is served in the place of another one."""
        for other in self.others:
            path = _other_path(path, other)
        return path

    def flipped(self, total: int) -> list[int]:
        """The places of the bytes that are inverted in a body of ``total`` bytes; its head stays whole."""
        places = range(total // 10, total)
        return sorted(Random(total).sample(places, min(self.flips, len(places))))

    def told(self, headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """The headers of an answer with the lies in them."""
        found = list(headers)
        for lie in self.headers:
            gone = {name.encode() for name in (*lie.remove, *(name for name, _ in lie.change))}
            found = [pair for pair in found if pair[0].lower() not in gone]
            found += [(name.encode(), value.encode()) for name, value in lie.change]
        if self.says_gzip:
            found.append((b"content-encoding", b"gzip"))
        if self.goes_away:
            found.append((b"connection", b"close"))
        if self.range_shift is not None:
            found = _shifted(found, self.range_shift)
        return found

    def corrupted(self, data: bytes, position: int) -> bytes:
        """``data``, which begins at byte ``position`` of the body, with the chosen bytes inverted."""
        if not self.corruptions:
            return data
        damaged = bytearray(data)
        for corruption in self.corruptions:
            first = max(corruption.at_byte - position, 0)
            last = min(corruption.at_byte + corruption.length - position, len(damaged))
            for index in range(first, last):
                damaged[index] ^= 0xFF
        return bytes(damaged)


def plan_of(taken: Sequence[TakenFault]) -> ResponsePlan:
    faults = [one.fault for one in taken]
    endings = [
        (fault.after_bytes, _ENDING_OF[type(fault)])
        for fault in faults
        if isinstance(fault, Cut | Truncate | Stall | Kill | Reset)
    ]
    end_after, ending = min(endings, key=lambda one: one[0], default=(0, None))
    return ResponsePlan(
        delay_s=sum(fault.seconds for fault in faults if isinstance(fault, Delay)),
        links=[one.link for one in taken if isinstance(one.fault, Bandwidth) and one.link is not None],
        refuse=any(isinstance(fault, Refuse) for fault in faults),
        status=next((fault for fault in faults if isinstance(fault, StatusFault)), None),
        corruptions=[fault for fault in faults if isinstance(fault, Corrupt)],
        ending=ending,
        end_after=end_after,
        goes_away=any(isinstance(fault, GoAway) for fault in faults),
        others=[fault for fault in faults if isinstance(fault, Other)],
        made=next((fault for fault in faults if isinstance(fault, MadeBody)), None),
        flips=sum(fault.count for fault in faults if isinstance(fault, Flip)),
        trickle=next((fault for fault in faults if isinstance(fault, Trickle)), None),
        headers=[fault for fault in faults if isinstance(fault, Headers)],
        says_gzip=any(isinstance(fault, Gzip) for fault in faults),
        range_shift=next((fault.shift for fault in faults if isinstance(fault, OtherRange)), None),
    )


_LAST_NUMBER = re.compile(r"(\d+)(?=\D*$)")
_RANGE = re.compile(rb"bytes (\d+)-(\d+)/(\d+|\*)")


def _other_path(path: str, other: Other) -> str:
    if other.swap is not None:
        path = path.replace(*other.swap, 1)
    offset = other.offset
    if offset is None:
        return path
    folder, slash, name = path.rpartition("/")
    stem, dot, ending = name.rpartition(".") if "." in name else (name, "", "")
    return f"{folder}{slash}{_LAST_NUMBER.sub(lambda match: _moved(match[1], offset), stem)}{dot}{ending}"


def _moved(number: str, offset: int) -> str:
    value = int(number) + offset
    return number if value < 0 else f"{value:0{len(number)}}"


def _shifted(headers: list[tuple[bytes, bytes]], shift: int) -> list[tuple[bytes, bytes]]:
    """Headers whose Content-Range is another one; of a whole body as if it began so far in."""
    found = [pair for pair in headers if pair[0].lower() != b"content-range"]
    told = next((_RANGE.match(value) for name, value in headers if name.lower() == b"content-range"), None)
    length = int(next((value for name, value in headers if name.lower() == b"content-length"), b"1"))
    first, size = (0, b"*") if told is None else (int(told[1]), told[3])
    span = b"bytes %d-%d/%s" % (first + shift, first + shift + max(length, 1) - 1, size)
    return [*found, (b"content-range", span)]
