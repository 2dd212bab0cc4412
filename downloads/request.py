"""What was asked for when a download was made, kept sealed beside it: it must be known before there is a plan."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import cast

from downloads.errors import DownloadError, damaged
from downloads.folder import DownloadFolder
from downloads.model import DownloadChoice, DownloadOrigin
from downloads.store import Store
from drm_client.keys import ContentKey
from drm_client.licence_store import keys_text, read_keys
from drm_client.memory import read_secret_json, wipe

_NAME = "request"
_KEYS = "keys"


@dataclass(frozen=True, slots=True)
class DownloadRequest:
    """Where the title comes from and what of it is wanted. ``smart``: a rule made it, and may remove it. ``profile``:
    for whom it is, empty where nobody is named."""

    origin: DownloadOrigin
    choice: DownloadChoice = field(default_factory=DownloadChoice)
    smart: bool = False
    profile: str = ""


def make(
    store: Store,
    name: str,
    request: DownloadRequest,
    *,
    priority: int = 0,
    place: Path | None = None,
    beside: Callable[[DownloadFolder], None] = lambda _folder: None,
) -> DownloadFolder:
    """A new download with its request, and with what ``beside`` keeps in it; all of it or nothing. Raises as
    :meth:`Store.create`."""
    folder = store.create(name, request.origin.title_id, priority, place)
    try:
        write(folder, request)
        beside(folder)
    except DownloadError:
        with contextlib.suppress(DownloadError):
            store.remove(folder.id)
        raise
    return folder


def write(folder: DownloadFolder, request: DownloadRequest) -> None:
    """Keep the request; it is on the disk when this returns."""
    document = {"origin": asdict(request.origin), "choice": asdict(request.choice), "smart": request.smart}
    document["profile"] = request.profile
    folder.write_secret(_NAME, json.dumps(document).encode())


def read(folder: DownloadFolder) -> DownloadRequest:
    """The request. Raises DownloadError ``download.damaged`` where it is gone or was changed."""
    data = folder.read_secret(_NAME)
    if data is None:
        raise damaged("The request of the download")
    document = json.loads(data)
    choice = document["choice"]
    lists = {name: tuple(choice[name]) for name in ("audio", "subtitles")}
    origin = DownloadOrigin(**document["origin"])
    return DownloadRequest(
        origin, DownloadChoice(**{**choice, **lists}), document.get("smart", False), document.get("profile", "")
    )


def note_keys(folder: DownloadFolder, keys: Collection[tuple[bytes, bytes]]) -> None:
    """Keep the keys of material whose keys are known, sealed."""
    held = [ContentKey(kid, key) for kid, key in keys]
    text = keys_text(held)
    try:
        folder.write_secret(_KEYS, text)
    finally:
        wipe(text)
        for key in held:
            key.clear()


def forget_keys(folder: DownloadFolder) -> None:
    """Forget the known keys, readable or not."""
    folder.drop_secret(_KEYS)


def keys_of(folder: DownloadFolder) -> tuple[tuple[bytes, bytes], ...]:
    """The known keys of a download, by key ID."""
    return tuple((key.kid, bytes(key.value)) for key in kept_keys(folder))


def kept_keys(folder: DownloadFolder) -> tuple[ContentKey, ...]:
    """The known keys of a download, for a key ring. Raises DownloadError where they were changed."""
    data = folder.read_secret(_KEYS)
    if data is None:
        return ()
    try:
        return read_keys(cast(dict[str, str], read_secret_json(data)))
    finally:
        wipe(data)
