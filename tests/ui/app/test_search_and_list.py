"""Search while typing, and the viewer's own list."""

from __future__ import annotations

from PySide6.QtCore import Qt

from player.base.errors import ErrorCode, NetError, ServiceError
from tests.kit.fake_client import cards

K = Qt.Key


def at_search(stage, *, tv: bool = False) -> None:
    stage.client.titles = cards(14)
    stage.client.viewer = "Ada"
    stage.start(tv=tv)
    stage.until(lambda: stage.focus_name == "playFeatured")
    stage.key(K.Key_Up)
    assert stage.focus_name == "openSearch"
    stage.key(K.Key_Return)
    stage.until(lambda: stage.page == "search")


def test_what_is_typed_is_searched_for_once_the_typing_pauses(stage):
    at_search(stage)
    assert stage.focus_name == "query"
    stage.type("title 1")
    assert stage.client.queries == []
    stage.until(lambda: stage.app.search.results.count == 5)
    assert stage.client.queries == ["title 1"], "one question for many letters"
    stage.until(lambda: stage.item("found").isVisible())
    stage.key(K.Key_Down, K.Key_Right)
    assert stage.focus_name == "found_1"
    stage.key(K.Key_Return)
    stage.until(lambda: stage.page == "details")
    stage.key(K.Key_Escape)
    assert stage.page == "search"
    assert stage.focus_name == "found_1", "back on what was chosen"
    assert stage.app.search.property("recent") == ["title 1"]
    stage.key(K.Key_Up)
    assert stage.focus_name == "query"
    stage.key(K.Key_Escape)
    assert stage.page == "home"
    assert stage.focus_name == "openSearch"


def test_empty_frames_stand_where_something_is_on_its_way(stage):
    at_search(stage)
    stage.type("xyz")
    stage.until(lambda: stage.app.search.property("state") == "nothing")
    stage.client.silent = True
    stage.type("z")
    stage.until(lambda: stage.item("searchLoading").isVisible())


def test_with_six_keys(stage):
    at_search(stage, tv=True)
    assert stage.focus_name == "key_a"
    stage.key(K.Key_Down, K.Key_Down, K.Key_Down, K.Key_Right, K.Key_Return)
    stage.key(K.Key_Up, K.Key_Up, K.Key_Right, K.Key_Return)
    assert stage.app.search.property("query") == "ti"
    stage.until(lambda: stage.app.search.results.count == 14)
    stage.until(lambda: stage.item("found").isVisible())
    stage.key(*[K.Key_Right] * 4)
    assert stage.focus_name == "found_0"
    stage.key(K.Key_Left)
    assert stage.focus_name.startswith("key_")
    stage.key(K.Key_Backspace, K.Key_Backspace)
    assert stage.app.search.property("query") == ""
    stage.key(K.Key_Back)
    assert stage.page == "home"


def test_recent_searches_are_offered(stage):
    stage.memory.keep_search("title 3")
    at_search(stage)
    stage.memory.keep_search("title 3")
    stage.app.search.changed.emit()
    stage.until(lambda: stage.item("recent").isVisible())
    stage.key(K.Key_Down)
    assert stage.focus_name == "recent_0"
    stage.key(K.Key_Return)
    stage.until(lambda: stage.app.search.results.count == 1)
    assert stage.focus_name == "query"


def test_an_error_is_said_and_the_next_letter_tries_again(stage):
    at_search(stage)
    stage.client.failure = NetError(ErrorCode.NET_DNS, "tv.test cannot be found.")
    stage.app.search.again("title")
    stage.until(lambda: stage.item("searchMessage").property("text") == "The address of the server cannot be found.")
    stage.client.failure = None
    stage.app.search.again("title 2")
    stage.until(lambda: stage.app.search.results.count == 1)


def test_an_expired_sign_in_leads_back_to_the_search(stage):
    at_search(stage)
    stage.client.failure = ServiceError(ErrorCode.SERVICE_EXPIRED, "Please sign in again.")
    stage.app.search.again("title")
    stage.until(lambda: stage.page == "signIn")
    stage.client.failure = None
    stage.app.signIn.submit("ada@tv.test", "secret")
    stage.until(lambda: stage.page == "search")


def test_a_title_is_put_on_the_list_and_taken_off(stage):
    stage.client.titles = cards(3)
    stage.sign_in()
    stage.until(lambda: stage.focus_name == "playFeatured")
    stage.app.showTitle("title-1")
    stage.key(K.Key_Right)
    assert stage.focus_name == "listTitle"
    stage.key(K.Key_Return)
    assert stage.app.property("listed") is True
    stage.until(lambda: stage.client.listed == ["title-1"])
    stage.key(K.Key_Back)
    stage.app.showMyList()
    stage.until(lambda: stage.focus_name == "listed_0")
    stage.key(K.Key_Return)
    stage.until(lambda: stage.page == "details")
    stage.until(lambda: stage.focus_name == "listTitle")
    stage.key(K.Key_Return)
    stage.until(lambda: stage.client.listed == [])
    stage.key(K.Key_Back)
    stage.until(lambda: stage.item("listEmpty").isVisible() and stage.focus_name == "fillList")
    stage.wait(1)  # what is done later in this turn
    stage.key(K.Key_Up)
    assert stage.focus_name == "leaveMyList"
    stage.key(K.Key_Down)
    stage.key(K.Key_Return)
    stage.until(lambda: stage.page == "browse")


def test_a_change_that_the_service_does_not_take_is_taken_back(stage):
    stage.client.titles = cards(3)
    stage.sign_in()
    stage.until(lambda: stage.focus_name == "playFeatured")
    stage.until(lambda: stage.app.myList.property("state") == "empty")
    stage.app.showTitle("title-1")
    stage.until(lambda: not stage.app.details.waiting)
    stage.client.failure = NetError(ErrorCode.NET_DNS, "tv.test cannot be found.")
    stage.app.toggleListed()
    assert stage.app.property("listed") is True
    stage.until(lambda: stage.app.property("listed") is False)
    assert stage.app.myList.property("message") == "The address of the server cannot be found."


def test_a_list_that_cannot_be_loaded_can_be_tried_again(stage):
    stage.client.titles = cards(3)
    stage.client.listed = ["title-2"]
    stage.client.my_list = _unreachable
    stage.sign_in()
    stage.app.showMyList()
    stage.until(lambda: stage.focus_name == "retryList")
    del stage.client.my_list
    stage.key(K.Key_Return)
    stage.until(lambda: stage.focus_name == "listed_0")


async def _unreachable() -> None:
    raise NetError(ErrorCode.NET_DNS, "tv.test cannot be found.")
