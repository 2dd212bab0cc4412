"""What the headers of transport stream packets tell of losses (ISO/IEC 13818-1 2.4.3). Pure."""

from __future__ import annotations

from dataclasses import dataclass

from player.media.ts import allows_any_counter, looks_like_ts, payload

_BYTES = 188
_NULL_PID = 0x1FFF


@dataclass(frozen=True, slots=True)
class PacketFaults:
    """Counts of a segment: ``packets`` in all; ``lost`` at ``breaks`` places, by their continuity counters at the
    least; ``errors`` with transport_error_indicator; ``scrambled`` by what they say. ``pid`` is that of the first
    faulty one, None where there is none."""

    packets: int = 0
    lost: int = 0
    breaks: int = 0
    errors: int = 0
    scrambled: int = 0
    pid: int | None = None


def packet_faults(data: bytes) -> PacketFaults | None:
    """Count the faults in a segment; None for another container.

    Counters are judged inside of the segment only: encoders may restart them at each one. Null packets are not
    counted, a packet may come twice, and a discontinuity_indicator allows any counter (2.4.3.3, 2.4.3.5).
    """
    if len(data) < _BYTES or not looks_like_ts(data):
        return None
    before: dict[int, tuple[int, bytes, bool]] = {}  # PID: counter, payload, whether it came twice
    lost = breaks = errors = scrambled = packets = 0
    first: int | None = None
    for place in range(0, len(data) - _BYTES + 1, _BYTES):
        pid = (data[place + 1] & 0x1F) << 8 | data[place + 2]
        if data[place] != 0x47 or pid == _NULL_PID:
            continue
        packets += 1
        control = data[place + 3]
        if data[place + 1] & 0x80:
            errors += 1
            first = pid if first is None else first
            before.pop(pid, None)  # its header may be wrong
            continue
        if control & 0xC0:
            scrambled += 1
            first = pid if first is None else first
        if not control & 0x10:
            continue
        counter, body = control & 0x0F, payload(data, place)
        told = allows_any_counter(data, place)
        last, again = before.get(pid), False
        if last is not None and not told:
            again = counter == last[0] and body == last[1] and not last[2]
            missing = 0 if again else (counter - last[0] - 1) & 0x0F
            if missing:
                lost, breaks = lost + missing, breaks + 1
                first = pid if first is None else first
        before[pid] = (counter, body, again)
    return PacketFaults(packets, lost, breaks, errors, scrambled, first)
