"""What commands print for programs, and what a terminal is spared."""

from __future__ import annotations

import json
import sys
from typing import Any

# Control characters, and marks that turn the direction of text: a stream's names must not steer a terminal.
_STEERING = (*range(0x20), *range(0x7F, 0xA0), 0x061C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
_SPELLED_OUT = {code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" for code in _STEERING}


def printable(line: str) -> str:
    """A line with words of others in it, as a terminal may get it: what would steer the terminal is spelled out."""
    return line.translate(_SPELLED_OUT)


def print_json(document: Any) -> None:  # noqa: ANN401 (whatever JSON can hold)
    """One JSON document on stdout."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


def shown_bytes(count: int) -> str:
    """A size for people."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit in ("B", "kB") else f"{value:.1f} {unit}"
        value /= 1000
    return ""
