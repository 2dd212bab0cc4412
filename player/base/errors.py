"""The closed family of errors a user of Matinee can meet.

Every error carries a stable code (never renamed, never reused once retired), named fields, whether the
engine may go on by itself, and one sentence a viewer understands. ``docs/errors.md`` lists them and a test
holds the two against each other. ``drm_client.errors.DrmError`` has the same shape and its codes begin with
``drm.``: that package may import nothing of ours, so the two families meet here, in :data:`ANY_ERROR`.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum

from drm_client.errors import CodedError, DrmError


class ExitCode(IntEnum):
    """Exit codes of the command line; QA scripts rest on them."""

    GOOD = 0
    FAILED = 1
    BAD_INPUT = 2
    MISSING_COMPONENT = 3
    NETWORK = 4
    NO_ROOM = 5
    INTERRUPTED = 130


class ErrorCode(StrEnum):
    """Stable codes. The part before the dot names the stage that failed."""

    MANIFEST_NOT_RECOGNISED = "manifest.not_recognised"
    MANIFEST_EMPTY = "manifest.empty"
    MANIFEST_HTML = "manifest.html"
    MANIFEST_SYNTAX = "manifest.syntax"
    MANIFEST_UNSUPPORTED = "manifest.unsupported"
    MANIFEST_LIMIT = "manifest.limit"
    MANIFEST_FORBIDDEN_URL = "manifest.forbidden_url"
    NET_DNS = "net.dns"
    NET_REFUSED = "net.refused"
    NET_TLS = "net.tls"
    NET_TIMEOUT = "net.timeout"
    NET_STALLED = "net.stalled"
    NET_TRICKLE = "net.trickle"
    NET_CUT = "net.cut"
    NET_UNREACHABLE = "net.unreachable"
    NET_PROTOCOL = "net.protocol"
    NET_TOO_LARGE = "net.too_large"
    NET_TOO_MANY_REDIRECTS = "net.too_many_redirects"
    NET_FORBIDDEN_URL = "net.forbidden_url"
    NET_LENGTH = "net.length"
    NET_SLOW = "net.slow"
    HTTP_STATUS = "http.status"
    HTTP_NOT_FOUND = "http.not_found"
    HTTP_GONE = "http.gone"
    HTTP_RANGE = "http.range"
    HTTP_FORBIDDEN = "http.forbidden"
    HTTP_UNAUTHORISED = "http.unauthorised"
    HTTP_RATE_LIMITED = "http.rate_limited"
    HTTP_SERVER = "http.server"
    MEDIA_DAMAGED = "media.damaged"
    MEDIA_MISPLACED = "media.misplaced"
    MEDIA_UNSUPPORTED = "media.unsupported"
    MEDIA_DECODER = "media.decoder"
    MEDIA_INCOMPLETE = "media.incomplete"
    MEDIA_NO_TRACKS = "media.no_tracks"
    SERVICE_SIGN_IN = "service.sign_in"
    SERVICE_EXPIRED = "service.expired"
    SERVICE_NOT_FOUND = "service.not_found"
    SERVICE_NOT_ENTITLED = "service.not_entitled"
    SERVICE_REPLY = "service.reply"
    COMPONENT_LIBMPV = "component.libmpv"
    COMPONENT_QT = "component.qt"
    COMPONENT_BACKEND = "component.backend"
    COMPONENT_DISPLAY = "component.display"
    CLOCK_SKEW = "clock.skew"
    DISK_FULL = "disk.full"
    DISK_LIMIT = "disk.limit"
    DOWNLOAD_NOT_FOUND = "download.not_found"
    DOWNLOAD_BUSY = "download.busy"
    DOWNLOAD_DAMAGED = "download.damaged"
    DOWNLOAD_NEWER = "download.newer"
    DOWNLOAD_STORE_GONE = "download.store_gone"
    DOWNLOAD_INCOMPLETE = "download.incomplete"
    DOWNLOAD_IMPOSSIBLE = "download.impossible"
    INPUT_USAGE = "input.usage"
    INPUT_FILE = "input.file"
    INTERNAL = "internal"


_EXIT_BY_STAGE = {
    "manifest": ExitCode.BAD_INPUT,
    "input": ExitCode.BAD_INPUT,
    "net": ExitCode.NETWORK,
    "http": ExitCode.NETWORK,
    "service": ExitCode.NETWORK,
    "component": ExitCode.MISSING_COMPONENT,
    "clock": ExitCode.NETWORK,
    "disk": ExitCode.NO_ROOM,
    "media": ExitCode.FAILED,
    "drm": ExitCode.FAILED,
    "download": ExitCode.FAILED,
}


class MatineeError(CodedError[ErrorCode]):
    """An error with a stable code. Addresses in ``fields`` are already redacted (see :mod:`player.net.redact`)."""


class ManifestError(MatineeError):
    """A manifest that cannot be read; ``line`` counts from 1, ``path`` is an XPath in an MPD."""

    def __init__(
        self,
        code: ErrorCode,
        sentence: str,
        *,
        line: int | None = None,
        path: str | None = None,
        **fields: str | float | None,
    ) -> None:
        super().__init__(code, sentence, recoverable=False, line=line, path=path, **fields)
        self.line = line
        self.path = path


class NetError(MatineeError):
    """A request that failed; raised only by the network gate."""


class MediaError(MatineeError):
    """Segment bytes that cannot be turned into samples, or a decoder that gave up."""


class ServiceError(MatineeError):
    """The service said no, or said something we do not understand."""


class ComponentError(MatineeError):
    """A part of this machine that is missing; ``matinee doctor`` says how to get it."""


class InputError(MatineeError):
    """Bad usage or an unreadable local file."""


ANY_ERROR = (MatineeError, DrmError)


def undecodable() -> MediaError:
    """libmpv refuses the media that it was given."""
    return MediaError(ErrorCode.MEDIA_DECODER, "This title cannot be decoded on this machine.")


def unexpected() -> MatineeError:
    """What a viewer is told where the program itself is at fault; the log has the rest."""
    return MatineeError(ErrorCode.INTERNAL, "Something unexpected went wrong in the player.")


def exit_code(error: MatineeError | DrmError) -> ExitCode:
    """The process exit code that stands for ``error``."""
    return exit_code_of(str(error.code))


def exit_code_of(code: str) -> ExitCode:
    """The process exit code that stands for an error's code."""
    return _EXIT_BY_STAGE.get(code.split(".", 1)[0], ExitCode.FAILED)
