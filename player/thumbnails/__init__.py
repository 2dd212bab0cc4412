"""Small pictures of a title for scrubbing: tiles of sheets (DASH, HLS image playlists), else keyframes of its
trick-play track."""

from player.thumbnails.fetching import Thumbnails
from player.thumbnails.pictures import Picture

__all__ = ["Picture", "Thumbnails"]
