"""What a package index shows of the project: each link of it leads to the site."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def described(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    monkeypatch.syspath_prepend(str(ROOT / "packaging"))
    description: Callable[[str], str] = importlib.import_module("description").description
    return description


def test_the_readme_of_a_package_has_no_relative_link(described: Callable[[str], str]) -> None:
    text = described((ROOT / "README.md").read_text(encoding="utf-8"))
    links = re.findall(r"\]\(([^)]*)\)", text)
    assert len(links) > 20
    assert [link for link in links if not link.startswith("https://")] == []


def test_links_lead_to_pages_and_pictures_of_the_site(described: Callable[[str], str]) -> None:
    page = (
        "![Home](docs/pictures/app/home.png) [QA](docs/guide-qa.md#hours) [a](https://a.example) [Licence](LICENSE)"
    )
    assert described(page) == (
        "![Home](https://matinee.example.org/_images/home.png) "
        "[QA](https://matinee.example.org/docs/guide-qa.html#hours) [a](https://a.example) Licence"
    )
