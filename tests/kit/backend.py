"""A running service for tests: real servers on loopback, a data folder of the test's own, titles of made-up bytes."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from joserfc import jwe
from joserfc.jwk import ECKey
from joserfc.registry import HeaderParameter

from backend_stub.config import Settings
from backend_stub.http_server import TlsFiles
from backend_stub.server import ServerGroup, ServerOptions
from backend_stub.services.accounts import DEMO_EMAIL, DEMO_PASSWORD
from backend_stub.services.content_keys import PlainKey
from backend_stub.services.publishing import PublishedTitle, publish

SEGMENT_BYTES = 300_000
KEYS = (
    PlainKey("AUDIO", bytes(range(16)), bytes(range(16, 32))),
    PlainKey("SD", bytes(range(32, 48)), bytes(range(48, 64))),
)


@contextmanager
def running_backend(
    data_dir: Path, edges: int = 2, *, tls: TlsFiles | None = None, faults: str | None = None
) -> Iterator[ServerGroup]:
    """API and edges on free ports over ``data_dir``, with the demo viewer; stopped at the end."""
    options = ServerOptions(edge_ports=(0,) * edges, tls=tls)
    with ServerGroup(Settings(data_dir), options) as group:
        group.context.accounts.ensure_demo_viewer()
        if faults is not None:
            group.faults.set(faults)
        yield group


def fault_document(*rules: Mapping[str, object], seed: int = 0) -> str:
    """The text of a fault document with these rules."""
    return json.dumps({"version": 1, "seed": seed, "rules": list(rules)})


def stage_title(
    settings: Settings,
    name: str = "staged",
    variants: tuple[str, ...] = ("encrypted", "clear"),
    segment_bytes: int = SEGMENT_BYTES,
) -> Path:
    """A complete staging folder whose media files hold reproducible noise, not media."""
    settings.make_folders()
    folder = settings.staging_dir / name
    noise = random.Random(7)
    for variant in variants:
        video = folder / variant / "video"
        video.mkdir(parents=True)
        (folder / variant / "manifest.mpd").write_text("<MPD/>")
        (folder / variant / "master.m3u8").write_text("#EXTM3U\n")
        (video / "init.mp4").write_bytes(noise.randbytes(900))
        for number in range(1, 4):
            (video / f"{number}.m4s").write_bytes(noise.randbytes(segment_bytes))
    (folder / "poster.jpg").write_bytes(b"\xff\xd8\xff\xe0" + noise.randbytes(500))
    return folder


def publish_noise(
    settings: Settings, title: str = "Noise", *, open_licence: bool = False, segment_bytes: int = SEGMENT_BYTES
) -> str:
    """Publish a title of :func:`stage_title` and return its id."""
    staged = stage_title(settings, name=title, segment_bytes=segment_bytes)
    return publish(
        settings,
        PublishedTitle(
            title=title,
            folder=staged,
            duration_s=12.0,
            heights=(240, 480),
            keys=KEYS,
            synopsis="Nothing to see.",
            year=2024,
            open_licence=open_licence,
        ),
    )


@dataclass
class SignedInViewer:
    """The demo viewer with a registered device, over one connection pool."""

    client: httpx.Client
    key: ECKey
    device_id: str
    tokens: dict[str, object]

    def play(self, title_id: str, variant: str = "encrypted") -> dict[str, object]:
        response = self.client.post(f"/play/{title_id}", json={"device_id": self.device_id, "variant": variant})
        response.raise_for_status()
        body: dict[str, object] = response.json()
        return body

    def file_url(self, title_id: str, path: str, *, edge: int = 0, variant: str = "clear") -> str:
        """The signed address of one file of a title."""
        manifests = self.play(title_id, variant)["manifests"]
        assert isinstance(manifests, list)
        manifest: str = manifests[edge]["dash"]
        return manifest.removesuffix("manifest.mpd") + path


@contextmanager
def signed_in_viewer(group: ServerGroup) -> Iterator[SignedInViewer]:
    """Sign the demo viewer in and register a fresh device."""
    with httpx.Client(base_url=group.api_url, trust_env=False, timeout=60) as client:
        tokens = client.post(
            "/auth/login", json={"email": DEMO_EMAIL, "password": DEMO_PASSWORD, "device_name": "test"}
        ).json()
        client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        key = ECKey.generate_key("P-256")
        jwk = {str(name): value for name, value in key.as_dict(private=False).items()}
        device = client.post("/devices", json={"name": "test", "public_key": jwk}).json()
        yield SignedInViewer(client, key, device["device_id"], tokens)


def open_licence_jwe(token: str, key: ECKey) -> tuple[dict[str, object], dict[str, object]]:
    """The protected header and the key set of a device-bound licence."""
    registry = jwe.JWERegistry(
        header_registry={"sid": HeaderParameter("Play session", "str")}, algorithms=["ECDH-ES+A256KW", "A256GCM"]
    )
    opened = jwe.decrypt_compact(token, key, registry=registry)
    assert opened.plaintext is not None
    return dict(opened.protected), json.loads(opened.plaintext)


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
