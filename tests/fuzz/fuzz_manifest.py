"""Coverage-guided fuzzing of the manifest readers.

``make fuzz`` (or ``python -m tests.fuzz.fuzz_manifest FOLDER [-max_total_time=60]``, libFuzzer's options) with
atheris; it begins from the corpus and keeps new inputs in FOLDER. Where there is no atheris (only Linux has its
wheels) the corpus is changed at random for a minute.
"""

from __future__ import annotations

import json
import random
import sys
import time
from contextlib import suppress
from types import FunctionType
from typing import Any

from player.base.errors import ManifestError
from player.manifest import parse, refresh
from player.manifest.dump import to_json
from tests.player.manifest.golden import CORPUS, NOW_S, manifests
from tests.player.manifest.test_hostile import corrupted

URL = "https://example.org/title/manifest?token=t"
SECONDS = 60.0
SLOW_S = 60.0  # a window at its bound is some 15 MB of JSON for each rendition; many times slower when counted
PROJECT = "player."


def one_input(data: bytes) -> None:
    """Read, print and refresh; anything but an answer or an error of the family is a finding."""
    started = time.monotonic()
    with suppress(ManifestError):
        presentation = parse(data, URL, now_s=NOW_S)
        json.dumps(to_json(presentation), allow_nan=False)
        refresh(presentation, data, URL, NOW_S)
    if time.monotonic() - started > SLOW_S:
        raise RuntimeError(f"one input of {len(data)} bytes took more than {SLOW_S:g} s")


def instrument(atheris: Any) -> None:
    """Count the branches of the project's own modules (of everything, the standard library's would drown them)."""
    for name, module in list(sys.modules.items()):
        if not name.startswith(PROJECT):
            continue
        for holder in (module, *(value for value in vars(module).values() if isinstance(value, type))):
            for value in list(vars(holder).values()):
                if isinstance(value, FunctionType) and value.__module__ == name:
                    atheris.instrument_func(value)


def guided(atheris: Any) -> None:
    """Fuzz with coverage; does not return."""
    for path in manifests():
        one_input(path.read_bytes())  # brings in every module that is imported late
    instrument(atheris)
    seeds = [str(folder) for folder in (CORPUS / "hls", CORPUS / "dash")]
    atheris.Setup([*sys.argv, *seeds], one_input)
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
