"""The grant to download a title (docs/protocol.md, DownloadGrant), as a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urljoin

from player.service.model import PlaySession, Title
from player.service.reply import Members, read_manifests, read_title


@dataclass(frozen=True, slots=True)
class DownloadGrant:
    """A grant to download. ``licence_url`` is where its licence is asked for, None where it needs none; ``kids`` are
    the 16-byte key IDs that the plan gives. ``renewable`` and ``expires_at`` (seconds since 1970, None for no end)
    say what the licence will be. ``max_height`` is the tallest picture (lines) the plan permits, None for any."""

    download_id: str
    title: Title
    session: PlaySession = field(repr=False)  # where the files are, in the form that playback has it
    licence_url: str | None = field(repr=False)
    kids: tuple[bytes, ...]
    renewable: bool
    expires_at: float | None
    max_height: int | None


def read_grant(members: Members, base_url: str) -> DownloadGrant:
    """Raises ServiceError (``service.reply``) for an answer that is not one."""
    licence, policy = members.optional_inner("licence"), members.inner("policy")
    title = read_title(members.inner("title"), base_url)
    height = policy.optional_number("max_height")
    download_id = members.text("download_id")
    manifests = read_manifests(members, base_url)
    session = PlaySession(download_id, title, manifests, members.number("urls_expire_at"), None, 0.0)
    return DownloadGrant(
        download_id=download_id,
        title=title,
        session=session,
        licence_url=None if licence is None else urljoin(base_url, licence.text("url")),
        kids=() if licence is None else licence.each("kids", lambda kid: bytes.fromhex(str(kid))),
        renewable=policy.flag("renewable"),
        expires_at=policy.optional_number("expires_at"),
        max_height=None if height is None else int(height),
    )
