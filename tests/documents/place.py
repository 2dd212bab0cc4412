"""A clean place for the blocks of one page: a copy of the sources with an environment of its own, and nothing else.

It runs as root in mount, network and process namespaces that end with it. The checkout is hidden, the home is empty,
what the page before has written is gone, and the network has this machine alone. There ``example.org`` is a server of
ours, with a certificate that the place trusts.
"""

from __future__ import annotations

import functools
import http.server
import os
import re
import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import trustme

from backend_stub.encoding import tools
from tests.documents.blocks import ROOT, RUN, blocks
from tests.kit import media
from tests.kit.backend import running_backend
from tests.kit.playback import publish_media

ADDRESS = "93.184.215.14"  # of the internet, so that rules for local networks do not hold for it
HOSTS = ("example.org", "a.example.org", "b.example.org")
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
_LIVE = (
    "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:{}\n#EXT-X-DISCONTINUITY-SEQUENCE:{}\n"
)


class Place:
    """The folder with all of it. ``source`` is where the commands of a page run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.source, self.web, self.home = folder / "matinee", folder / "web", folder / "home"
        self.secrets = folder / "secrets"

    def make(self) -> str:
        """Copy what is committed, install it as the developer guide says, and make the media. Returns a log."""
        self.source.mkdir(parents=True, exist_ok=True)
        self.home.mkdir(exist_ok=True)
        committed = subprocess.run(["git", "-C", str(ROOT), "archive", "HEAD"], stdout=subprocess.PIPE, check=True)
        subprocess.run(["tar", "x", "-C", str(self.source)], input=committed.stdout, check=True)
        log = "" if (self.source / ".venv/bin/matinee").exists() else self._install()
        if not self.secrets.exists():  # what is made last
            for folder in (self.web, self.source / ".data"):
                shutil.rmtree(folder, ignore_errors=True)
            self._make_media()
        return log

    def _install(self) -> str:
        guide = (self.source / "docs/guide-developer.md").read_text(encoding="utf-8")
        (block,) = [block for block in blocks(guide) if block.language == RUN and "-m venv" in block.text]
        began = time.monotonic()
        words = ["bash", "-e", "-c", block.text]
        subprocess.run(words, cwd=self.source, env=self.environment() | pip_settings(), check=True)
        return "".join(f"ok       {line}\n" for line in block.commands()) + f"{time.monotonic() - began:.0f} s\n"

    def _make_media(self) -> None:
        film = media.ffmpeg_dash()
        shutil.copytree(film.folder, self.web)
        for name in ("film.mkv", "film.mp4"):
            inputs = ["-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=6", "-f", "lavfi", "-i", "sine=d=6"]
            words = [str(tools.locate().ffmpeg), "-v", "error", "-y", *inputs, "-shortest", str(self.folder / name)]
            subprocess.run(words, check=True)
        with running_backend(self.source / ".data") as group:
            publish_media(group, media.packager_cenc(), "The First Ferry", clear=media.packager_clear())
        authority = trustme.CA()
        certificate = authority.issue_cert(*HOSTS)
        self.secrets.mkdir()
        certificate.private_key_and_cert_chain_pem.write_to_path(str(self.secrets / "server.pem"))
        authority.cert_pem.write_to_path(str(self.secrets / "authority.pem"))

    def environment(self) -> dict[str, str]:
        path = f"{self.source}/.venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return {"HOME": str(self.home), "PATH": path, "LANG": "C.UTF-8"}

    @contextmanager
    def entered(self, files: Mapping[str, str]) -> Iterator[None]:
        """Everything that the namespaces of this process need, with ``files`` where the commands run."""
        over = self.folder / "over"
        over.mkdir(exist_ok=True)
        _mount("tmpfs", over)
        for name in ("upper", "work"):
            (over / name).mkdir()
        layers = f"lowerdir={self.source},upperdir={over}/upper,workdir={over}/work"
        _mount("overlay", self.source, "-o", layers)
        _mount("tmpfs", self.home)
        known = over / "hosts"
        known.write_text("127.0.0.1 localhost\n" + "".join(f"{ADDRESS} {host}\n" for host in HOSTS))
        _mount("none", Path("/etc/hosts"), "--bind", source=known)
        trusted = over / "authorities"
        trusted.write_text(AUTHORITIES.read_text() + (self.secrets / "authority.pem").read_text())
        _mount("none", AUTHORITIES, "--bind", source=trusted)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        subprocess.run(["ip", "address", "add", f"{ADDRESS}/32", "dev", "lo"], check=True)
        for name in ("film.mkv", "film.mp4"):
            shutil.copy(self.folder / name, self.source)
        for name, text in files.items():
            (self.source / name).write_text(text, encoding="utf-8")
        with _web(self.web, self.secrets / "server.pem"):
            yield


def pip_settings() -> dict[str, str]:
    """Where pip looks on this machine."""
    return {name: value for name, value in os.environ.items() if name.startswith("PIP_")}


def _mount(kind: str, target: Path, *options: str, source: object = "none") -> None:
    kinds = [] if "--bind" in options else ["-t", kind]
    subprocess.run(["mount", *kinds, *options, str(source), str(target)], check=True)


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Files, and ``/live.m3u8``: a channel of them that has just begun."""

    started_s = time.monotonic()
    protocol_version = "HTTP/1.1"

    def log_message(self, *_arguments: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.path != "/live.m3u8":
            return super().do_GET()
        body = _live_playlist(Path(self.directory) / "media_0.m3u8", time.monotonic() - self.started_s).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.apple.mpegurl")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        return None


def _live_playlist(film: Path, elapsed_s: float) -> str:
    """Three segments of FFmpeg's playlist of a film, beginning later and later; the film comes round again."""
    text = film.read_text()
    segments = re.findall(r"#EXTINF:.*\n(?:#.*\n)*[^#].*\n", text)
    first, count = int(elapsed_s / 4), len(segments)
    head = _LIVE.format(first, max(0, first - 1) // count) + "".join(re.findall(r"#EXT-X-MAP:.*\n", text))
    listed = (
        "#EXT-X-DISCONTINUITY\n" * (n > 0 and n % count == 0) + segments[n % count] for n in range(first, first + 3)
    )
    return head + "".join(listed)


@contextmanager
def _web(folder: Path, certificate: Path) -> Iterator[None]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with http.server.ThreadingHTTPServer((ADDRESS, 443), functools.partial(_Handler, directory=folder)) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield
        server.shutdown()
