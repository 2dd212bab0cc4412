"""What ``matinee doctor`` finds out about the machine itself: decoders, graphics, sound, disk, clock. Nobody is asked
over the network, and nothing is changed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Collection, Mapping
from pathlib import Path

from ui.cli.doctor_finding import PartFinding
from ui.kiosk.trusted_date import can_be_right

# FFmpeg's names; the second part is what has it.
ESSENTIAL = {"h264": "H.264", "aac": "AAC"}
USUAL = {"hevc": "HEVC", "av1": "AV1", "vp9": "VP9", "ac3": "AC-3", "eac3": "E-AC-3", "opus": "Opus", "flac": "FLAC"}
_LEAST_FREE = 2_000_000_000
_GL_S = 20.0
_SYNCHRONISED = Path("/run/systemd/timesync/synchronized")


def codecs(decoders: Collection[str]) -> PartFinding:
    """Whether libmpv decodes what titles come in."""
    names = ESSENTIAL | USUAL
    missing = [names[name] for name in names if name not in decoders]
    vital = [name for name in missing if name in ESSENTIAL.values()]
    detail = f"without {', '.join(missing)}" if missing else ", ".join(names.values())
    return PartFinding(
        "decoders",
        not missing,
        detail,
        "playing most titles" if vital else "titles in these formats",
        required=bool(vital),
        remedy="Install an FFmpeg that has them: apt install libavcodec-extra, or that of RPM Fusion on Fedora.",
    )


def hardware_decoding(devices: Path = Path("/dev/dri")) -> PartFinding:
    """Whether there is a graphics processor that this user may use. Decoding itself is done in software."""
    nodes = sorted(devices.glob("renderD*")) if devices.is_dir() else []
    usable = [node.name for node in nodes if os.access(node, os.R_OK | os.W_OK)]
    if usable:
        detail = f"{', '.join(usable)}; titles are decoded in software all the same"
    elif nodes:
        detail = f"{', '.join(node.name for node in nodes)}: no permission"
    else:
        detail = "no graphics processor; software decodes and draws"
    good = bool(usable) or not nodes
    remedy = "Add the user to the group render: usermod -aG render USER, then log in again."
    return PartFinding("graphics", good, detail, "a quick picture above 1080 lines", required=False, remedy=remedy)


def opengl(command: list[str], environment: Mapping[str, str]) -> PartFinding:
    """What draws the picture. ``command`` asks in a process of its own: a driver may end the one that asks it."""
    try:
        done = subprocess.run(command, env=dict(environment), capture_output=True, timeout=_GL_S, check=False)
        lines = done.stdout.decode("utf-8", "replace").strip().splitlines()
        ended = "" if done.returncode == 0 else f"the probe ended with code {done.returncode}"
    except subprocess.TimeoutExpired:
        lines, ended = [], "the driver does not answer"
    good = not ended and bool(lines)
    remedy = "Install a driver: apt install libgl1-mesa-dri. MATINEE_VIDEO=software draws without one."
    detail = lines[-1] if good else ended or "no answer"
    return PartFinding(
        "OpenGL", good, detail, "a picture drawn by the graphics processor", required=False, remedy=remedy
    )


def audio(environment: Mapping[str, str], devices: Path = Path("/dev/snd")) -> PartFinding:
    """Whether sound goes anywhere."""
    runtime = Path(environment.get("XDG_RUNTIME_DIR") or "/nonexistent")
    ways = [
        name
        for name, there in {
            "PipeWire": (runtime / "pipewire-0").exists(),
            "PulseAudio": (runtime / "pulse" / "native").exists() or bool(environment.get("PULSE_SERVER")),
            "ALSA": devices.is_dir() and any(devices.glob("pcm*p")),
        }.items()
        if there
    ]
    remedy = "Start the desktop's sound server (systemctl --user start pipewire), or add the user to the group audio."
    return PartFinding(
        "sound", bool(ways), ", ".join(ways) or "no output", "hearing anything", required=False, remedy=remedy
    )


def disk(folder: Path) -> PartFinding:
    """Room where the client keeps its things."""
    nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(nearest).free
    remedy = "Make room, or keep the profile on another disk: --profile-dir."
    return PartFinding(
        "disk", free >= _LEAST_FREE, f"{free / 1e9:.1f} GB free", "downloads", required=False, remedy=remedy
    )


def clock(now_s: float | None = None, mark: Path = _SYNCHRONISED) -> PartFinding:
    """Whether the clock can be right, and is kept so."""
    now_s = time.time() if now_s is None else now_s
    shown = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(now_s))
    remedy = "Set it: timedatectl set-ntp true."
    if not can_be_right(now_s):
        return PartFinding(
            "clock", False, f"{shown}: this cannot be right", "licences, live, schedules", False, remedy
        )
    if sys.platform == "linux" and mark.parent.is_dir() and not mark.exists():
        return PartFinding(
            "clock", False, f"{shown}, not synchronised yet", "licences, live, schedules", False, remedy
        )
    return PartFinding("clock", True, shown, "licences, live, schedules", required=False)


def versions() -> PartFinding:
    """What exactly is running; for a report of a fault."""
    import platform

    from ui.cli.build_info import VERSION, build

    detail = f"{VERSION} (build {build()}), {platform.system()} {platform.release()} {platform.machine()}"
    return PartFinding("Matinee", True, detail, "everything", required=False)
