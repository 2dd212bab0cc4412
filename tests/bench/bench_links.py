"""The planner on all simple links of :mod:`tests.kit.links`: stalls, changes, and what is missing against the best.

``python -m tests.bench.bench_links [COUNT] [POLICY]``: COUNT drawn ones of either kind instead of all. Exit code 1
where more fail than the limits below say.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat

import numpy as np

from abr import registry
from tests.kit.links import MOST_CHANGES, Finding, changing_cases, constant_cases, drawn, judged

NO_STALL_S = 0.05
NEAR = {"constant": 0.03, "changing": 0.05}
HELD = {"constant": 0.75, "changing": 0.75}  # share of the cases


def report(name: str, found: Sequence[Finding]) -> bool:
    """Print the figures; whether enough of the cases hold all that is asked for."""
    lost = np.array([each.lost for each in found])
    stalled = sum(each.stalled_s > NO_STALL_S for each in found)
    many = sum(each.changes > MOST_CHANGES for each in found)
    fine = [
        each.lost <= NEAR[name]
        and (name == "changing" or (each.changes <= MOST_CHANGES and each.stalled_s <= NO_STALL_S))
        for each in found
    ]
    print(f"{name}: {len(found)} cases, {np.mean(fine):.1%} hold everything")
    print(
        f"  stalled in {stalled} ({sum(each.stalled_s for each in found):.1f} s), more than three changes in {many}"
    )
    quantiles = ", ".join(f"{np.quantile(lost, at):.3f}" for at in (0.5, 0.9, 0.99))
    print(f"  lost more than {NEAR[name]:.0%} in {int((lost > NEAR[name]).sum())}; median, 90 %, 99 %: {quantiles}")
    kinds = Counter(each.case.rungs for each, good in zip(found, fine, strict=True) if not good)
    print(f"  not held, by rungs: {dict(sorted(kinds.items()))}")
    for each in sorted(found, key=lambda one: -one.lost)[:5]:
        print(f"  {each.lost:.3f} lost, {each.stalled_s:.1f} s stalled, {each.changes} changes: {each.case}")
    return bool(np.mean(fine) >= HELD[name])


def main(arguments: Sequence[str]) -> int:
    count = int(arguments[0]) if arguments else 10**9
    policy = arguments[1] if len(arguments) > 1 else registry.DEFAULT
    held = True
    with ProcessPoolExecutor(2) as pool:
        for name, cases in (("constant", constant_cases()), ("changing", changing_cases())):
            found = list(pool.map(judged, drawn(cases, count, 1), repeat(policy), chunksize=8))
            held = report(name, found) and held
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
