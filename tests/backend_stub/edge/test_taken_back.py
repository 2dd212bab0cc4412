"""What one process takes back, all others refuse: two services over one PostgreSQL and one Redis, and nginx."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from backend_stub.config import Settings
from backend_stub.server import ServerGroup
from tests.kit.backend import SignedInViewer, publish_noise, signed_in_viewer
from tests.kit.nginx import running_nginx
from tests.kit.postgres import Cluster
from tests.kit.redis import redis_server
from tests.kit.waiting import until

TITLES = ("Ended", "Removed", "Recalled", "Signed out")


@dataclass(frozen=True)
class Layout:
    """Calls go to ``here``; nginx asks ``there``."""

    here: ServerGroup
    there: ServerGroup
    nginx: str

    def places(self, address: str) -> Mapping[str, str]:
        """A file's address at each kind of edge."""
        path = urlsplit(address).path
        bases = {"own edge": self.here.edges[0].url, "another process": self.there.edges[0].url, "nginx": self.nginx}
        return {name: base + path for name, base in bases.items()}


@pytest.fixture(scope="module")
def layout(postgres: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Layout]:
    folder = tmp_path_factory.mktemp("layout")
    with redis_server() as shared:
        settings = Settings(folder, database_url=postgres.database_for(folder), shared_url=shared)
        with ServerGroup(settings) as here, ServerGroup(settings) as there:
            here.context.accounts.ensure_demo_viewer()
            for title in TITLES:
                publish_noise(settings, title)
            with running_nginx(there, tmp_path_factory.mktemp("nginx")) as nginx:
                yield Layout(here, there, nginx)


def end(_layout: Layout, viewer: SignedInViewer, play: Mapping[str, Any]) -> None:
    viewer.client.post(f"/play/{play['session_id']}/end", json={}).raise_for_status()


def remove_device(_layout: Layout, viewer: SignedInViewer, _play: object) -> None:
    viewer.client.delete(f"/devices/{viewer.device_id}").raise_for_status()


def recall(layout: Layout, _viewer: object, play: Mapping[str, Any]) -> None:
    layout.here.context.rights.revocations.revoke_title(play["title"]["id"], "recalled", by="")


def sign_out(_layout: Layout, viewer: SignedInViewer, _play: object) -> None:
    viewer.client.post("/auth/logout-everywhere", json={}).raise_for_status()


OVER: Mapping[str, Callable[[Layout, SignedInViewer, Any], None]] = dict(
    zip(TITLES, (end, remove_device, recall, sign_out), strict=True)
)


@pytest.mark.parametrize("title", TITLES)
def test_what_is_over_is_over_at_every_edge(layout: Layout, title: str) -> None:
    with signed_in_viewer(layout.here) as viewer, httpx.Client(trust_env=False) as client:
        play: Mapping[str, Any] = viewer.play(title.lower().replace(" ", "-"))
        places = layout.places(play["manifests"][0]["hls"])
        assert {client.get(address).status_code for address in places.values()} == {200}
        OVER[title](layout, viewer, play)
        began = time.monotonic()
        for name, address in places.items():
            until(lambda address=address: client.get(address).status_code == 403, f"{name} goes on")  # type: ignore[misc]
            print(f"{title}: {name} after {time.monotonic() - began:.1f} s")  # `-rP` shows it
