"""The account page: who is signed in, the plan and its price, what was paid, and ways out."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import Property, QDateTime, QLocale, QObject, Signal, Slot

from player.reporting.state import PlaybackFailure
from player.service.billing import Payment, Plan, Subscription
from ui.app.ports.client import ClientPort
from ui.app.ports.household import AccountCard
from ui.app.viewmodels.binding import RecordModel, shown
from ui.app.viewmodels.menus import Option, OptionModel
from ui.app.viewmodels.pending_request import PendingRequest
from ui.app.viewmodels.tasks import Tasks
from ui.app.viewmodels.text import tr

YES = "yes"
CANCEL_PLAN, SIGN_OUT_EVERYWHERE = "cancelPlan", "signOutEverywhere"
_SHORTEST_PASSWORD = 8
_FREE = ("free", "")
_ENDING = ("cancelled",)
_RUNNING = ("active", "past_due")


class AccountState(StrEnum):
    """What the page as a whole shows."""

    LOADING = "loading"
    READY = "ready"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A plan for sale; ``chosen``: the account has it."""

    plan: str
    name: str
    price: str
    facts: str
    chosen: bool


class PlanModel(RecordModel[PlanLine]):
    record = PlanLine


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """One payment."""

    day: str
    what: str
    amount: str
    outcome: str


class PaymentModel(RecordModel[PaymentLine]):
    record = PaymentLine


class AccountViewModel(QObject):
    """Asked for whenever the page comes into view. An order whose outcome is not known is sent again as the same
    order. ``signedOut`` follows when every sign-in of the account has been ended."""

    changed = Signal()
    signedOut = Signal()
    signInNeeded = Signal(str)

    def __init__(self, client: ClientPort, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._tasks = tasks
        self._question = PendingRequest(tasks, self._arrived, self._failed, self.signInNeeded.emit)
        self._working = False
        self._card: AccountCard | None = None
        self._orders: dict[str, str] = {}  # the request of each plan whose outcome is not known
        self._plans = PlanModel(self)
        self._payments = PaymentModel(self)
        self._options = OptionModel(self)
        self._state = AccountState.LOADING
        self._message = self._notice = ""

    state = shown(str, "_state", changed)
    message = shown(str, "_message", changed)
    notice = shown(str, "_notice", changed)
    working = shown(bool, "_working", changed)

    @Property(QObject, constant=True)
    def plans(self) -> PlanModel:
        return self._plans

    @Property(QObject, constant=True)
    def payments(self) -> PaymentModel:
        return self._payments

    @Property(QObject, constant=True)
    def options(self) -> OptionModel:
        return self._options

    @Property(str, notify=changed)
    def name(self) -> str:
        return self._card.name if self._card else ""

    @Property(str, notify=changed)
    def email(self) -> str:
        return self._card.email if self._card else ""

    @Property(str, notify=changed)
    def plan(self) -> str:
        """The plan's name."""
        return _plan_name(self._card.subscription.plan) if self._card else ""

    @Property(str, notify=changed)
    def standing(self) -> str:
        """When the plan goes on or ends, and what that costs."""
        return _standing(self._card.subscription) if self._card else ""

    @Property(str, notify=changed)
    def trouble(self) -> str:
        """What the viewer should do about the card."""
        declined = self._card.subscription.declined if self._card else ""
        return tr("The card was declined. Order again with another card to keep the plan.") if declined else ""

    @Property(bool, notify=changed)
    def unconfirmed(self) -> bool:
        """Whether the address is not known to be the viewer's."""
        return self._card is not None and not self._card.verified

    @Property(bool, notify=changed)
    def cancellable(self) -> bool:
        return self._card is not None and self._card.subscription.state in _RUNNING

    @Property(bool, notify=changed)
    def withCard(self) -> bool:
        """Whether an order may be charged to the card that is kept."""
        return self._card is not None and bool(self._card.subscription.last4) and not self._card.subscription.declined

    @property
    def waiting(self) -> bool:
        """Whether the service has not answered yet how the account stands."""
        return self._question.waiting

    def set_visible(self, *, visible: bool) -> None:
        """Whether a viewer sees the page."""
        if visible:
            self._notice = ""
            self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Ask the service."""
        if not self._question.waiting:
            self._question.ask(self._client.account())

    @Slot(str)
    def offer(self, subject: str) -> None:
        """Fill ``options`` with yes and no to a plan, or to one of the ways out."""
        if self._card is None:
            return
        detail = ""
        offer = next((one for one in self._card.plans if one.name == subject), None)
        if offer is not None:
            yes = tr("Order for {price} a month").format(price=_money(offer.price_cents, offer.currency))
            detail = tr("card ending in {digits}").format(digits=self._card.subscription.last4)
        elif subject == CANCEL_PLAN:
            yes = tr("Cancel the plan")
        else:
            yes, detail = tr("Sign out everywhere"), tr("this device too")
        self._options.replace([Option("no", tr("Leave it as it is")), Option(YES, yes, detail)])

    @Slot(str, str)
    def choose(self, subject: str, choice: str) -> None:
        """Do what was offered, if the viewer wants it."""
        if choice != YES:
            return
        if subject == CANCEL_PLAN:
            self._work()
            self._tasks.run(self._client.cancel_plan(), self._has, self._refused)
        elif subject == SIGN_OUT_EVERYWHERE:
            self._work()
            self._tasks.run(self._client.sign_out_everywhere(), self._out, self._refused)
        else:
            self.order(subject, "")

    @Slot(str, str)
    def order(self, plan: str, card: str) -> None:
        """Subscribe, or change to this plan; ``card`` is a number, empty for the one kept."""
        if self._working:
            return
        digits = "".join(card.split())
        request_id = self._orders.setdefault(plan, uuid.uuid4().hex)
        self._work()
        self._tasks.run(
            self._client.subscribe(request_id, plan, digits or None),
            self._has,
            lambda failure: self._not_ordered(plan, failure),
        )

    @Slot(str, str)
    def changePassword(self, password: str, new_password: str) -> None:
        """Have another password."""
        if len(new_password) < _SHORTEST_PASSWORD:
            self._say(tr("The new password needs eight characters at least."))
        elif not self._working:
            self._work()
            work = self._client.change_password(password, new_password)
            self._tasks.run(work, lambda _none: self._say(tr("The password has been changed.")), self._refused)

    @Slot()
    def sendCode(self) -> None:
        """Have a code mailed that confirms the address."""
        if not self._working:
            self._work()
            work = self._client.ask_for_verification()
            self._tasks.run(work, lambda _none: self._say(tr("A new code is on its way.")), self._refused)

    @Slot(str)
    def confirmAddress(self, code: str) -> None:
        """Confirm the address by the mailed code."""
        if code.strip() and not self._working:
            self._work()
            self._tasks.run(self._client.verify_email(code.strip()), self._confirmed, self._refused)

    def clear(self) -> None:
        """Forget everything, for another viewer."""
        self._question.stop()
        self._card, self._state = None, AccountState.LOADING
        self._orders.clear()
        self._publish()
        self._say("")

    def _arrived(self, card: AccountCard) -> None:
        self._card, self._state = card, AccountState.READY
        self._publish()

    def _failed(self, failure: PlaybackFailure) -> None:
        if self._card is None:
            self._state, self._message = AccountState.ERROR, failure.sentence
            self.changed.emit()
        else:
            self._say(failure.sentence)

    def _has(self, subscription: Subscription) -> None:
        self._orders.pop(subscription.plan, None)
        self._orders.pop(subscription.next_plan or "", None)
        self._say(_standing(subscription))
        self.refresh()

    def _confirmed(self, _none: None) -> None:
        self._say(tr("Your email address is confirmed."))
        self.refresh()

    def _not_ordered(self, plan: str, failure: PlaybackFailure) -> None:
        if failure.code.startswith("service."):  # it has answered, so nothing is open
            self._orders.pop(plan, None)
        self._refused(failure)

    def _refused(self, failure: PlaybackFailure) -> None:
        self._say(failure.sentence)

    def _out(self, _none: None) -> None:
        self._say("")
        self.signedOut.emit()

    def _work(self) -> None:
        self._working, self._notice = True, ""
        self.changed.emit()

    def _say(self, notice: str) -> None:
        self._working, self._notice = False, notice
        self.changed.emit()

    def _publish(self) -> None:
        card = self._card
        has = card.subscription.plan if card else ""
        self._plans.replace([_plan_line(one, chosen=one.name == has) for one in card.plans] if card else [])
        self._payments.replace([_payment_line(one) for one in card.payments] if card else [])
        self.changed.emit()


def _standing(has: Subscription) -> str:
    if has.state in _FREE:
        return tr("Nothing is paid. A plan brings more titles and better quality.")
    if has.state in _ENDING and has.ends_at is not None:
        return tr("Cancelled; it ends on {day}.").format(day=_day(has.ends_at))
    if has.state == "past_due" and has.ends_at is not None:
        return tr("The renewal was not paid; the plan ends on {day}.").format(day=_day(has.ends_at))
    if has.renews_at is None or has.price_cents is None:
        return tr("Nothing is paid for it.")
    price = _money(has.price_cents, has.currency)
    if has.next_plan and has.next_plan != has.plan:
        words = tr("{plan} begins on {day} for {price} a month.")
        return words.format(plan=_plan_name(has.next_plan), day=_day(has.renews_at), price=price)
    return tr("Renews on {day} for {price}.").format(day=_day(has.renews_at), price=price)


def _plan_line(plan: Plan, *, chosen: bool) -> PlanLine:
    facts = [
        tr("Quality up to {height}p").format(height=plan.max_height) if plan.max_height else tr("The best quality"),
        _screens(plan.streams),
        tr("No downloads")
        if plan.download_titles == 0
        else tr("{count} downloads").format(count=plan.download_titles)
        if plan.download_titles
        else tr("Any number of downloads"),
    ]
    price = tr("{price} a month").format(price=_money(plan.price_cents, plan.currency))
    return PlanLine(plan.name, _plan_name(plan.name), price, "\n".join(facts), chosen)


def _screens(count: int | None) -> str:
    if count is None:
        return tr("Any number of screens")
    return tr("One screen at a time") if count == 1 else tr("{count} screens at once").format(count=count)


def _payment_line(payment: Payment) -> PaymentLine:
    kinds = {"subscribe": tr("Order"), "change": tr("Change of plan"), "renewal": tr("Renewal")}
    states = {
        "paid": tr("Paid"),
        "pending": tr("Pending"),
        "declined": tr("Declined"),
        "refunded": tr("Paid back"),
    }
    return PaymentLine(
        _day(payment.created_at),
        f"{kinds.get(payment.kind, payment.kind)}, {_plan_name(payment.plan)}",
        _money(payment.amount_cents, payment.currency),
        states.get(payment.state, payment.state),
    )


def _plan_name(plan: str) -> str:
    return {
        "free": tr("Free"),
        "basic": tr("Basic"),
        "standard": tr("Standard"),
        "premium": tr("Premium"),
        "unlimited": tr("Unlimited"),
    }.get(plan, plan.capitalize())


def _money(cents: int, currency: str) -> str:
    return f"{QLocale().toString(cents / 100, 'f', 2)} {currency}"


def _day(at: float) -> str:
    return QLocale().toString(QDateTime.fromSecsSinceEpoch(round(at)).date(), "d MMM yyyy")
