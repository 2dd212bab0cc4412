"""Where the app's sound goes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def audio_outputs(environment: Mapping[str, str] | None = None, devices: Path = Path("/dev/snd")) -> str:
    """libmpv's outputs in the order of trial; the last one keeps the picture going on a machine without sound.

    PipeWire's and ALSA's own libraries write complaints to the terminal where there is nothing for them: they are
    left out there.
    """
    runtime = (os.environ if environment is None else environment).get("XDG_RUNTIME_DIR", "")
    pipewire = bool(runtime) and (Path(runtime) / "pipewire-0").exists()
    names = {"pipewire": pipewire, "pulse": True, "alsa": devices.is_dir(), "null": True}
    return ",".join(name for name, there in names.items() if there)
