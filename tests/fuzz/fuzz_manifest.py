"""Coverage-guided fuzzing of the manifest readers.

``python -m tests.fuzz.fuzz_manifest [FOLDER] [-max_total_time=60]`` with atheris installed (an optional dependency);
without it the corpus is changed at random for a minute. New inputs are kept in FOLDER.
"""

from __future__ import annotations

import json
import random
import sys
import time
from contextlib import suppress
from typing import Any

from player.errors import ManifestError
from player.manifest import parse, refresh
from player.manifest.dump import to_json
from tests.player.manifest.golden import NOW_S, manifests
from tests.player.manifest.test_hostile import corrupted

URL = "https://example.org/title/manifest?token=t"
SECONDS = 60.0
SLOW_S = 5.0


def one_input(data: bytes) -> None:
    """Read, print and refresh; anything but an answer or an error of the family is a finding."""
    started = time.monotonic()
    with suppress(ManifestError):
        presentation = parse(data, URL, now_s=NOW_S)
        json.dumps(to_json(presentation), allow_nan=False)
        refresh(presentation, data, URL, NOW_S)
    if time.monotonic() - started > SLOW_S:
        raise RuntimeError(f"one input of {len(data)} bytes took more than {SLOW_S:g} s")


def guided(atheris: Any) -> None:
    """Fuzz with coverage; does not return."""
    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


def unguided(seconds: float) -> int:
    """Random changes to the corpus; the number of inputs tried."""
    chance = random.Random(1)
    bodies = [path.read_bytes() for path in manifests()]
    end, count = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        one_input(corrupted(chance.choice(bodies), chance))
        count += 1
    return count


def main() -> int:
    try:
        import atheris
    except ImportError:
        print(f"{unguided(SECONDS)} inputs without a finding (atheris is not installed: no coverage guidance)")
        return 0
    guided(atheris)
    return 0


if __name__ == "__main__":
    sys.exit(main())
