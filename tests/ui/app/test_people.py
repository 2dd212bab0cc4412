"""Who watches: profiles with PIN and maturity, sign-in by code, and what is remembered of a viewer."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import Qt

from player.base.errors import ErrorCode, NetError, ServiceError
from player.service.model import Profile
from tests.kit.fake_client import cards
from tests.kit.fake_downloads import queue
from ui.app.images.qr import drawn
from ui.app.profile.last_used import MOST_SEARCHES, Memory

K = Qt.Key
ADA, BEN = Profile("p1", "Ada", 18, has_pin=True), Profile("p2", "Ben", 6)


def household(stage) -> None:
    stage.client.people = [ADA, BEN]
    stage.client.titles = cards(2)
    stage.client.viewer = "Lovelace"


def test_who_watches_is_asked_once_and_then_remembered(stage):
    household(stage)
    stage.start()
    stage.until(lambda: stage.focus_name == "person_0")
    stage.key(K.Key_Right, K.Key_Return)
    stage.until(lambda: stage.focus_name == "playFeatured")
    assert stage.app.property("viewer") == "Ben"
    assert stage.memory.person_of("Lovelace") == BEN
    assert stage.client.current == "p2"


def test_a_pin_is_entered_by_arrows_or_by_digits(stage):
    household(stage)
    stage.start()
    stage.until(lambda: stage.focus_name == "person_0")
    stage.key(K.Key_Return)
    stage.until(lambda: stage.focus_name == "key_1")
    stage.key(K.Key_Return, K.Key_Right, K.Key_Return, K.Key_Right, K.Key_Return, K.Key_3)
    stage.key(*[K.Key_Down] * 4)
    assert stage.focus_name == "submitPin"
    stage.key(K.Key_Return)
    stage.until(lambda: stage.item("profilesNotice").property("text") == "The PIN is wrong.")
    assert stage.app.profiles.property("pinDigits") == 0, "a wrong PIN is entered again"
    assert stage.focus_name.startswith("key_"), "and Enter once more does not leave"
    stage.key(K.Key_1, K.Key_2, K.Key_3, K.Key_5, K.Key_Backspace, K.Key_4)
    stage.item("submitPin").forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: stage.page == "home")
    assert stage.app.property("viewer") == "Ada"


def test_back_from_a_pin_leads_to_the_profiles(stage):
    household(stage)
    stage.start()
    stage.until(lambda: stage.focus_name == "person_0")
    stage.key(K.Key_Return)
    stage.until(lambda: stage.focus_name == "key_1")
    stage.key(K.Key_Escape)
    stage.until(lambda: stage.focus_name == "person_0")
    stage.key(K.Key_Escape)
    assert stage.page == "profiles", "somebody has to watch"


def test_switching_shows_another_home_and_back_keeps_the_one_before(stage):
    household(stage)
    stage.client.current = "p2"
    stage.start()
    stage.until(lambda: stage.focus_name == "playFeatured")
    stage.item("switchProfile").forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: stage.page == "profiles" and stage.focus_name.startswith("person_"))
    stage.key(K.Key_Escape)
    stage.until(lambda: stage.page == "home")
    assert stage.app.property("viewer") == "Ben"


@pytest.mark.parametrize("away", [False, True])
def test_who_watches_already_goes_on(stage, away):
    household(stage)
    stage.client.current = "p2"
    stage.start()
    stage.until(lambda: stage.focus_name == "playFeatured")
    stage.item("switchProfile").forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: stage.page == "profiles" and stage.focus_name.startswith("person_"))
    stage.client.failure = NetError(ErrorCode.NET_REFUSED, "No.") if away else None
    stage.item("person_1").forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: stage.page == "home")
    assert stage.app.property("viewer") == "Ben"


def test_who_watches_already_is_asked_for_a_pin_and_goes_on(stage):
    household(stage)
    stage.client.current = "p1"
    stage.start()
    stage.until(lambda: stage.focus_name == "playFeatured")
    stage.app.switchProfile()
    stage.until(lambda: stage.page == "profiles" and stage.focus_name.startswith("person_"))
    stage.item("person_0").forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: stage.focus_name == "key_1")
    stage.key(K.Key_1, K.Key_2, K.Key_3, K.Key_4)
    stage.app.profiles.submitPin()
    stage.until(lambda: stage.page == "home")
    assert stage.app.property("viewer") == "Ada"


def test_who_is_refused_twice_sees_it_twice(stage):
    household(stage)
    stage.client.current = "p1"
    stage.start()
    stage.until(lambda: stage.focus_name == "playFeatured")
    stage.app.switchProfile()
    stage.until(lambda: stage.page == "profiles" and stage.focus_name.startswith("person_"))
    stage.item("person_1").forceActiveFocus()
    stage.client.failure = NetError(ErrorCode.NET_DNS, "No such host.")
    notice = stage.item("profilesNotice")
    stage.key(K.Key_Return)
    stage.until(lambda: notice.isVisible() and notice.property("opacity") == 1)
    stage.key(K.Key_Return)
    stage.until(lambda: notice.property("opacity") < 1)
    stage.until(lambda: notice.isVisible() and notice.property("opacity") == 1)


def test_maturity_holds_without_a_network(stage):
    """The rating of a download and the profile that was chosen are both on this machine."""
    household(stage)
    stage.downloads.titles = [
        *queue()[:3],
        *(one.__class__(**{**fields(one), "maturity": 16}) for one in queue()[3:4]),
    ]
    stage.memory.keep_person("Lovelace", BEN)
    stage.client.failure = NetError(ErrorCode.NET_DNS, "No such host.")
    stage.client.restore = _signed_in
    stage.start()
    stage.until(lambda: stage.page == "home" and stage.app.home.property("state") == "offline")
    stage.until(lambda: stage.app.downloads.lines.count == 3)
    assert stage.app.downloads.ready.count == 0
    stage.app.playDownload("d3")
    stage.wait(20)
    assert stage.page == "home"
    assert stage.downloads.orders == []
    stage.app.downloads.set_maturity(18)
    assert stage.app.downloads.ready.count == 1


@pytest.mark.parametrize("pin", ["1234", "4321"], ids=["right", "wrong"])
def test_without_a_network_no_pin_opens_a_profile(stage, pin):
    """Whether a PIN is right is known to the service alone: until it is back, the profile chosen last watches on."""
    household(stage)
    stage.client.current = "p2"
    stage.downloads.titles = [one.__class__(**{**fields(one), "maturity": 16}) for one in queue()[3:4]]
    stage.start()
    stage.until(lambda: stage.focus_name == "playFeatured")
    stage.client.failure = NetError(ErrorCode.NET_DNS, "No such host.")
    stage.item("switchProfile").forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: stage.app.profiles.property("error") != "")
    stage.item("person_0").forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: stage.focus_name == "key_1")
    stage.type(pin)
    stage.item("submitPin").forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: stage.app.profiles.property("pinDigits") == 0)
    assert stage.app.profiles.property("state") == "pin", "it is requested again"
    assert stage.app.profiles.property("error") != ""
    assert stage.memory.person_of("Lovelace") == BEN
    assert stage.app.profiles.maturity == BEN.maturity
    stage.key(K.Key_Escape)
    stage.key(K.Key_Escape)
    stage.until(lambda: stage.page == "home")
    assert stage.app.property("viewer") == "Ben"
    stage.until(lambda: stage.app.downloads.property("state") != "loading")
    assert stage.app.downloads.ready.count == 0, "what is above the rating stays out of sight"


def fields(one) -> dict[str, object]:
    return {name: getattr(one, name) for name in one.__slots__}


async def _signed_in() -> str:
    return "Lovelace"


def test_a_new_sign_in_asks_again_who_watches(stage):
    household(stage)
    stage.client.viewer = None
    stage.memory.keep_person("Ada", BEN)
    stage.start(email="ada@tv.test", password="secret")
    stage.until(lambda: stage.page == "profiles")


def test_a_television_is_signed_in_from_elsewhere(stage):
    stage.client.titles = cards(2)
    stage.start(tv=True)
    stage.until(lambda: stage.app.codeSignIn.property("code") == "BCDF-GHJK")
    assert stage.app.codeSignIn.property("address") == "tv.test/activate"
    stage.client.approved.set_result("Ada")
    stage.until(lambda: stage.page == "home")
    assert stage.app.property("viewer") == "Ada"
    assert stage.app.codeSignIn.property("code") == "", "nobody needs it any more"


def test_an_old_code_is_replaced_and_none_is_asked_for_in_vain(stage):
    stage.start(tv=True)
    stage.until(lambda: stage.client.codes == 1)
    stage.client.approved.set_exception(ServiceError(ErrorCode.SERVICE_EXPIRED, "The code has expired."))
    stage.until(lambda: stage.client.codes >= 2)
    stage.app.showSettings()
    asked = stage.client.codes
    stage.wait(50)
    assert stage.client.codes <= asked + 1
    assert stage.app.codeSignIn.property("code") == ""


def test_with_a_password_after_all(stage):
    stage.start(tv=True)
    stage.until(lambda: stage.app.codeSignIn.property("code") != "")
    stage.item("otherSignIn").forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: stage.item("email").isVisible())
    assert stage.app.codeSignIn.property("code") == ""


def test_the_qr_code_has_its_finder_patterns():
    image = drawn("https://tv.test/activate?user_code=BCDF-GHJK")
    side = image.width()
    dark = [[image.pixelColor(x, y).lightness() < 128 for x in range(side)] for y in range(side)]
    finder = [True] * 7
    assert dark[2][2:9] == finder
    assert dark[2][side - 9 : side - 2] == finder
    assert dark[side - 3][2:9] == finder
    assert not any(dark[1]), "the quiet zone is light"


def test_what_is_remembered_comes_back(tmp_path):
    memory = Memory(tmp_path)
    memory.keep_person("Lovelace", BEN)
    for number in range(MOST_SEARCHES + 3):
        memory.keep_search(f"word {number}")
    memory.keep_search("WORD 5")
    again = Memory(tmp_path)
    assert again.person_of("Lovelace") == BEN
    assert again.person_of("somebody else") is None
    assert len(again.now.searches) == MOST_SEARCHES
    assert again.now.searches[0] == "WORD 5"
    assert "word 5" not in again.now.searches
    again.keep_person("Lovelace", ADA)
    assert again.now.searches == (), "another person has searched for other things"


@pytest.mark.parametrize(
    "document",
    [
        {"viewer": 1},
        {"viewer": "Ada", "person": {"id": "p", "name": "n", "maturity": "18", "has_pin": False}},
        {"viewer": "Ada", "searches": [1]},
        {"viewer": "Ada", "searches": "none"},
        [],
    ],
)
def test_a_damaged_memory_is_set_aside(tmp_path, document):
    (tmp_path / "viewer.json").write_text(json.dumps(document))
    assert Memory(tmp_path).now == Memory(None).now
    assert (tmp_path / "viewer.damaged.json").exists()
