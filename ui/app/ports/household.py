"""The account and its profiles, and this installation, as the pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from player.service.billing import Payment, Plan, Subscription
from player.service.model import Profile


@dataclass(frozen=True, slots=True)
class Household:
    """All profiles, and the id of the one that is selected; empty for none."""

    people: Sequence[Profile] = ()
    current: str = ""


@dataclass(frozen=True, slots=True)
class PartReport:
    """A part of the installation: whether it is there, and what helps where it is not."""

    name: str
    present: bool
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class AccountCard:
    """The account, what it has, what there is, and what it paid last. ``verified``: its address is confirmed."""

    name: str
    email: str
    subscription: Subscription
    plans: Sequence[Plan] = ()
    payments: Sequence[Payment] = ()
    verified: bool = True
