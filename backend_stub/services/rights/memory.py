"""A service whose operator has put a backup back: devices hold later versions of their licences than it remembers."""

from __future__ import annotations

from backend_stub.db.models import IssuedLicence

FURTHEST = 2**30
"""No licence was renewed so often. A device that claims more could bring its licence's count to its end."""


def go_on_from(licence: IssuedLicence, sequence: int) -> bool:
    """Continue from the device's signed version if it is later than ours. Return whether such a version is possible.
    A false claim gains nothing: the next licence has today's terms, and restored copies are found by an earlier
    version, never by a later one."""
    if sequence > max(licence.sequence, FURTHEST):
        return False
    licence.sequence = max(licence.sequence, sequence)
    return True
