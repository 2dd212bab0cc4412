"""Which page is shown: one at the bottom, others above it, the player on top."""

from __future__ import annotations

from enum import StrEnum


class Page(StrEnum):
    STARTING = "starting"
    SIGN_IN = "signIn"
    PROFILES = "profiles"
    HOME = "home"
    SEARCH = "search"
    CHANNELS = "channels"
    MY_LIST = "myList"
    BROWSE = "browse"
    DETAILS = "details"
    SETTINGS = "settings"
    ACCOUNT = "account"
    DOWNLOADS = "downloads"
    PLAYER = "player"


FOR_VIEWERS = frozenset({Page.DETAILS, Page.SEARCH, Page.CHANNELS, Page.MY_LIST, Page.BROWSE, Page.ACCOUNT})


class PageStack:
    """What is for viewers waits out of sight while there is none at the bottom."""

    def __init__(self) -> None:
        self.bottom = Page.STARTING
        self.playing = False
        self._above: list[Page] = []

    @property
    def top(self) -> Page:
        """The page that is shown."""
        if self.playing:
            return Page.PLAYER
        return next((page for page in reversed(self._above) if self._may_show(page)), self.bottom)

    def put_above(self, page: Page) -> None:
        """Show a page above all others; one that is among them comes from its place."""
        if page in self._above:
            self._above.remove(page)
        self._above.append(page)

    def pop(self) -> Page | None:
        """Leave the page above all others; None where there is none."""
        return self._above.pop() if self._above else None

    def clear(self) -> None:
        """Leave all that stands above the bottom."""
        self._above.clear()

    def leave_those_for_viewers(self) -> None:
        """Somebody else watches."""
        self._above = [page for page in self._above if page not in FOR_VIEWERS]

    def _may_show(self, page: Page) -> bool:
        return page not in FOR_VIEWERS or self.bottom is Page.HOME
