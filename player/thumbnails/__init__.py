"""Thumbnails for scrubbing. They come from tiled images (DASH, HLS image playlists), else from keyframes of the
trick-play track. For the viewer's own films they are drawn in the background."""

from player.thumbnails.fetching import Thumbnails
from player.thumbnails.film_cache import FilmCache
from player.thumbnails.films import FilmPictures
from player.thumbnails.pictures import Picture

__all__ = ["FilmCache", "FilmPictures", "Picture", "Thumbnails"]
