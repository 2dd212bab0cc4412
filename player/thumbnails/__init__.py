"""Small pictures of a title for scrubbing: tiles of sheets (DASH, HLS image playlists), else keyframes of its
trick-play track; of a film of the viewer's own those that are drawn in the background."""

from player.thumbnails.fetching import Thumbnails
from player.thumbnails.film_cache import FilmCache
from player.thumbnails.films import FilmPictures
from player.thumbnails.pictures import Picture

__all__ = ["FilmCache", "FilmPictures", "Picture", "Thumbnails"]
