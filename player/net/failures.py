"""From what went wrong on the wire to one of our errors with a sentence that a viewer understands."""

from __future__ import annotations

import email.utils
import errno
import socket
import ssl
from collections.abc import Iterator, Mapping
from urllib.parse import unquote, urlsplit

from player.base.errors import ErrorCode, NetError
from player.net.redact import host_of, redact_url

_UNREACHABLE = frozenset(
    {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, errno.EADDRNOTAVAIL, errno.EACCES}
)
_MAX_RETRY_AFTER_S = 3600.0
_MAX_SKEW_S = 300.0  # tokens and certificates forgive less
_CERT_NOT_YET_VALID = 9  # X509_V_ERR_CERT_NOT_YET_VALID

_STATUS: Mapping[int, tuple[ErrorCode, str]] = {
    401: (ErrorCode.HTTP_UNAUTHORISED, "{host} asks for a sign-in (401)."),
    403: (ErrorCode.HTTP_FORBIDDEN, "{host} refuses access (403); the link may have expired."),
    404: (ErrorCode.HTTP_NOT_FOUND, "{host} does not have this file (404)."),
    410: (ErrorCode.HTTP_GONE, "{host} no longer has this file (410)."),
    416: (ErrorCode.HTTP_RANGE, "{host} does not have this part of the file (416)."),
    429: (ErrorCode.HTTP_RATE_LIMITED, "{host} asks us to come back later (429)."),
}


def status_failure(status: int, url: str, headers: Mapping[str, str], wall_s: float) -> NetError:
    """The error for an answer that is no success, of a server or for a local file. ``headers`` have lower-case keys;
    ``wall_s`` dates Retry-After."""
    if status == 404 and url.startswith("file:"):  # there is no server, and no network to blame
        return failure(ErrorCode.INPUT_FILE, f"There is no file {_file_name(url)}.", url)
    skew = skew_s(headers, wall_s) if status in (401, 403) else None
    if skew is not None and abs(skew) > _MAX_SKEW_S:
        code, sentence = ErrorCode.CLOCK_SKEW, _skew_sentence(skew)
    elif status in _STATUS:
        code, sentence = _STATUS[status]
    elif status >= 500:
        code, sentence = ErrorCode.HTTP_SERVER, f"{{host}} has a fault ({status})."
    else:
        code, sentence = ErrorCode.HTTP_STATUS, f"{{host}} gave an answer we cannot use ({status})."
    return failure(code, sentence, url, status=status, retry_after_s=retry_after_s(headers, wall_s))


def connect_failure(error: BaseException, url: str) -> NetError:
    """The error for a connection that could not be made; the cause stands somewhere in the exception's chain."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            if cause.verify_code == _CERT_NOT_YET_VALID:
                return failure(
                    ErrorCode.CLOCK_SKEW,
                    "The certificate of {host} is not valid yet; the clock of this machine seems to be slow.",
                    url,
                )
            return failure(
                ErrorCode.NET_TLS,
                f"The certificate of {{host}} cannot be trusted: {cause.verify_message}.",
                url,
                recoverable=False,
            )
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            return failure(
                ErrorCode.NET_TLS, "A secure connection to {host} could not be made.", url, recoverable=False
            )
        if isinstance(cause, socket.gaierror):
            return failure(
                ErrorCode.NET_DNS,
                "The server {host} cannot be found; is this machine connected, is the name right?",
                url,
            )
        if isinstance(cause, UnicodeError):
            return failure(ErrorCode.NET_DNS, "{host} is not the name of a server.", url, recoverable=False)
        if isinstance(cause, ConnectionRefusedError):
            return failure(ErrorCode.NET_REFUSED, "The server {host} refuses the connection.", url)
        if isinstance(cause, TimeoutError):
            return failure(ErrorCode.NET_TIMEOUT, "The server {host} does not answer.", url, phase="connect")
        if isinstance(cause, OSError) and cause.errno in _UNREACHABLE:
            return failure(ErrorCode.NET_UNREACHABLE, "The network has no route to the server {host}.", url)
    return failure(ErrorCode.NET_CUT, "The connection to {host} broke while it was made.", url)


def failure(
    code: ErrorCode, sentence: str, url: str, *, recoverable: bool = True, **fields: str | float | None
) -> NetError:
    """A NetError about ``url``; ``{host}`` in the sentence becomes its host."""
    try:
        host = host_of(url)
    except ValueError:
        host = ""
    return NetError(
        code,
        sentence.replace("{host}", host or "the server"),
        recoverable=recoverable,
        url=redact_url(url),
        **{name: value for name, value in fields.items() if value is not None},
    )


def retry_after_s(headers: Mapping[str, str], wall_s: float) -> float | None:
    """Seconds that a Retry-After header asks for (RFC 9110, 10.2.3), at most an hour; None without a usable one."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), _MAX_RETRY_AFTER_S)
    try:
        date_s = email.utils.parsedate_to_datetime(value).timestamp()
    except (ValueError, OverflowError):
        return None
    return min(max(date_s - wall_s, 0.0), _MAX_RETRY_AFTER_S)


def skew_s(headers: Mapping[str, str], wall_s: float) -> float | None:
    """Seconds by which this machine's clock is ahead of a server's Date header (RFC 9110, 6.6.1), if it sent one."""
    try:
        return wall_s - email.utils.parsedate_to_datetime(headers.get("date", "")).timestamp()
    except (ValueError, OverflowError):
        return None


def _file_name(url: str) -> str:
    return unquote(urlsplit(url).path.rpartition("/")[2])


def _skew_sentence(skew: float) -> str:
    side = "fast" if skew > 0 else "slow"
    return f"{{host}} refuses access, and the clock of this machine is {abs(skew) / 60:.0f} minutes {side}."


def _causes(error: BaseException) -> Iterator[BaseException]:
    """``error`` and everything that it was raised from, exception groups opened, each once."""
    waiting: list[BaseException] = [error]
    seen: set[BaseException] = set()
    while waiting:
        current = waiting.pop(0)
        if current in seen:
            continue
        seen.add(current)
        yield current
        if isinstance(current, BaseExceptionGroup):
            waiting.extend(current.exceptions)
        waiting.extend(cause for cause in (current.__cause__, current.__context__) if cause is not None)


def leads_inside(url: str) -> NetError:
    """The rule of :mod:`player.net.local_network` forbids a request."""
    sentence = "{host} is on this machine or its network. A server of the internet may not lead there."
    return failure(ErrorCode.NET_FORBIDDEN_URL, sentence, url, recoverable=False)
