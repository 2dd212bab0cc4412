"""What a licence permits: the policy that the licence server states and signs (``docs/protocol.md``), as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class PolicyType(StrEnum):
    """``streaming``: for one play session, never on disk. ``persistent``: kept for playing without a network."""

    STREAMING = "streaming"
    PERSISTENT = "persistent"


@dataclass(frozen=True, slots=True)
class KeyTerms:
    """What one key is for: its ``label`` (``AUDIO``, ``SD``, ``HD``, ``UHD``), tallest picture and least HDCP."""

    label: str
    max_height: int
    hdcp: str


@dataclass(frozen=True, slots=True)
class OutputTerms:
    """What the service asks of every output. Carried and shown; an open program cannot enforce it."""

    hdcp: str = "none"
    analogue: bool = True
    mirror: bool = True


@dataclass(frozen=True, slots=True)
class RenewalTerms:
    """Renewal is tried from ``from_at`` on and refused after ``until_at``; seconds since 1970."""

    url: str = field(repr=False)
    from_at: float
    until_at: float


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """The viewer's plan, for people to read; None is no limit."""

    name: str
    max_height: int | None = None
    streams: int | None = None
    download_devices: int | None = None
    download_titles: int | None = None


@dataclass(frozen=True, slots=True)
class LicencePolicy:
    """The terms of one licence. ``*_at`` are seconds since 1970 by the service's clock, ``*_s`` seconds.

    ``expires_at`` ends the licence clock, whether the title was played or not (None: it has none). ``play_s`` is the
    length of the playback clock, from first play (None: none); ``first_play_at`` its start as the service knows it.
    A playback that runs when a clock ends may go on for ``grace_s``. A renewal of a ``rental`` keeps the playback
    clock, of anything else it restarts. ``withheld`` tells why a key was not given (``plan``, ``hdcp``,
    ``unknown``). ``jwe_sha256`` binds the keys, None where the title has none.
    """

    licence_id: str
    sequence: int
    type: PolicyType
    session_id: str
    device_id: str
    nonce: str
    account_id: str
    title_id: str
    variant: str
    issued_at: float
    expires_at: float | None
    play_s: float | None = None
    first_play_at: float | None = None
    grace_s: float = 0.0
    renewal: RenewalTerms | None = None
    release_url: str | None = field(default=None, repr=False)
    rental: bool = False
    keys: Mapping[bytes, KeyTerms] = field(default_factory=dict)
    withheld: Mapping[bytes, str] = field(default_factory=dict)
    output: OutputTerms = OutputTerms()
    plan: PlanTerms | None = None
    jwe_sha256: str | None = None
