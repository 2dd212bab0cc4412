"""A service whose operator has put a backup back: devices hold later versions of their licences than it remembers."""

from __future__ import annotations

from backend_stub.db.models import IssuedLicence

FURTHEST = 2**30
"""No licence was renewed so often. A device that claims more could bring its licence's count to its end."""


def go_on_from(licence: IssuedLicence, sequence: int) -> bool:
    """Go on from the version that the device holds, by its signed word, where it is later than the one known here;
    whether there can be such a version. A device that lies wins nothing: what it gets next is signed by today's
    terms, and a copy of older licences is found by an earlier version, never by a later one."""
    if sequence > max(licence.sequence, FURTHEST):
        return False
    licence.sequence = max(licence.sequence, sequence)
    return True
