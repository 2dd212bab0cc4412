"""Prints the table of events that stands in ``docs/telemetry.md``."""

from __future__ import annotations

import sys

from player.reporting.telemetry.schema import markdown

if __name__ == "__main__":
    sys.stdout.write(markdown() + "\n")
