"""Profiles are made, changed and removed; a child's has its own look, and a PIN leads out of it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from player.base.errors import ErrorCode, NetError
from player.service.model import Profile
from tests.kit.fake_client import cards
from tests.ui.stage import Stage

K = Qt.Key
ADA, BEN = Profile("p1", "Ada", 18), Profile("p2", "Ben", 12)


def at_profiles(stage: Stage, *people: Profile, current: str = "", tv: bool = False) -> None:
    stage.client.titles = cards(4)
    stage.client.people = list(people)
    stage.client.current = current
    stage.client.viewer = "Ada"
    stage.start(tv=tv)
    if current:
        stage.until(lambda: stage.page == "home")
        stage.app.switchProfile()
    stage.until(lambda: stage.page == "profiles" and stage.focus_name == "person_0")


def pick(stage: Stage, line: str, key: str) -> None:
    """Choose one of a line's choices."""
    stage.until(lambda: stage.find(line) is not None)
    stage.item(line).forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: stage.item("profileMenu").isVisible())
    options = [one.key for one in stage.app.profiles.edit.options.records]
    stage.key(*[K.Key_Up] * 20, *[K.Key_Down] * options.index(key), K.Key_Return)
    stage.until(lambda: not stage.item("profileMenu").isVisible())


@pytest.mark.parametrize("tv", [False, True], ids=["desk", "tv"])
def test_a_profile_for_a_child_is_made(stage, tv):
    at_profiles(stage, ADA, current="p1", tv=tv)
    stage.item("addProfile").forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: stage.focus_name == "profileName")
    stage.type("Kim")
    stage.key(K.Key_Up, K.Key_Right, K.Key_Right, K.Key_Return)
    pick(stage, "profile_kids", "true")
    pick(stage, "profile_autoplay", "false")
    stage.item("saveProfile").forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: len(stage.client.people) == 2)
    made = stage.client.people[-1]
    assert (made.name, made.avatar, made.kids, made.maturity, made.autoplay) == ("Kim", "bear", True, 6, False)
    stage.until(lambda: stage.focus_name.startswith("person_"))


def test_a_profile_is_renamed_and_gets_a_pin(stage):
    at_profiles(stage, ADA, BEN, current="p1")
    stage.item("manageProfiles").forceActiveFocus()
    stage.key(K.Key_Return)
    assert stage.focus_name.startswith("person_")
    stage.item("person_1").forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: stage.focus_name == "profileName")
    stage.key(K.Key_End)
    stage.type("no")
    pick(stage, "profile_pin", "kept")
    stage.until(lambda: stage.focus_name == "firstField")
    stage.type("12")
    stage.key(K.Key_Return)
    stage.until(lambda: "four to eight" in stage.app.profiles.edit.property("error"))
    pick(stage, "profile_pin", "kept")
    stage.until(lambda: stage.focus_name == "firstField")
    stage.type("4242")
    stage.key(K.Key_Return)
    stage.item("saveProfile").forceActiveFocus()
    stage.key(K.Key_Return)
    stage.until(lambda: stage.client.people[1].name == "Benno" and stage.client.people[1].has_pin)
    stage.until(lambda: stage.focus_name.startswith("person_"))


def test_a_profile_is_deleted_after_a_question(stage):
    at_profiles(stage, ADA, BEN, current="p1")
    stage.app.profiles.toggleManaging()
    stage.app.profiles.choose("p1")
    stage.until(lambda: stage.focus_name == "profileName")
    assert not stage.item("deleteProfile").isVisible()  # who watches cannot delete itself
    stage.key(K.Key_Escape)
    stage.until(lambda: stage.focus_name.startswith("person_"))
    stage.app.profiles.choose("p2")
    stage.until(lambda: stage.focus_name == "profileName")
    stage.item("deleteProfile").forceActiveFocus()
    stage.key(K.Key_Return)
    assert stage.focus_name == "confirmNo"
    stage.key(K.Key_Right, K.Key_Return)
    stage.until(lambda: stage.client.people == [ADA])


def test_a_profile_that_cannot_be_deleted_leaves_the_keys_alive(stage):
    at_profiles(stage, ADA, BEN, current="p1")
    stage.app.profiles.toggleManaging()
    stage.app.profiles.choose("p2")
    stage.until(lambda: stage.focus_name == "profileName")
    stage.client.failure = NetError(ErrorCode.NET_REFUSED, "tv.test refuses.")
    stage.item("deleteProfile").forceActiveFocus()
    stage.key(K.Key_Return, K.Key_Right, K.Key_Return)
    stage.until(lambda: bool(stage.app.profiles.edit.property("error")))
    assert stage.focus_name == "deleteProfile"


def test_a_childs_home_is_calm_and_a_pin_leads_out(stage):
    kim = Profile("p3", "Kim", 6, has_pin=True, avatar="owl", kids=True)
    at_profiles(stage, ADA, kim, current="p1")
    stage.app.profiles.choose("p3")  # in without a PIN
    stage.until(lambda: stage.page == "home" and stage.app.profiles.property("kids"))
    theme = stage.engine.singletonInstance("Matinee.Theme", "Theme")
    assert theme.property("young")
    assert not stage.item("featured").isVisible()
    for hidden in ("openSettings", "openAccount", "signOut", "openStream"):
        assert not stage.item(hidden).isVisible()
    stage.until(lambda: stage.focus is not None)
    stage.app.switchProfile()
    stage.until(lambda: stage.page == "profiles")
    assert not stage.item("manageProfiles").isVisible()
    assert not stage.item("addProfile").isVisible()
    stage.app.profiles.choose("p1")
    stage.until(lambda: stage.app.profiles.property("state") == "pin")
    assert stage.app.profiles.property("leavingKids")
    for digits, page in (("1111", "profiles"), ("1234", "home")):
        for digit in digits:
            stage.app.profiles.enterDigit(digit)
        stage.app.profiles.submitPin()
        stage.until(lambda page=page: stage.page == page and not stage.app.profiles.property("pinDigits"))
    assert not theme.property("young")
