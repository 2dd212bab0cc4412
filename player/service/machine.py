"""The name under which a viewer finds this machine among those of the account."""

from __future__ import annotations

import platform

_LONGEST = 40


def machine_name() -> str:
    """``Matinee on`` and the machine's name, without its domain; ``Matinee`` where it has none."""
    host = platform.node().partition(".")[0]
    shown = "".join(each for each in host if each.isprintable())[:_LONGEST].strip()
    return f"Matinee on {shown}" if shown and shown != "localhost" else "Matinee"
