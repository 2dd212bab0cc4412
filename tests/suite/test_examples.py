"""Tests by examples fail for what is wrong alone, not for how fast the machine is."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from tests.backend_stub.services import test_billing_machine


def test_slow_examples_are_no_failure() -> None:
    for each in (settings(), test_billing_machine.TestBillingMachine.settings):
        assert each.deadline is None
        assert HealthCheck.too_slow in each.suppress_health_check
