"""What can go wrong while a title is made; each error is one sentence for people."""

from __future__ import annotations


class EncodingError(Exception):
    """A title could not be made. ``sentence`` is shown to people as it stands."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class BadInputError(EncodingError):
    """The file handed in cannot become a title: unreadable, empty, not media, or without a picture."""


class ToolMissingError(EncodingError):
    """FFmpeg or Shaka Packager is not installed on this machine."""


class ToolFailedError(EncodingError):
    """FFmpeg or Shaka Packager ended with an error on good input."""


class DamagedOutputError(EncodingError):
    """What was packaged does not hold what it should; nothing is published."""


class StorageError(EncodingError):
    """The bucket that workers share cannot be reached, or lacks what it should hold."""


class CancelledError(EncodingError):
    """The caller asked to stop."""

    def __init__(self) -> None:
        super().__init__("The work was cancelled.")
