"""Subscribing over the API, what it opens and closes, and the provider's messages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from backend_stub.payments.local import DECLINED_CARD, EMPTY_CARD, GOOD_CARD, ONCE_CARD
from backend_stub.payments.provider import ChargeOutcome, ProviderUnavailableError
from backend_stub.payments.signature import TOLERANCE_S, sign
from backend_stub.services.billing_rules import DAY_S, GRACE_S, PERIOD_S, price_cents
from tests.kit.rights import START, Caller, Service, refusal, service


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with service(tmp_path_factory.mktemp("billing")) as made:
        yield made


@pytest.fixture
def account(running: Service, request: pytest.FixtureRequest) -> str:
    return running.account(request.node.name[:60], "free")


@pytest.fixture
def caller(running: Service, account: str) -> Caller:
    return running.client(account)


def order(
    caller: Caller, plan: str = "standard", card: str | None = GOOD_CARD, request_id: str = "1"
) -> httpx.Response:
    return caller.post("/account/subscription", {"request_id": request_id, "plan": plan, "card": card})


def ordered(caller: Caller, plan: str = "standard", card: str | None = GOOD_CARD, request_id: str = "1") -> Any:
    answer = order(caller, plan, card, request_id)
    assert answer.status_code == 200, answer.text
    return answer.json()


def subscription(caller: Caller) -> Any:
    return caller.get("/account/subscription").json()


def paid(caller: Caller) -> list[tuple[str, str, int, str]]:
    """Kind, plan, amount and state of each payment, the oldest first."""
    items = caller.get("/account/payments").json()["items"]
    return [(one["kind"], one["plan"], one["amount_cents"], one["state"]) for one in reversed(items)]


def later(running: Service, seconds: float) -> None:
    """Let time pass, and the task for renewals run."""
    running.clock.step(seconds)
    running.context.money.billing.renew_due()


class TestOrders:
    def test_plans_and_an_account_without_one(self, caller: Caller) -> None:
        plans = caller.get("/plans").json()["items"]
        assert [(one["plan"], one["streams"]) for one in plans] == [("basic", 1), ("standard", 2), ("premium", 4)]
        assert [one["price_cents"] for one in plans] == sorted(one["price_cents"] for one in plans)
        body = subscription(caller)
        assert (body["plan"], body["state"], body["ends_at"], body["card"]) == ("free", "free", None, None)
        assert refusal(order(caller, card=None)) == (422, "card_missing")
        assert refusal(order(caller, card="4111111111111111")) == (422, "bad_card")

    def test_subscribing_opens_titles_and_counts_once(self, running: Service, account: str, caller: Caller) -> None:
        device = running.device(account)
        assert refusal(device.play()) == (403, "plan_missing")
        now = running.clock.now()
        body = ordered(caller)
        assert (body["plan"], body["state"], body["card"]) == ("standard", "active", {"last4": GOOD_CARD[-4:]})
        assert (body["renews_at"], body["ends_at"]) == (now + PERIOD_S, now + PERIOD_S + GRACE_S)
        assert ordered(caller) == body
        assert refusal(order(caller, "premium")) == (409, "request_reused")
        assert paid(caller) == [("subscribe", "standard", price_cents("standard"), "paid")]
        assert device.play().status_code == 200

    @pytest.mark.parametrize(
        ("card", "reason"), [(DECLINED_CARD, "card_declined"), (EMPTY_CARD, "insufficient_funds")]
    )
    def test_a_declined_card_opens_nothing(self, caller: Caller, card: str, reason: str) -> None:
        for _ in range(2):  # the answer to the same request is the same
            answer = order(caller, card=card)
            assert refusal(answer) == (402, "payment_declined")
            assert answer.json()["reason"] == reason
        assert subscription(caller)["plan"] == "free"
        assert [state for *_, state in paid(caller)] == ["declined"]
        assert ordered(caller, request_id="2")["state"] == "active"

    def test_a_dearer_plan_now_and_a_cheaper_one_next(self, running: Service, caller: Caller) -> None:
        ordered(caller, "basic")
        later(running, PERIOD_S / 2)
        now = running.clock.now()
        body = ordered(caller, "premium", None, "2")
        assert (body["plan"], body["renews_at"], body["next_plan"]) == ("premium", now + PERIOD_S, None)
        half = price_cents("basic") // 2
        assert paid(caller)[-1] == ("change", "premium", price_cents("premium") - half, "paid")
        body = ordered(caller, "basic", None, "3")
        assert (body["plan"], body["next_plan"], body["price_cents"]) == ("premium", "basic", price_cents("basic"))
        later(running, PERIOD_S)
        body = subscription(caller)
        assert (body["plan"], body["state"], body["next_plan"]) == ("basic", "active", None)
        assert paid(caller)[-1] == ("renewal", "basic", price_cents("basic"), "paid")

    def test_cancelling_lets_it_run_to_its_end_and_can_be_taken_back(self, running: Service, caller: Caller) -> None:
        assert refusal(caller.call("DELETE", "/account/subscription")) == (409, "not_subscribed")
        until = ordered(caller)["renews_at"]
        for _ in range(2):
            body = caller.call("DELETE", "/account/subscription").json()
            assert (body["state"], body["ends_at"], body["renews_at"]) == ("cancelled", until, None)
        assert ordered(caller, "standard", None, "2")["renews_at"] == until
        caller.call("DELETE", "/account/subscription")
        later(running, PERIOD_S)
        assert (subscription(caller)["state"], len(paid(caller))) == ("free", 1)

    def test_what_the_operator_gives_ends_the_payments(self, running: Service, account: str, caller: Caller) -> None:
        ordered(caller)
        running.context.money.subscriptions.give(account, "premium")
        assert (subscription(caller)["state"], subscription(caller)["price_cents"]) == ("given", None)
        later(running, PERIOD_S)
        assert (subscription(caller)["plan"], len(paid(caller))) == ("premium", 1)

    def test_profiles_with_an_age_limit_buy_nothing(self, caller: Caller) -> None:
        profile = caller.post("/profiles", {"name": "Kid", "maturity": 12, "pin": None}).json()["id"]
        token = caller.post(f"/profiles/{profile}/selection", {"pin": None}).json()["access_token"]
        caller.headers["Authorization"] = f"Bearer {token}"
        not_allowed = (403, "profile_not_allowed")
        assert refusal(order(caller)) == not_allowed
        assert refusal(caller.call("PUT", "/account/card", {"card": GOOD_CARD})) == not_allowed
        assert refusal(caller.call("DELETE", "/account/subscription")) == not_allowed

    def test_cards_cannot_be_tried_out(self, caller: Caller) -> None:
        answers = [order(caller, card=DECLINED_CARD, request_id=str(number)) for number in range(11)]
        assert [answer.status_code for answer in answers] == [402] * 10 + [429]
        assert int(answers[-1].headers["Retry-After"]) > 0

    def test_the_history_comes_in_pages(self, running: Service, caller: Caller) -> None:
        ordered(caller)
        for _ in range(2):
            later(running, PERIOD_S)
        first = caller.get("/account/payments?limit=2").json()
        rest = caller.get(f"/account/payments?limit=2&before={first['next_before']}").json()
        assert [one["kind"] for one in first["items"] + rest["items"]] == ["renewal", "renewal", "subscribe"]
        assert rest["next_before"] is None


class TestTheEnd:
    def test_a_declined_renewal_is_tried_again_and_then_closes_everything(
        self, running: Service, account: str, caller: Caller
    ) -> None:
        ends_at = ordered(caller, card=ONCE_CARD)["ends_at"]
        later(running, PERIOD_S)
        body = subscription(caller)
        assert (body["state"], body["declined"], body["ends_at"]) == ("past_due", "expired_card", ends_at)
        device = running.device(account)
        session = device.play().json()
        assert session["expires_at"] <= ends_at
        for _ in range(6):
            later(running, DAY_S)
        assert [kind for kind, *_ in paid(caller)] == ["subscribe"] + ["renewal"] * 4
        device = running.device(account)
        session = device.play().json()
        licence = running.licence(device.acquire(session["session_id"], type="streaming"))
        assert licence["expires_at"] <= ends_at
        later(running, ends_at - running.clock.now())
        assert subscription(caller)["state"] == "free"
        assert refusal(device.play()) == (403, "plan_missing")
        beat = device.post(f"/play/{session['session_id']}/heartbeat", {"position_s": 1.0, "state": "playing"})
        assert refusal(beat) == (403, "session_expired")
        assert device.acquire(session["session_id"], type="streaming").status_code == 403
        actions = [entry.action for entry in running.context.audit_log.page(None, 500, account)]
        assert "subscription.expired" in actions
        later(running, PERIOD_S)
        assert len(paid(caller)) == 5

    def test_another_card_pays_what_is_due_at_once(self, running: Service, caller: Caller) -> None:
        until = ordered(caller, card=ONCE_CARD)["renews_at"]
        later(running, PERIOD_S + DAY_S)
        declined = caller.call("PUT", "/account/card", {"card": DECLINED_CARD})
        assert refusal(declined) == (402, "payment_declined")
        body = caller.call("PUT", "/account/card", {"card": GOOD_CARD}).json()
        assert (body["state"], body["declined"], body["renews_at"]) == ("active", None, until + PERIOD_S)

    def test_a_refund_ends_what_plays(self, running: Service, account: str, caller: Caller) -> None:
        ordered(caller)
        device = running.device(account)
        session = device.play().json()["session_id"]
        payment = caller.get("/account/payments").json()["items"][0]["payment_id"]
        admin = running.client(running.account("operator", role="admin"))
        for _ in range(2):
            assert admin.post(f"/admin/payments/{payment}/refund", {}).json()["state"] == "refunded"
        assert subscription(caller)["state"] == "free"
        missing = (403, "plan_missing")
        beat = device.post(f"/play/{session}/heartbeat", {"position_s": 1.0, "state": "playing"})
        assert refusal(beat) == missing
        assert refusal(device.acquire(session, type="streaming")) == missing
        assert refusal(admin.post(f"/admin/payments/{'0' * 32}/refund", {})) == (404, "payment_not_found")

    def test_a_smaller_plan_keeps_the_first_streams(self, running: Service, account: str, caller: Caller) -> None:
        ordered(caller, "standard")
        devices = [running.device(account) for _ in range(2)]
        sessions = []
        for device in devices:
            sessions.append(device.play().json()["session_id"])
            running.clock.step(1)
        running.context.money.subscriptions.give(account, "basic")
        beats = [
            device.post(f"/play/{session}/heartbeat", {"position_s": 1.0, "state": "playing"})
            for device, session in zip(devices, sessions, strict=True)
        ]
        assert [beat.status_code for beat in beats] == [200, 403]
        assert refusal(beats[1]) == (403, "stream_limit")


class TestTheProvider:
    def send(
        self, running: Service, event: dict[str, Any], at: float | None = None, secret: bytes = b""
    ) -> httpx.Response:
        body = json.dumps(event).encode()
        signature = sign(secret or running.context.secrets.payment_events, body, at or running.clock.now())
        sender = running.client(None)
        sender.headers["Matinee-Signature"] = signature
        return sender._send("POST", "http://testserver/api/v1/payments/webhook", content=body)

    def event(self, key: str, kind: str = "charge.paid", event_id: str = "e1") -> dict[str, Any]:
        return {"id": event_id, "type": kind, "created_at": START, "key": key, "amount_cents": 1, "reason": None}

    def test_an_answer_that_is_lost_comes_by_a_message(
        self, running: Service, account: str, caller: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        provider = running.context.money.provider
        charge = type(provider).charge

        def lost(*call: Any) -> ChargeOutcome:
            charge(provider, *call)
            raise ProviderUnavailableError

        monkeypatch.setattr(type(provider), "charge", lambda _self, *call: lost(*call))
        answer = order(caller)
        assert refusal(answer) == (503, "payment_unavailable")
        assert answer.headers["Retry-After"]
        assert (subscription(caller)["state"], paid(caller)[0][3]) == ("free", "pending")
        assert refusal(order(caller, request_id="2")) == (503, "payment_unavailable")  # nothing new meanwhile
        running.context.money.provider.deliver(running.context.money.events.receive)  # type: ignore[attr-defined]
        assert ordered(caller)["state"] == "active"
        assert [state for *_, state in paid(caller)] == ["paid"]

    def test_or_by_asking_again(self, running: Service, caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
        def nobody(*_call: Any) -> ChargeOutcome:
            raise ProviderUnavailableError

        with monkeypatch.context() as down:
            down.setattr(type(running.context.money.provider), "charge", nobody)
            assert order(caller).status_code == 503
            running.context.money.billing.renew_due()
        assert subscription(caller)["state"] == "free"
        running.context.money.billing.renew_due()
        assert (subscription(caller)["state"], len(paid(caller))) == ("active", 1)

    def test_only_signed_messages_of_now_and_each_once(self, running: Service, caller: Caller) -> None:
        ordered(caller)
        payment = caller.get("/account/payments").json()["items"][0]["payment_id"]
        refund, now = self.event(payment, "charge.refunded"), running.clock.now()
        for at, secret in ((now, b"x" * 32), (now - TOLERANCE_S - 1, b""), (now + TOLERANCE_S + 1, b"")):
            assert refusal(self.send(running, refund, at, secret)) == (403, "bad_signature")
        assert refusal(self.send(running, {"type": "charge.paid"})) == (403, "bad_signature")
        assert subscription(caller)["state"] == "active"
        assert self.send(running, refund).status_code == 204
        assert subscription(caller)["state"] == "free"
        assert refusal(self.send(running, refund)) == (409, "replayed")
        running.clock.step(1)
        assert self.send(running, refund).status_code == 204  # the provider says it again
        assert self.send(running, self.event("0" * 32)).status_code == 204  # of a payment of somebody else

    def test_no_signature_at_all(self, running: Service) -> None:
        sender = running.client(None)
        assert refusal(sender.post("/payments/webhook", {})) == (422, "invalid_request")
        sender.headers["Matinee-Signature"] = "t=1,v1=x"
        assert refusal(sender.post("/payments/webhook", {})) == (403, "bad_signature")

    def test_a_message_is_sent_until_it_is_taken(self, tmp_path: Path) -> None:
        with service(tmp_path) as made:
            caller = made.client(made.account("anna", "free"))
            ordered(caller)
            provider: Any = made.context.money.provider
            sent: list[bytes] = []

            def refuse(body: bytes, _signature: str) -> bool:
                sent.append(body)
                return False

            for _ in range(2):
                assert provider.deliver(refuse) == 0
            assert len(sent) == 1  # the second attempt is later
            made.clock.step(10)
            assert provider.deliver(refuse) == 0
            made.clock.step(60)
            assert provider.deliver(made.context.money.events.receive) == 1
            assert provider.deliver(refuse) == 0
            assert sent[0] == sent[1]

    def test_a_key_stands_for_one_charge(self, running: Service) -> None:
        provider = running.context.money.provider
        card = provider.keep_card(ONCE_CARD)
        assert provider.charge("k", card.token, 5) == provider.charge("k", card.token, 5) == ChargeOutcome(paid=True)
        assert provider.charge("l", card.token, 5) == ChargeOutcome(paid=False, reason="expired_card")
        for token, amount in ((card.token, 6), ("card_other", 5)):
            with pytest.raises(ValueError, match="another charge"):
                provider.charge("k", token, amount)
        assert card.token not in repr(card)
