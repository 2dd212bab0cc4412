"""What the service asks of whoever takes its money. Amounts are in hundredths of :data:`CURRENCY`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

CURRENCY = "EUR"
EventKind = Literal["charge.paid", "charge.declined", "charge.refunded"]
#: Takes the body and the signature of an event; False where it is to be sent again later.
Receiver = Callable[[bytes, str], bool]


class CardRefusedError(Exception):
    """The provider keeps no such card."""


class ProviderUnavailableError(Exception):
    """The provider did not answer: whether money moved is not known, and asking again with the same key tells."""


class ChargeNotFoundError(LookupError):
    """There is no paid charge under this key."""


class EventRefusedError(Exception):
    """A message that is not, or no longer, to be believed; its text says why and repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class PaymentCard:
    """A card that the provider keeps; ``token`` stands for it and is worth nothing elsewhere."""

    token: str = field(repr=False)
    last4: str


@dataclass(frozen=True, slots=True)
class ChargeOutcome:
    """What became of a charge; ``reason`` is set for a declined one."""

    paid: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class PaymentEvent:
    """What the provider says happened to the charge under ``key``. The same event may come more than once.

    ``mac`` is different for every delivery, that of the same event too.
    """

    event_id: str
    kind: EventKind
    key: str
    reason: str | None
    mac: str = field(repr=False)


class PaymentProvider(Protocol):
    def keep_card(self, number: str) -> PaymentCard:
        """Raises :class:`CardRefusedError`."""
        ...

    def forget_card(self, card_token: str) -> None:
        """Keep a card no longer; an unknown one is no error."""
        ...

    def charge(self, key: str, card_token: str, amount_cents: int) -> ChargeOutcome:
        """Take money, at most once for each ``key``: asked again, the answer is the first one.

        Raises :class:`ProviderUnavailableError`; ValueError where the key stands for another charge.
        """
        ...

    def refund(self, key: str) -> None:
        """Refund a charge; a second call does nothing. Raises :class:`ChargeNotFoundError`,
        :class:`ProviderUnavailableError`."""
        ...

    def read_event(self, body: bytes, signature: str) -> PaymentEvent:
        """The event in a message. Raises :class:`EventRefusedError` for one that the provider did not sign just
        now."""
        ...
