"""The operator's rules of steering: which viewers go to which edges first. Pure."""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a playback is for: the country where it is known, and the name of the device."""

    country: str | None = None
    device: str = ""


ANYBODY = Audience()


@dataclass(frozen=True, slots=True)
class SteeringRule:
    """Sends ``share`` (0 to 1) of the playbacks that it is for to ``pathways`` first, in this order.

    It is for viewers in ``countries`` (ISO 3166-1 alpha-2) whose device's name fits one of ``devices`` (shell
    patterns, whatever the case); an empty list fits everybody.
    """

    name: str
    pathways: tuple[str, ...]
    countries: frozenset[str] = frozenset()
    devices: tuple[str, ...] = ()
    share: float = 1.0

    def applies(self, audience: Audience, session_id: str) -> bool:
        """The same for one session each time, so that a reload does not move it."""
        if self.countries and audience.country not in self.countries:
            return False
        name = audience.device.lower()
        if self.devices and not any(fnmatch.fnmatchcase(name, pattern.lower()) for pattern in self.devices):
            return False
        return uniform(f"rule\n{self.name}\n{session_id}") < self.share


def rule_document(rule: SteeringRule) -> dict[str, Any]:
    """A rule as JSON."""
    return {**asdict(rule), "countries": sorted(rule.countries)}


def read_rule(document: Mapping[str, Any]) -> SteeringRule:
    """What :func:`rule_document` wrote."""
    tuples = {name: tuple(document[name]) for name in ("pathways", "devices")}
    return SteeringRule(**{**document, **tuples, "countries": frozenset(document["countries"])})


def preferred(rules: Sequence[SteeringRule], audience: Audience, session_id: str) -> tuple[str, ...]:
    """The pathways of the first rule that applies; none where none does."""
    return next((rule.pathways for rule in rules if rule.applies(audience, session_id)), ())


def uniform(text: str) -> float:
    """A number between 0 and 1, both excluded, that is made of the text alone."""
    digest = hashlib.sha256(text.encode()).digest()
    return (int.from_bytes(digest[:6], "big") + 0.5) / 2**48
