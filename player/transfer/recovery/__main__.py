"""Prints ``docs/error-matrix.md``."""

from __future__ import annotations

import sys

from player.transfer.recovery.table import markdown

if __name__ == "__main__":
    sys.stdout.write(markdown())
