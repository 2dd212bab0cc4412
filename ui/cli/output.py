"""What commands print for programs."""

from __future__ import annotations

import json
import sys
from typing import Any


def print_json(document: Any) -> None:  # noqa: ANN401 (whatever JSON can hold)
    """One JSON document on stdout."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")
