"""The files of a channel as an edge serves them: manifests made on demand over the files of the clear variant."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from backend_stub.live import dash, hls
from backend_stub.live.faults import NO_FAULTS, LiveFaults
from backend_stub.live.schedule import Channel
from backend_stub.manifests import DASH, HLS, limit_in, within
from backend_stub.problems import ProblemError
from backend_stub.titles import CLEAR, shown_place

_TYPES = {".mpd": "application/dash+xml", ".m3u8": "application/vnd.apple.mpegurl"}


def live_file(
    media_dir: Path, title_id: str, name: str, now: float, faults: LiveFaults = NO_FAULTS
) -> tuple[bytes, str]:
    """The body and the type of a channel's manifest ``name`` at ``now``. Blocks, as it reads the title's manifests.

    Raises :class:`ProblemError` 404 ``file_not_found``.
    """
    home = media_dir / title_id
    try:
        place = shown_place(home, CLEAR)
        folder = home / place
        master = hls.multivariant((folder / HLS).read_text("utf-8"))
        channel = Channel(hls.loop_length(folder, master), faults=faults)
        text = _text(folder, place, master, *limit_in(name), channel, now)
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise _not_found() from error
    return text.encode(), _TYPES[PurePosixPath(name).suffix]


def _text(folder: Path, place: str, master: str, name: str, limit: int | None, channel: Channel, now: float) -> str:
    if name == HLS:
        return within(master, limit)
    if name == DASH:
        return dash.manifest(within((folder / DASH).read_text("utf-8"), limit), f"../{place}/", channel, now)
    if name not in hls.renditions(master):
        raise _not_found()
    below = PurePosixPath(name).parent
    back = f"{'../' * (len(below.parts) + 1)}{place}/{below}/"
    return hls.media_playlist((folder / name).read_text("utf-8"), back, channel, now)


def _not_found() -> ProblemError:
    return ProblemError(404, "file_not_found", "There is no such file.")
