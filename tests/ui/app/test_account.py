"""The account page: plan, orders, what was paid, and the ways out."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from player.base.errors import ErrorCode, NetError, ServiceError
from tests.kit.fake_client import FakeClient
from tests.ui.states import STATES
from ui.app.viewmodels.account import CANCEL_PLAN, YES, AccountViewModel
from ui.app.viewmodels.tasks import Tasks

K = Qt.Key


@pytest.fixture
def client(qapp):
    made = FakeClient()
    yield made
    made.close()


@pytest.fixture
def account(client, qtbot):
    tasks = Tasks(client)
    made = AccountViewModel(client, tasks)
    made.set_visible(visible=True)
    qtbot.waitUntil(lambda: made.property("state") == "ready")
    yield made
    tasks.close()


def idle(account) -> bool:
    return not account.property("working") and not account.waiting


def test_a_plan_is_ordered_changed_and_cancelled(client, account, qtbot):
    assert (account.property("plan"), account.property("withCard"), account.property("cancellable")) == (
        "Free",
        False,
        False,
    )
    account.order("basic", "4242 4242 4242 4242")
    qtbot.waitUntil(lambda: account.property("plan") == "Basic" and idle(account))
    assert client.ordered[0][1:] == ("basic", "4242424242424242")
    assert account.property("standing").startswith("Renews on ")
    assert account.property("payments").records[0].outcome == "Paid"
    account.offer("premium")
    assert [option.detail for option in account.property("options").records] == ["", "card ending in 4242"]
    account.choose("premium", "no")
    account.choose("premium", YES)
    qtbot.waitUntil(lambda: account.property("plan") == "Premium" and idle(account))
    assert [order[1:] for order in client.ordered[1:]] == [("premium", None)]
    account.choose(CANCEL_PLAN, YES)
    qtbot.waitUntil(lambda: "ends on" in account.property("standing"))
    assert not account.property("cancellable")


def test_an_order_whose_outcome_is_not_known_is_sent_again_as_the_same(client, account, qtbot):
    client.failure = NetError(ErrorCode.NET_STALLED, "It stalled.")
    account.order("basic", "4242424242424242")
    qtbot.waitUntil(lambda: account.property("notice") == "The server has stopped sending.")
    client.failure = ServiceError(ErrorCode.SERVICE_REPLY, "The card was declined.", recoverable=False)
    account.order("basic", "4000000000000002")
    qtbot.waitUntil(lambda: account.property("notice") == "The card was declined.")
    client.failure = None
    account.order("basic", "4242424242424242")
    qtbot.waitUntil(lambda: account.property("plan") == "Basic" and idle(account))
    first, second, third = (request for request, _plan, _card in client.ordered)
    assert first == second != third


def test_a_password_is_changed_and_a_short_one_refused_at_once(client, account, qtbot):
    account.changePassword("secret", "short")
    assert "eight" in account.property("notice")
    account.changePassword("wrong", "long enough")
    qtbot.waitUntil(lambda: account.property("notice") == "The password is wrong.")
    account.changePassword("secret", "long enough")
    qtbot.waitUntil(lambda: client.password == "long enough" and idle(account))


def test_a_card_is_typed_and_the_focus_comes_back_to_the_plan(stage):
    STATES["account"](stage, False)
    stage.key(K.Key_Right, K.Key_Return)
    assert stage.focus_name == "firstField"
    stage.type("4242424242424242")
    stage.key(K.Key_Down, K.Key_Return)
    stage.until(lambda: stage.app.account.property("plan") == "Standard")
    stage.until(lambda: stage.focus_name == "plan_standard")
    assert stage.item("firstField").property("text") == "", "what was typed is forgotten"
    stage.key(K.Key_Escape)
    assert (stage.page, stage.focus_name) == ("home", "playFeatured")


def click(stage, item):
    place = item.mapToScene(QPointF(item.width() / 2, item.height() / 2)).toPoint()
    QTest.mouseClick(stage.window, Qt.MouseButton.LeftButton, pos=place)


def press(stage, name):
    """Walk over the keys on the screen to one of them, and press it."""
    digits = stage.item("keyboardPanel").property("digits")
    order, columns = ("1234567890", 3) if digits else ("abcdefghijklmnopqrstuvwxyz0123456789", 12)

    def place(key):
        return divmod(order.index(key.removeprefix("key_").lower()), columns)

    row, column = place(name)
    now_row, now_column = place(stage.focus_name)
    stage.key(*[K.Key_Up] * (now_row - row), *[K.Key_Left] * (now_column - column))
    stage.key(*[K.Key_Right] * (column - now_column), *[K.Key_Down] * (row - now_row), K.Key_Return)


def test_across_a_room_a_card_and_a_password_are_typed_by_six_keys(stage):
    STATES["account"](stage, True)
    stage.key(K.Key_Right, K.Key_Return, K.Key_Return)
    assert stage.focus_name == "key_1"
    for digit in "4242424242424242":
        press(stage, f"key_{digit}")
    stage.key(*[K.Key_Down] * 4, K.Key_Return, K.Key_Down, K.Key_Return)
    stage.until(lambda: stage.app.account.property("plan") == "Standard")
    assert stage.client.ordered[0][2] == "4242424242424242"
    stage.until(lambda: stage.focus_name == "plan_standard")
    stage.key(K.Key_Up, K.Key_Left, K.Key_Left, K.Key_Return, K.Key_Return)
    press(stage, "key_s")
    assert stage.item("typedText").property("text") == "•|", "a password is not shown"
    stage.key(K.Key_Back)
    assert (stage.focus_name, stage.item("firstField").property("text")) == ("firstField", "")
    click(stage, stage.focus)
    stage.until(lambda: stage.focus_name == "key_a")  # for a remote that points


def test_across_a_room_an_email_address_is_typed_from_one_set_of_keys(stage):
    stage.start(tv=True)
    stage.until(lambda: stage.page == "signIn")
    stage.app.signInByCode(False)
    stage.wait(1)
    stage.item("email").forceActiveFocus()
    stage.key(K.Key_Return, K.Key_Return, *[K.Key_Down] * 3)
    assert stage.focus_name == "key_@"
    stage.key(K.Key_Return, K.Key_Right, K.Key_Return)
    assert stage.item("typedText").property("text") == "a@.|"
    stage.key(K.Key_Down)
    assert stage.focus_name == "key_space"
    stage.key(K.Key_Right, K.Key_Return, K.Key_Up)
    assert (stage.item("typedText").property("text"), stage.focus_name) == ("a@|", "key__")


def test_who_signs_out_everywhere_is_signed_out_here(stage):
    STATES["account"](stage, True)
    stage.key(K.Key_Up, K.Key_Return, K.Key_Down, K.Key_Return)
    stage.until(lambda: stage.page == "signIn")
    stage.until(lambda: stage.client.viewer is None)
