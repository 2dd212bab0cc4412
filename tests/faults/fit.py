"""``python -m tests.faults.fit``: whether each fault can still be put back into the code. Prints those that cannot,
and ends with 1 where there is one."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.faults.model import all_faults


def unfit() -> Iterator[str]:
    """Put each fault back, and take it out again as far as that is possible: for a process of its own."""
    for name, fault in all_faults().items():
        with pytest.MonkeyPatch.context() as patch:
            try:
                fault.apply(patch)
            except Exception as error:  # noqa: BLE001  (all of them are wanted)
                yield f"{name}: {error!r}"


if __name__ == "__main__":
    found = list(unfit())
    print("\n".join(found))
    sys.exit(1 if found else 0)
