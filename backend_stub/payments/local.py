"""The provider for one machine: a ledger in tables of its own, and cards that are known to be test cards.

It takes no other card, so that nobody's real one is ever typed in.
"""

from __future__ import annotations

import json
import secrets
from typing import get_args

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import LedgerCard, LedgerCharge, LedgerEvent
from backend_stub.payments.provider import (
    CardRefusedError,
    ChargeNotFoundError,
    ChargeOutcome,
    EventKind,
    EventRefusedError,
    PaymentCard,
    PaymentEvent,
    Receiver,
)
from backend_stub.payments.signature import BadEventSignatureError, sign, verify

GOOD_CARD = "4242424242424242"
DECLINED_CARD = "4000000000000002"
EMPTY_CARD = "4000000000009995"
ONCE_CARD = "4000000000000341"  # its first charge is paid, later ones are declined
_REASONS = {GOOD_CARD: None, DECLINED_CARD: "card_declined", EMPTY_CARD: "insufficient_funds", ONCE_CARD: None}
_AFTER_THE_FIRST = "expired_card"
_RETRY_S = (10.0, 60.0, 600.0, 3600.0)  # between attempts to send an event
_BATCH = 100


class LocalProvider:
    """A :class:`backend_stub.payments.provider.PaymentProvider`; ``secret`` signs its events. Thread-safe."""

    def __init__(self, database: Database, clock: Clock, secret: bytes) -> None:
        self._database = database
        self._clock = clock
        self._secret = secret

    def keep_card(self, number: str) -> PaymentCard:
        if number not in _REASONS:
            raise CardRefusedError
        card = LedgerCard(token=f"card_{secrets.token_hex(16)}", number=number, created_at=self._clock.now())
        with self._database.write() as session:
            session.add(card)
        return PaymentCard(card.token, number[-4:])

    def forget_card(self, card_token: str) -> None:
        with self._database.write() as session:
            session.execute(delete(LedgerCard).where(LedgerCard.token == card_token))

    def charge(self, key: str, card_token: str, amount_cents: int) -> ChargeOutcome:
        with self._database.write() as session:
            card = session.get(LedgerCard, card_token, with_for_update=True)  # charges of a card are counted
            charge = session.get(LedgerCharge, key)
            if charge is None:
                charge = self._new_charge(session, key, card, amount_cents)
            elif (charge.card_token, charge.amount_cents) != (card_token, amount_cents):
                raise ValueError("This key stands for another charge.")
        return ChargeOutcome(charge.paid, charge.reason)

    def refund(self, key: str) -> None:
        with self._database.write() as session:
            charge = session.get(LedgerCharge, key, with_for_update=True)
            if charge is None or not charge.paid:
                raise ChargeNotFoundError(key)
            if charge.refunded_at is None:
                charge.refunded_at = self._clock.now()
                self._tell(session, "charge.refunded", charge)

    def read_event(self, body: bytes, signature: str) -> PaymentEvent:
        try:
            mac = verify(self._secret, body, signature, self._clock.now())
        except BadEventSignatureError as error:
            raise EventRefusedError(str(error)) from error
        return _event(body, mac)

    def deliver(self, receiver: Receiver) -> int:
        """Send the events that are due, the oldest first, and return how many were taken.

        Every event is sent at least once; one that is not taken is sent again, after longer and longer times.
        """
        now = self._clock.now()
        with self._database.read() as session:
            due = select(LedgerEvent).where(LedgerEvent.send_at <= now)
            events = session.scalars(due.order_by(LedgerEvent.created_at, LedgerEvent.id).limit(_BATCH)).all()
        taken = 0
        for event in events:
            body = event.body.encode()
            accepted = receiver(body, sign(self._secret, body, self._clock.now()))
            taken += accepted
            with self._database.write() as session:
                row = session.get_one(LedgerEvent, event.id)
                row.attempts += 1
                row.send_at = None if accepted else now + _RETRY_S[min(row.attempts, len(_RETRY_S)) - 1]
        return taken

    def _new_charge(self, session: Session, key: str, card: LedgerCard | None, amount_cents: int) -> LedgerCharge:
        if card is None:
            raise ValueError("There is no such card.")
        reason = _REASONS[card.number]
        before = select(LedgerCharge.key).where(LedgerCharge.card_token == card.token, LedgerCharge.paid).limit(1)
        if card.number == ONCE_CARD and session.scalar(before) is not None:
            reason = _AFTER_THE_FIRST
        charge = LedgerCharge(
            key=key,
            card_token=card.token,
            amount_cents=amount_cents,
            paid=reason is None,
            reason=reason,
            created_at=self._clock.now(),
        )
        session.add(charge)
        self._tell(session, "charge.paid" if charge.paid else "charge.declined", charge)
        return charge

    def _tell(self, session: Session, kind: EventKind, charge: LedgerCharge) -> None:
        now = self._clock.now()
        event_id = secrets.token_hex(16)
        document = {
            "id": event_id,
            "type": kind,
            "created_at": now,
            "key": charge.key,
            "amount_cents": charge.amount_cents,
            "reason": charge.reason,
        }
        event = LedgerEvent(id=event_id, body=json.dumps(document), created_at=now, attempts=0, send_at=now)
        session.add(event)


def _event(body: bytes, mac: str) -> PaymentEvent:
    """Raises :class:`EventRefusedError` for what is signed and yet no event."""
    try:
        document = json.loads(body)
        if document["type"] not in get_args(EventKind):
            raise EventRefusedError("This is no event of a charge.")
        return PaymentEvent(str(document["id"]), document["type"], str(document["key"]), document["reason"], mac)
    except (ValueError, TypeError, KeyError) as error:
        raise EventRefusedError("This is no event of a charge.") from error
