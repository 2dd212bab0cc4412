"""References in manifests: resolution (RFC 3986 section 5) for any scheme, and which schemes may be named.

``urllib.parse.urljoin`` resolves only against the schemes it knows; manifests are also read from test and
packaged sources with schemes of their own, so the five rules of RFC 3986 5.2.2 stand here.
"""

from __future__ import annotations

import posixpath
import re

from player.base.errors import ErrorCode, ManifestError
from player.manifest.limits import MAX_URL_CHARACTERS, limit_error

_PARTS = re.compile(r"^(?:([A-Za-z][A-Za-z0-9+.\-]*):)?(?://([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?$", re.DOTALL)
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.\-]*):")
_MAX_PORT = 65535
WEB_SCHEMES = frozenset({"http", "https"})


def scheme_of(url: str) -> str:
    """The scheme in lower case, empty for a relative reference."""
    match = _SCHEME.match(url)
    return match.group(1).lower() if match else ""


def split_url(url: str) -> tuple[str | None, str | None, str, str | None, str | None]:
    """``(scheme, authority, path, query with its ?, fragment with its #)``; None for what is not there."""
    match = _PARTS.match(url)
    if match is None:  # cannot happen: every part is optional
        return None, None, url, None, None
    return match.group(1), match.group(2), match.group(3), match.group(4), match.group(5)


def _remove_dots(path: str) -> str:
    """RFC 3986 5.2.4."""
    if "." not in path:
        return path
    output: list[str] = []
    pieces = path.split("/")
    for position, piece in enumerate(pieces):
        last = position == len(pieces) - 1
        if piece == ".":
            if last:
                output.append("")
        elif piece == "..":
            if len(output) > 1 or (output and output[0] != ""):
                output.pop()
            if last:
                output.append("")
        else:
            output.append(piece)
    return "/".join(output)


def resolve(base: str, reference: str) -> str:
    """``reference`` as seen from ``base`` (RFC 3986 5.2.2); userinfo is stripped, a fragment kept."""
    if len(reference) > MAX_URL_CHARACTERS:
        raise limit_error(f"a URL has {len(reference)} characters", MAX_URL_CHARACTERS)
    scheme, authority, path, query, fragment = split_url(reference)
    if scheme is not None:
        if authority is not None and "@" in authority:
            authority = authority.rpartition("@")[2]
        if authority is not None:
            path = _remove_dots(path)
        return unsplit_url(scheme, authority, path, query, fragment)
    base_scheme, base_authority, base_path, base_query, _ = split_url(base)
    if authority is None:
        authority = base_authority
        if not path:
            path = base_path
            query = base_query if query is None else query
        elif path.startswith("/"):
            path = _remove_dots(path)
        elif base_authority is not None and not base_path:
            path = _remove_dots("/" + path)
        else:
            path = _remove_dots(base_path[: base_path.rfind("/") + 1] + path)
    else:
        path = _remove_dots(path)
    if authority is not None and "@" in authority:
        authority = authority.rpartition("@")[2]
    return unsplit_url(base_scheme, authority, path, query, fragment)


def unsplit_url(scheme: str | None, authority: str | None, path: str, query: str | None, fragment: str | None) -> str:
    """The reverse of :func:`split_url`."""
    head = "" if scheme is None else scheme + ":"
    if authority is not None:
        head += "//" + authority
    return f"{head}{path}{query or ''}{fragment or ''}"


def add_query(url: str, query: str) -> str:
    """``url`` with the parameters of ``query`` behind its own; one that it has already is not repeated."""
    scheme, authority, path, own, fragment = split_url(url)
    known = (own or "?")[1:].split("&")
    added = [part for part in query.split("&") if part and part not in known]
    if not added:
        return url
    return unsplit_url(scheme, authority, path, "?" + "&".join([part for part in known if part] + added), fragment)


def same_origin(url: str, other: str) -> bool:
    """Whether two addresses have scheme, host and port in common (RFC 6454)."""
    return _origin(url) == _origin(other)


def _origin(url: str) -> tuple[str, str]:
    scheme, authority, _, _, _ = split_url(url)
    name, host = (scheme or "").lower(), (authority or "").rpartition("@")[2].lower()
    return name, host.removesuffix({"http": ":80", "https": ":443"}.get(name, " "))


def folder_of(url: str) -> str:
    """The URL up to and with the last slash of its path: what relative references are put behind."""
    scheme, authority, path, _, _ = split_url(url)
    if authority is not None and not path:
        path = "/"
    return unsplit_url(scheme, authority, path[: path.rfind("/") + 1], None, None)


def below(url: str, base: str) -> str | None:
    """What stands behind ``base`` in ``url``; empty where they are the same, None where ``url`` lies elsewhere.

    Origins are compared by value (:func:`same_origin`) and paths by whole segments: ``https://cdn.test/a`` holds
    neither ``https://cdn.test/ab`` nor ``https://cdn.test.example/a``. A base with a query holds only itself.
    """
    if url == base:
        return ""
    _, _, path, query, fragment = split_url(url)
    _, _, folder, base_query, _ = split_url(base)
    if base_query is not None or not same_origin(url, base):
        return None
    if path != folder and folder and (not folder.endswith("/") or path[: len(folder)] != folder):
        return None
    return path[len(folder) :] + (query or "") + (fragment or "")


def path_between(url: str, other: str) -> str | None:
    """``other`` as a path relative to ``url``, without its query; None where it is on another server."""
    scheme, authority, path, _, _ = split_url(url)
    to_scheme, to_authority, to_path, _, _ = split_url(other)
    if (scheme, authority) != (to_scheme, to_authority) or not to_path.startswith("/"):
        return None
    return posixpath.relpath(to_path, posixpath.dirname(path) or "/")


class Resolver:
    """Resolves many references against one base; plain file names take a short way."""

    __slots__ = ("_folder", "base")

    _PLAIN = re.compile(r"[A-Za-z0-9_$%,;=&~+!*'()\-]")

    def __init__(self, base: str) -> None:
        self.base = base
        self._folder = folder_of(base)

    def __call__(self, reference: str) -> str:
        if (
            reference
            and reference[0] not in "/?#."
            and ":" not in reference
            and "/." not in reference
            and len(reference) <= MAX_URL_CHARACTERS
        ):
            return self._folder + reference
        return resolve(self.base, reference)


def media_url_trouble(
    url: str, base: str, *, data_allowed: bool = False, line: int | None = None, path: str | None = None
) -> str | None:
    """Why ``url``, named by the manifest at ``base``, is not one that is fetched; None when it is.

    Web schemes are fetched if the address names a server (a host, a port up to 65535). So are the manifest's own
    scheme, since a file may name its neighbours, and ``data:`` where the standards put small resources in line.
    ``file:`` out of a remote manifest raises :class:`ManifestError` with the place (``line``, ``path``): no honest
    manifest does that.
    """
    scheme = scheme_of(url)
    if not scheme:
        return None
    if scheme in WEB_SCHEMES:
        return _server_trouble(url)
    if scheme == "data" and data_allowed:
        return None
    own = scheme_of(base)
    if scheme == "file":
        if own in ("", "file"):
            return None
        raise ManifestError(
            ErrorCode.MANIFEST_FORBIDDEN_URL,
            "The manifest points at a file of this machine, which is refused.",
            line=line,
            path=path,
        )
    if scheme == own:
        return None
    return f"The manifest names a URL with the scheme “{scheme}:”, which is never fetched."


def _server_trouble(url: str) -> str | None:
    """Why no connection can be made to the server that a web address names; None when one can."""
    host, colon, port = ((split_url(url)[1] or "").rpartition("@")[2]).rpartition(":")
    if not colon or port.endswith("]"):  # no port, or the colons of an IPv6 address
        host, port = host + colon + port, ""
    if not host:
        return "The manifest names an address without a host, which can never be loaded."
    if port and not (port.isascii() and port.isdigit() and len(port) < 10 and int(port) <= _MAX_PORT):
        return f"The manifest names an address with the port “{port[:20]}”, which can never be loaded."
    return None


def strip_userinfo(url: str) -> str:
    """``url`` without a user name and password."""
    scheme, authority, path, query, fragment = split_url(url)
    if authority is None or "@" not in authority:
        return url
    return unsplit_url(scheme, authority.rpartition("@")[2], path, query, fragment)
