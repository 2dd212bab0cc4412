"""The account, its profiles and devices, and this installation, as the pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from player.service.billing import Payment, Plan, Subscription
from player.service.model import Profile


@dataclass(frozen=True, slots=True)
class Household:
    """All profiles, and the id of the one that is selected; empty for none."""

    people: Sequence[Profile] = ()
    current: str = ""


@dataclass(frozen=True, slots=True)
class SignInCode:
    """A code under which the viewer can sign this screen in on another device. ``link`` leads there with the code in
    it; ``handle`` is the client's own."""

    code: str = field(repr=False)
    address: str
    link: str = field(repr=False)
    handle: object = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class DeviceCard:
    """A machine of the account. ``seen_at`` is in seconds since 1970; ``here``: it is this one."""

    id: str
    name: str
    seen_at: float = 0.0
    here: bool = False


@dataclass(frozen=True, slots=True)
class Devices:
    """The machines of an account, and how many its plan allows; None for any number."""

    items: Sequence[DeviceCard] = ()
    limit: int | None = None


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
