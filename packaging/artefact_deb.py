"""The Debian packages: ``matinee`` (player, app, kiosk) and ``matinee-backend`` (the bundled service).

Both run on the system's Python 3.11 and carry the locked libraries below ``/usr/lib/matinee``: Debian's own are of
other versions. libmpv and what Qt needs of the system are dependencies.
"""

from __future__ import annotations

import datetime
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from licences import collect
from locked import install, names, requirements, unpack_wheel
from manpages import pages
from prune import prune
from publisher import COMPONENT_ID, MAINTAINER
from reproducible import gzipped, settle
from source import Source

PYTHON = (3, 11)
_HERE = Path(__file__).resolve().parent
_PLAYER_PACKAGES = ("abr", "drm_client", "player", "downloads", "ui")
_BACKEND_PACKAGES = ("backend_stub",)
_PYTHON_DEPENDS = "python3 (>= 3.11), python3 (<< 3.12)"
_RECOMMENDS = "cage, xwayland, libxcb-cursor0, libxcb-icccm4, libxcb-keysyms1, libxcb-xkb1, libxkbcommon-x11-0"


@dataclass(frozen=True, slots=True)
class _Package:
    name: str
    summary: str
    depends: str
    recommends: str
    folder: str
    suggests: str = ""


_PLAYER = _Package(
    "matinee",
    "reference player for HLS and DASH: app, kiosk and tools",
    "libc6 (>= 2.28), "
    + _PYTHON_DEPENDS
    + ", libmpv2, libegl1, libgl1, libdbus-1-3, libfontconfig1, libglib2.0-0, libxkbcommon0, fonts-dejavu-core",
    _RECOMMENDS,
    "/usr/lib/matinee/python",
    "matinee-backend, seatd",
)
_BACKEND = _Package(
    "matinee-backend",
    "small streaming service for one machine, for tests and demonstrations",
    "matinee (= {version}), " + _PYTHON_DEPENDS,
    "",
    "/usr/lib/matinee/backend",
)


def build_debs(source: Source, wheel: Path, out: Path, scratch: Path) -> list[Path]:
    """Both packages. Raises RuntimeError on another Python than Debian 12 has, whose libraries would not fit."""
    if sys.version_info[:2] != PYTHON:
        raise RuntimeError("The .deb is built by Python 3.11, which Debian 12 has: MATINEE_PYTHON=python3.11.")
    base = names(source, ["app"])
    player, backend = scratch / "deb-matinee", scratch / "deb-backend"
    _libraries(player / _PLAYER.folder[1:], requirements(source, base), wheel, _PLAYER_PACKAGES, scratch)
    _libraries(
        backend / _BACKEND.folder[1:],
        requirements(source, names(source, ["app", "backend"]) - base),
        wheel,
        _BACKEND_PACKAGES,
        scratch,
    )
    # One description of the project is enough, and there the player finds the version of what it belongs to.
    for path in (backend / _BACKEND.folder[1:]).glob("matinee-*.dist-info"):
        shutil.rmtree(path)
    _player_files(player, source)
    _put(_HERE / "systemd" / "matinee-backend.service", backend / "usr/lib/systemd/user/matinee-backend.service")
    return [_finish(_PLAYER, player, source, out), _finish(_BACKEND, backend, source, out)]


def _libraries(target: Path, lock: str, wheel: Path, packages: tuple[str, ...], scratch: Path) -> None:
    target.mkdir(parents=True)
    install(lock, target, scratch)
    unpack_wheel(wheel, target, packages)
    prune(target)


def _player_files(root: Path, source: Source) -> None:
    launcher = root / "usr/bin/matinee"
    _put(_HERE / "debian" / "launcher", launcher)
    launcher.chmod(0o755)
    desktop, units = _HERE / "desktop", _HERE / "systemd"
    _put(desktop / "matinee.desktop", root / "usr/share/applications/matinee.desktop")
    _put(desktop / "matinee-mime.xml", root / "usr/share/mime/packages/matinee.xml")
    _put(units / "matinee-kiosk.service", root / "usr/lib/systemd/system/matinee-kiosk.service")
    journal = root / "usr/lib/systemd/journald@matinee-kiosk.conf.d/50-matinee.conf"
    _put(units / "matinee-kiosk.journald.conf", journal)
    _put(units / "matinee-kiosk.sysusers", root / "usr/lib/sysusers.d/matinee-kiosk.conf")
    examples = root / "usr/share/doc/matinee/examples"
    _put(source.folder / "packaging" / "kiosk.example.toml", examples / "kiosk.toml")
    _put(units / "matinee-kiosk.logind.conf", examples / "logind.conf")
    date = datetime.datetime.fromtimestamp(source.epoch_s, datetime.UTC).strftime("%Y-%m-%d")
    about = (desktop / "matinee.metainfo.xml").read_text(encoding="utf-8")
    about = about.replace("@ID@", COMPONENT_ID).replace("@VERSION@", source.version).replace("@DATE@", date)
    _write(root / "usr/share/metainfo/matinee.metainfo.xml", about.encode())
    icons = root / "usr/share/icons/hicolor"
    renderer = [sys.executable, str(desktop / "render_icons.py"), str(desktop / "matinee.svg"), str(icons)]
    subprocess.run(renderer, check=True)
    for name, text in pages(source.folder, source.version, source.epoch_s).items():
        _write(root / "usr/share/man/man1" / f"{name}.gz", gzipped(text))


def _finish(package: _Package, root: Path, source: Source, out: Path) -> Path:
    documents = root / "usr/share/doc" / package.name
    own = (source.folder / "LICENSE").read_text(encoding="utf-8")
    _write(documents / "copyright", collect(root / package.folder[1:], own).encode())
    _write(documents / "changelog.gz", gzipped((source.folder / "CHANGELOG.md").read_text(encoding="utf-8")))
    _control(package, root, source)
    settle(root, source.epoch_s)
    for name in ("postinst", "prerm", "postrm"):
        script = root / "DEBIAN" / name
        if script.exists():
            script.chmod(0o755)
    target = out / f"{package.name}_{source.version}_{_architecture()}.deb"
    environment = dict(os.environ, SOURCE_DATE_EPOCH=str(source.epoch_s))
    command = ["dpkg-deb", "--root-owner-group", "-Zxz", "-z2", "--build", str(root), str(target)]
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    return target


def _control(package: _Package, root: Path, source: Source) -> None:
    kilobytes = sum(path.lstat().st_size for path in root.rglob("*") if path.is_file()) // 1024
    fields = {
        "Package": package.name,
        "Version": source.version,
        "Architecture": _architecture(),
        "Maintainer": MAINTAINER,
        "Installed-Size": str(kilobytes),
        "Depends": package.depends.format(version=source.version),
        "Recommends": package.recommends,
        "Suggests": package.suggests,
        "Section": "video",
        "Priority": "optional",
        "Description": package.summary,
    }
    text = "".join(f"{name}: {value}\n" for name, value in fields.items() if value)
    _write(root / "DEBIAN" / "control", text.encode())
    for name, text in scripts(package.name, package.folder).items():
        _write(root / "DEBIAN" / name, text.encode())


def scripts(package: str, folder: str) -> dict[str, str]:
    """What dpkg runs for a package whose libraries lie in ``folder``, by name: those that see to the compiled
    libraries, and for the player those of its kiosk behind them."""
    made = {name: _script(name).replace("@FOLDER@", folder) for name in ("postinst", "prerm")}
    if package == _PLAYER.name:
        made = {name: text + _script(f"kiosk.{name}") for name, text in made.items()}
        made["postrm"] = _script("kiosk.postrm")
    return made


def _script(name: str) -> str:
    return (_HERE / "debian" / name).read_text(encoding="utf-8")


def _architecture() -> str:
    done = subprocess.run(["dpkg", "--print-architecture"], stdout=subprocess.PIPE, check=True)
    return done.stdout.decode().strip()


def _put(file: Path, target: Path) -> None:
    _write(target, file.read_bytes())


def _write(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
