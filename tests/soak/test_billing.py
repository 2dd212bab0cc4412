"""The suite's state machine of subscriptions, for longer."""

from __future__ import annotations

import pytest
from hypothesis import settings

from tests.backend_stub.services.test_billing_machine import BillingMachine


@pytest.mark.soak
class TestBillingForLong(BillingMachine.TestCase):
    settings = settings(max_examples=300, stateful_step_count=60, deadline=None, database=None)
