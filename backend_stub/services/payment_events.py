"""What the payment provider tells by itself: each message is taken once, each payment settled once."""

from __future__ import annotations

import logging

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import SpentNonce
from backend_stub.payments.provider import ChargeOutcome, EventRefusedError, PaymentProvider
from backend_stub.payments.signature import TOLERANCE_S
from backend_stub.problems import ProblemError
from backend_stub.services.billing import Billing

_SENDER = "payments"  # among those whose signed messages count once
_KEPT_S = 2 * TOLERANCE_S  # a message is too old before it is forgotten
_logger = logging.getLogger(__name__)


class PaymentEvents:
    def __init__(self, database: Database, clock: Clock, provider: PaymentProvider, billing: Billing) -> None:
        self._database = database
        self._clock = clock
        self._provider = provider
        self._billing = billing

    def take(self, body: bytes, signature: str) -> None:
        """Act on a signed message. An event that comes again, newly signed, changes nothing.

        Raises :class:`ProblemError` 403 ``bad_signature``, 409 ``replayed`` for a message that was taken before.
        """
        try:
            event = self._provider.read_event(body, signature)
        except EventRefusedError as error:
            raise ProblemError(403, "bad_signature", str(error)) from error
        self._spend(event.mac)
        try:
            if event.kind == "charge.refunded":
                self._billing.settle_refund(event.key)
            else:
                self._billing.settle(event.key, ChargeOutcome(event.kind == "charge.paid", event.reason))
        except LookupError:
            _logger.warning("the payment provider tells of a payment that is not known here")

    def receive(self, body: bytes, signature: str) -> bool:
        """The same for a provider in this process: whether the message was taken."""
        try:
            self.take(body, signature)
        except ProblemError as problem:
            _logger.warning("a message of the payment provider was refused: %s", problem.code)
            return False
        return True

    def _spend(self, mac: str) -> None:
        now = self._clock.now()
        old = delete(SpentNonce).where(SpentNonce.device_id == _SENDER, SpentNonce.seen_at < now - _KEPT_S)
        try:
            with self._database.write() as session:
                session.execute(old)
                session.add(SpentNonce(device_id=_SENDER, nonce=mac, seen_at=now))
        except IntegrityError as error:
            raise ProblemError(409, "replayed", "This message was taken before.") from error
