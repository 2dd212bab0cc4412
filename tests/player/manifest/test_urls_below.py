"""Which address lies below which: by value, not by characters."""

from __future__ import annotations

import pytest

from player.manifest.locations import home_of, moved_url
from player.manifest.model import Location
from player.manifest.urls import below


@pytest.mark.parametrize(
    ("url", "base", "rest"),
    [
        ("https://cdn.test/a/1.m4s", "https://cdn.test/a/", "1.m4s"),
        ("https://CDN.test:443/a/1.m4s?t=1#x", "https://cdn.test/a/", "1.m4s?t=1#x"),
        ("https://cdn.test/a.mp4", "https://cdn.test/a.mp4", ""),
        ("https://cdn.test/a.mp4?t=1", "https://cdn.test/a.mp4", "?t=1"),
        ("https://cdn.test/1.m4s", "https://cdn.test", "/1.m4s"),
        ("https://cdn.test/ab/1.m4s", "https://cdn.test/a", None),
        ("https://cdn.test.example/1.m4s", "https://cdn.test", None),
        ("https://cdn.test@example.test/1.m4s", "https://cdn.test", None),
        ("https://cdn.test:8443/a/1.m4s", "https://cdn.test/a/", None),
        ("http://cdn.test/a/1.m4s", "https://cdn.test/a/", None),
        ("https://cdn.test/a/1.m4s", "https://cdn.test/a/?token=1", None),
        ("file:///films/a/1.m4s", "file:///films/a/", "1.m4s"),
    ],
)
def test_below(url: str, base: str, rest: str | None) -> None:
    assert below(url, base) == rest


def test_an_address_is_moved_from_its_own_home_only() -> None:
    here, there = Location("a", "https://a.test/film/"), Location("b", "https://b.test/film/")
    assert home_of("https://a.test:443/film/1.m4s", (there, here)) is here
    assert moved_url("https://a.test:443/film/1.m4s", here, there) == "https://b.test/film/1.m4s"
    foreign = "https://a.test.example/film/1.m4s"
    assert home_of(foreign, (here, there)) is None
    assert moved_url(foreign, here, there) == foreign
