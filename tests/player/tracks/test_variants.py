"""The form in which a title is played, against the running service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from backend_stub.services.publishing import PublishedTitle, publish
from player.base.errors import ErrorCode, ServiceError
from player.engine import Engine
from player.net.model import Body, Request, Transport
from player.title.opening import PlaybackSource, TitleAddresses, addresses_of
from player.title.renewal import renewal_of
from tests.kit.backend import KEYS, running_backend, stage_title
from tests.kit.playback import signed_in_engine
from tests.kit.waiting import PATIENCE_S


class Counting:
    """A transport that writes down which calls of the service go through it."""

    def __init__(self, inner: Transport, calls: list[str]) -> None:
        self._inner = inner
        self._calls = calls

    def open(self, request: Request) -> AbstractAsyncContextManager[Body]:
        self._calls.append(request.url.partition("/api/v1")[2])
        return self._inner.open(request)

    async def close(self) -> None:
        await self._inner.close()


class Viewer:
    """Plays the titles ``both`` and ``clear``; ``calls`` are the paths of what was asked since the last look."""

    def __init__(self, engine: Engine, calls: list[str]) -> None:
        self.engine = engine
        self.calls = calls
        engine.submit(engine.device_id()).result(PATIENCE_S)
        calls.clear()

    def play(self, title_id: str, variant: str) -> TitleAddresses:
        source = PlaybackSource(title_id=title_id, variant=variant)
        work = addresses_of(source, self.engine.service, self.engine.device_id)
        return self.engine.submit(work).result(PATIENCE_S)


@pytest.fixture(scope="module")
def viewer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Viewer]:
    folder, calls = tmp_path_factory.mktemp("variants"), list[str]()
    with running_backend(folder / "service", edges=1) as group:
        settings = group.context.settings
        for name, variants in (("both", ("encrypted", "clear")), ("clear", ("clear",))):
            staged = stage_title(settings, name, variants)
            keys = KEYS if "encrypted" in variants else ()
            publish(settings, PublishedTitle(name, staged, 12.0, (240, 480), keys, title_id=name))
        wrap = (lambda transport, _clock: Counting(transport, calls),)
        with signed_in_engine(Path(folder / "profile"), group, wrap=wrap) as engine:
            yield Viewer(engine, calls)


@pytest.fixture(autouse=True)
def nothing_asked_yet(viewer: Viewer) -> None:
    viewer.calls.clear()


@pytest.mark.parametrize("variant", ["", "encrypted"])
def test_an_encrypted_title_takes_one_request(viewer: Viewer, variant: str) -> None:
    assert viewer.play("both", variant).offer is not None
    assert viewer.calls == ["/play/both"]


def test_a_title_that_has_only_a_clear_form_plays_without_being_asked_for_it(viewer: Viewer) -> None:
    found = viewer.play("clear", "")
    assert found.offer is None
    assert found.name == "clear"
    assert found.manifests
    assert viewer.calls == ["/play/clear", "/catalog/clear", "/play/clear"]


def test_the_form_that_was_asked_for_is_not_replaced(viewer: Viewer) -> None:
    with pytest.raises(ServiceError) as caught:
        viewer.play("clear", "encrypted")
    assert caught.value.code is ErrorCode.SERVICE_NOT_FOUND
    assert viewer.calls == ["/play/clear"]
    assert viewer.play("both", "clear").offer is None


def test_a_title_that_is_not_there_is_not_looked_for_twice(viewer: Viewer) -> None:
    with pytest.raises(ServiceError):
        viewer.play("none", "")
    assert viewer.calls == ["/play/none"]


def test_new_addresses_are_of_the_same_form(viewer: Viewer) -> None:
    engine = viewer.engine
    old = next(iter(viewer.play("clear", "").manifests.values()))
    renewal = renewal_of(PlaybackSource(title_id="clear", variant=""), engine.service, engine.device_id)
    assert renewal is not None

    async def renewed() -> str:
        return (await renewal())(old)

    new = engine.submit(renewed()).result(PATIENCE_S)
    assert new != old
    assert new.rpartition("/")[2] == old.rpartition("/")[2]
