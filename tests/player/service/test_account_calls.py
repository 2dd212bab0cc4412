"""Plans, subscription, payments, password and the end of all sign-ins, against a scripted service."""

from __future__ import annotations

import pytest

from player.base.errors import ErrorCode, ServiceError
from tests.player.service.test_service import Bench, ok, refused, tokens

SUBSCRIPTION = {
    "plan": "basic",
    "state": "active",
    "ends_at": 9.0,
    "renews_at": 8.0,
    "next_plan": None,
    "price_cents": 499,
    "currency": "EUR",
    "card": {"last4": "4242"},
    "declined": None,
}
PLAN = {
    "plan": "basic",
    "price_cents": 499,
    "currency": "EUR",
    "period_s": 2.6e6,
    "max_height": 720,
    "streams": 1,
    "devices": 2,
    "download_devices": None,
    "download_titles": None,
}
PAYMENT = {
    "payment_id": "p1",
    "kind": "subscribe",
    "plan": "basic",
    "amount_cents": 499,
    "currency": "EUR",
    "state": "paid",
    "reason": None,
    "created_at": 7.0,
    "period_from": 7.0,
    "period_until": 9.0,
    "card": {"last4": "4242"},
}


async def test_a_plan_is_ordered_and_cancelled() -> None:
    bench = Bench()
    await bench.signed_in()
    bench.plan("/plans", ok({"items": [PLAN]}))
    (plan,) = await bench.client.plans()
    assert (plan.name, plan.max_height, plan.download_titles) == ("basic", 720, None)
    bench.plan("/account/subscription", *[ok(SUBSCRIPTION | {"card": None}), ok(SUBSCRIPTION), ok(SUBSCRIPTION)])
    assert (await bench.client.subscription()).last4 is None
    has = await bench.client.subscribe("r1", "basic", "4242424242424242")
    assert (has.last4, has.renews_at, has.price_cents) == ("4242", 8.0, 499)
    assert bench.sent() == {"request_id": "r1", "plan": "basic", "card": "4242424242424242"}
    await bench.client.cancel_subscription()
    assert bench.transport.requests[-1].method == "DELETE"
    bench.plan("/account/payments?limit=20", ok({"items": [PAYMENT], "next_before": None}))
    assert [(one.kind, one.amount_cents, one.state) for one in await bench.client.payments()] == [
        ("subscribe", 499, "paid")
    ]


async def test_a_childs_profile_sees_no_payments_and_the_rest_of_the_account() -> None:
    bench = Bench()
    await bench.signed_in()
    bench.plan("/account/payments?limit=20", refused(403, "profile_not_allowed"), refused(403, "account_closed"))
    assert await bench.client.payments() == ()
    with pytest.raises(ServiceError):
        await bench.client.payments()


async def test_a_forgotten_password_is_set_by_a_mailed_code() -> None:
    bench = Bench()
    bench.plan("/auth/password-reset", ok({}))
    await bench.client.ask_for_reset("ada@tv.test")
    assert bench.sent() == {"email": "ada@tv.test"}
    bench.plan("/auth/password-reset/confirmation", refused(404, "code_not_found"), ok(tokens(1)))
    with pytest.raises(ServiceError, match="wrong or too old"):
        await bench.client.reset_password("ada@tv.test", "BCDF-GHJK", "a longer one")
    account = await bench.client.reset_password("ada@tv.test", "BCDF-GHJK", "a longer one", "TV")
    assert await bench.client.account() == account
    assert bench.sent()["new_password"] == "a longer one"


async def test_an_address_is_confirmed_by_a_mailed_code() -> None:
    bench = Bench()
    await bench.signed_in()
    bench.plan("/account", ok({"email_verified": False}), ok({"email_verified": "yes"}))
    assert await bench.client.email_verified() is False
    with pytest.raises(ServiceError):
        await bench.client.email_verified()
    bench.plan("/auth/email-verification", ok({}))
    await bench.client.ask_for_verification()
    bench.plan("/auth/email-verification/confirmation", refused(404, "code_not_found"), ok({}))
    with pytest.raises(ServiceError, match="wrong or too old"):
        await bench.client.verify_email("BCDF-GHJK")
    await bench.client.verify_email("BCDF-GHJK")
    assert bench.sent() == {"code": "BCDF-GHJK"}


async def test_a_new_password_keeps_this_sign_in_and_the_end_of_all_ends_it() -> None:
    bench = Bench()
    await bench.signed_in()
    bench.plan("/auth/password", ok(tokens(2)))
    await bench.client.change_password("old", "a longer one")
    assert bench.sent()["new_password"] == "a longer one"
    bench.plan("/list", ok({"items": []}))
    await bench.client.my_list()
    assert bench.bearers("/list") == ["Bearer SECRET-access-2"]
    bench.plan("/auth/logout-everywhere", refused(500, "internal"), ok({}))
    with pytest.raises(ServiceError) as caught:
        await bench.client.logout_everywhere()
    assert caught.value.code is ErrorCode.HTTP_SERVER
    assert await bench.client.account() is not None
    await bench.client.logout_everywhere()
    assert await bench.client.account() is None
