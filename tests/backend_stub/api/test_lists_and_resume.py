"""My list, and going on where any device left a title."""

from __future__ import annotations

from itertools import permutations
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend_stub.services.entitlement import ContractTerms, Viewing
from backend_stub.services.resume import Resume, resume
from tests.kit.rights import START, Service, SigningDevice, refusal, service


@pytest.fixture
def running(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with service(tmp_path_factory.mktemp("lists")) as made:
        yield made


@pytest.fixture
def device(running: Service) -> SigningDevice:
    return running.device(running.account("anna"))


class TestMyList:
    def put(self, device: SigningDevice, listed: bool, at: float) -> dict[str, Any]:
        body = {"listed": listed, "changed_at": at}
        answer: dict[str, Any] = device.client.call("PUT", "/list/film", body).json()
        return answer

    def ids(self, device: SigningDevice) -> list[str]:
        return [item["title"]["id"] for item in device.client.get("/list").json()["items"]]

    def test_the_later_change_stands(self, device: SigningDevice) -> None:
        assert self.put(device, True, START - 10) == {"listed": True, "changed_at": START - 10}
        assert self.ids(device) == ["film"]
        self.put(device, False, START - 5)
        assert self.put(device, True, START - 7) == {"listed": False, "changed_at": START - 5}
        assert self.ids(device) == []

    def test_the_order_of_arrival_does_not_matter(self, running: Service) -> None:
        changes = [(True, START - 9), (False, START - 5), (True, START - 5), (False, START - 7)]
        ends = set()
        for number, order in enumerate(permutations(changes)):
            account = running.account(f"p{number}")
            for listed, at in order:
                entry = running.context.my_list.change(Viewing(account), "film", listed=listed, changed_at=at)
            ends.add((entry.listed, entry.changed_at))
        assert ends == {(True, START - 5)}

    def test_a_change_from_the_future_is_one_of_now(self, running: Service, device: SigningDevice) -> None:
        assert self.put(device, True, START + 1e6)["changed_at"] == START
        running.clock.step(1)
        assert self.put(device, False, START + 1)["listed"] is False

    def test_each_profile_has_its_own(self, device: SigningDevice) -> None:
        self.put(device, True, START - 9)
        profiles = {}
        for name in ("ann", "ben"):
            profiles[name] = device.post("/profiles", {"name": name, "maturity": 18, "pin": None}).json()["id"]
        for name, listed in (("ann", True), ("ben", False)):
            self.select(device, profiles[name])
            assert self.ids(device) == []
            self.put(device, listed, START)
            assert self.ids(device) == ["film"] * listed
        self.select(device, profiles["ann"])
        assert self.ids(device) == ["film"]

    def select(self, device: SigningDevice, profile_id: str) -> None:
        token = device.post(f"/profiles/{profile_id}/selection", {"pin": None}).json()["access_token"]
        device.client.headers["Authorization"] = f"Bearer {token}"

    def test_only_titles_on_offer(self, running: Service, device: SigningDevice) -> None:
        self.put(device, True, START)
        running.context.rights.contracts.set("film", ContractTerms(available_until=START + 1), by=None)
        running.clock.step(2)
        assert self.ids(device) == []
        unknown = device.client.call("PUT", "/list/none", {"listed": True, "changed_at": 0.0})
        assert refusal(unknown) == (404, "title_not_found")


class TestResume:
    def report(
        self,
        device: SigningDevice,
        position_s: float,
        at: float,
        device_id: str = "",
        profile_id: str | None = None,
    ) -> None:
        item = {
            "profile_id": profile_id,
            "event_id": f"{device_id}{position_s}{at}",
            "title_id": "film",
            "position_s": position_s,
            "duration_s": 1000.0,
            "watched_at": at,
            "device_id": device_id or "tv",
        }
        assert device.post("/progress", {"items": [item]}).status_code == 200

    def going_on(self, device: SigningDevice, *, shown: bool = True) -> tuple[float, float | None]:
        play = device.play(variant="clear").json()
        page = device.client.get("/catalog/film").json()
        if not shown:
            assert page["progress"] is play["title"]["progress"] is None
            return play["resume_s"], play["furthest_s"]
        assert page["progress"]["furthest_s"] == play["title"]["progress"]["furthest_s"] == play["furthest_s"]
        return play["resume_s"], play["furthest_s"]

    def test_another_device_that_got_further_is_offered(self, device: SigningDevice) -> None:
        self.report(device, 500.0, START - 100, "tv")
        self.report(device, 100.0, START - 10, "phone")
        assert self.going_on(device) == (100.0, 500.0)
        listed = device.client.get("/catalog").json()["items"]
        assert [item["progress"]["furthest_s"] for item in listed if item["progress"]] == [None], "not in lists"
        self.report(device, 120.0, START - 5, "tv")  # the same device went back
        assert self.going_on(device) == (120.0, None)

    def test_within_a_moment_the_further_one_stands(self, device: SigningDevice) -> None:
        self.report(device, 500.0, START - 13, "tv")
        self.report(device, 100.0, START - 10, "phone")
        assert self.going_on(device) == (500.0, None)

    def test_a_title_that_was_seen_begins_anew(self, device: SigningDevice) -> None:
        self.report(device, 979.0, START - 10)
        assert self.going_on(device) == (979.0, None)
        self.report(device, 980.0, START - 5)
        assert self.going_on(device) == (0.0, None)

    def test_each_profile_has_its_own(self, device: SigningDevice) -> None:
        profiles = {}
        for name in ("ann", "ben"):
            profiles[name] = device.post("/profiles", {"name": name, "maturity": 18, "pin": None}).json()["id"]
        self.select(device, profiles["ann"])
        self.report(device, 500.0, START - 100)
        assert self.going_on(device) == (500.0, None)
        assert self.row(device) == ["film"]
        self.select(device, profiles["ben"])
        assert device.client.get("/catalog/film").json()["progress"] is None
        assert self.row(device) == []
        # What another profile watched on this device may be told late; of one that is not of the household, never.
        self.report(device, 700.0, START - 50, "phone", profile_id=profiles["ann"])
        self.report(device, 900.0, START - 50, "phone", profile_id="f" * 32)
        assert device.client.get("/catalog/film").json()["progress"] is None
        self.report(device, 30.0, START - 10, "phone")
        assert self.going_on(device) == (30.0, None), "the other profile's further device is not offered"
        assert device.client.call("DELETE", "/progress").status_code == 204
        assert self.going_on(device, shown=False) == (0.0, None)
        self.select(device, profiles["ann"])
        assert self.going_on(device) == (700.0, None), "the other one forgot only what was its own"
        device.client.call("DELETE", f"/profiles/{profiles['ben']}")
        self.report(device, 800.0, START, "phone", profile_id="")
        assert self.going_on(device) == (700.0, None), "the account without a profile is another viewer"

    def select(self, device: SigningDevice, profile_id: str) -> None:
        token = device.post(f"/profiles/{profile_id}/selection", {"pin": None}).json()["access_token"]
        device.client.headers["Authorization"] = f"Bearer {token}"

    def row(self, device: SigningDevice) -> list[str]:
        rows = device.client.get("/rows").json()["items"]
        return [title["id"] for row in rows if row["row"] == "continue" for title in row["titles"]]

    def test_what_was_watched_can_be_forgotten(self, device: SigningDevice) -> None:
        self.report(device, 500.0, START - 100)
        assert device.client.call("DELETE", "/progress").status_code == 204
        play = device.play(variant="clear").json()
        assert (play["resume_s"], play["title"]["progress"]) == (0.0, None)
        self.report(device, 500.0, START - 100)  # the same report again
        assert device.client.get("/catalog/film").json()["progress"] is None

    def test_many_devices_are_bounded(self, running: Service, device: SigningDevice) -> None:
        for number in range(40):
            self.report(device, float(number), START - 1000 + 10 * number, f"d{number}")
        from backend_stub.services.progress import watches_of

        account = running.context.accounts.find("anna@matinee.local")
        assert account is not None
        with running.context.database.read() as session:
            assert len(watches_of(session, account.id, "", "film")) == 32
        assert self.going_on(device) == (39.0, None)


WATCHES = st.builds(
    SimpleNamespace,
    device_id=st.sampled_from("abc"),
    position_s=st.floats(0, 1000),
    duration_s=st.just(1000.0),
    watched_at=st.floats(0, 100),
)


@given(
    st.lists(WATCHES, max_size=5, unique_by=lambda watch: watch.device_id).flatmap(
        lambda watches: st.tuples(st.just(watches), st.permutations(watches))
    )
)
def test_the_rule_does_not_depend_on_order(both: tuple[list[Any], list[Any]]) -> None:
    watches, shuffled = both
    found = resume(watches)
    assert found == resume(shuffled)
    if found.furthest_s is not None:
        assert found.furthest_s > found.position_s + 30
    assert found == Resume() or found.position_s in [watch.position_s for watch in watches]
