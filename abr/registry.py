"""Policies by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from abr.constraints import ConstrainedPolicy
from abr.core import Core
from abr.model import Policy
from abr.policies.bba0 import Bba0Core
from abr.policies.bba2 import Bba2Core
from abr.policies.bola import BolaCore
from abr.policies.dynamic import DynamicCore
from abr.policies.fixed import FixedCore
from abr.policies.hlsjs import HlsJsCore
from abr.policies.l2a import L2aCore
from abr.policies.lolp import LolPlusCore
from abr.policies.planner import PlannerCore
from abr.policies.robustmpc import RobustMpcCore
from abr.policies.thresholds import ThresholdsCore
from abr.policies.throughput import ThroughputCore

_CORES: Mapping[str, Callable[..., Core]] = {
    "bba0": Bba0Core,
    "bba2": Bba2Core,
    "bola": BolaCore,
    "dynamic": DynamicCore,
    "fixed": FixedCore,
    "hlsjs": HlsJsCore,
    "l2a": L2aCore,
    "lolp": LolPlusCore,
    "planner": PlannerCore,
    "robustmpc": RobustMpcCore,
    "thresholds": ThresholdsCore,
    "throughput": ThroughputCore,
}

DEFAULT = "planner"


def names() -> tuple[str, ...]:
    """The names that :func:`create` takes, the default one first."""
    return (DEFAULT, *sorted(name for name in _CORES if name != DEFAULT))


def create(name: str = DEFAULT, **options: float) -> Policy:
    """A fresh policy for one session. Raises ValueError for an unknown name or option."""
    if name not in _CORES:
        raise ValueError(f"no policy is called {name!r}; there are {', '.join(names())}")
    try:
        core = _CORES[name](**options)
    except TypeError as error:
        raise ValueError(f"policy {name!r} does not take these options: {', '.join(options)}") from error
    return ConstrainedPolicy(core)


def from_spec(spec: str) -> Policy:
    """A policy from text as the command line takes it: ``planner``, ``fixed:rung=2``. Raises ValueError."""
    name, _, rest = spec.partition(":")
    options = {}
    for pair in filter(None, rest.split(",")):
        key, _, value = pair.partition("=")
        try:
            options[key.strip()] = number = float(value)
        except ValueError as error:
            raise ValueError(f"policy option {pair!r} is not NAME=NUMBER") from error
        if not math.isfinite(number):
            raise ValueError(f"policy option {pair!r} is not a finite number")
    return create(name, **options)
