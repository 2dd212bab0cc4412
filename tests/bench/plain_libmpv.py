"""libmpv as it comes, on one file: ``python -m tests.bench.plain_libmpv FILE [--trusting]``. It prints as JSON the
seconds to the first picture and the processor time from then to the end. ``--trusting``: it opens whatever the file
names, and stays until it is ended."""

from __future__ import annotations

import json
import resource
import sys
import time

import mpv


def cpu_s() -> float:
    """Processor time of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main(path: str, *, trusting: bool) -> None:
    """See the module."""
    more = {"load_unsafe_playlists": True, "sub_auto": "all"} if trusting else {}
    handle = mpv.MPV(vo="null", ao="null", config=False, ytdl=False, load_scripts=False, terminal=False, **more)
    began = time.perf_counter()
    handle.command("loadfile", path)
    if trusting:
        time.sleep(60)
        return
    handle.wait_for_event("playback_restart")
    first_s, spent = time.perf_counter() - began, cpu_s()
    handle.wait_for_event("end_file")
    print(json.dumps([first_s, cpu_s() - spent]))
    handle.terminate()


if __name__ == "__main__":
    main(sys.argv[1], trusting="--trusting" in sys.argv)
