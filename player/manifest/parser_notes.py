"""Collects what a parser recovered from and what it read over, bounded."""

from __future__ import annotations

from player.manifest.limits import MAX_WARNINGS
from player.manifest.model import ManifestWarning, SourcePosition
from player.manifest.urls import media_url_trouble


class Notes:
    """Warnings and unused names of one manifest, in the order in which they came up."""

    __slots__ = ("_more", "_unused", "_warnings")

    def __init__(self) -> None:
        self._warnings: list[ManifestWarning] = []
        self._unused: dict[str, None] = {}
        self._more = 0

    def warn(self, code: str, sentence: str, *, line: int | None = None, path: str | None = None) -> None:
        if len(self._warnings) >= MAX_WARNINGS:
            self._more += 1
            return
        self._warnings.append(ManifestWarning(code, sentence, SourcePosition(line, path)))

    def check_url(
        self, url: str, base: str, *, data_allowed: bool = False, line: int | None = None, path: str | None = None
    ) -> None:
        """Warn of a URL that is never fetched; raises :class:`ManifestError` as :func:`media_url_trouble` does."""
        trouble = media_url_trouble(url, base, data_allowed=data_allowed, line=line, path=path)
        if trouble is not None:
            self.warn("forbidden_url", trouble, line=line, path=path)

    def unused(self, name: str) -> None:
        """Remember a tag, attribute or element that was read over."""
        if len(self._unused) < MAX_WARNINGS:
            self._unused[name[:200]] = None

    @property
    def warnings(self) -> tuple[ManifestWarning, ...]:
        if not self._more:
            return tuple(self._warnings)
        more = ManifestWarning("more_warnings", f"{self._more} more warnings are left out.")
        return (*self._warnings, more)

    @property
    def unused_names(self) -> tuple[str, ...]:
        return tuple(self._unused)
