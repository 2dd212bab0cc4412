from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from backend_stub.config import Settings
from backend_stub.db.database import Database
from backend_stub.db.models import ContentKey, Title
from backend_stub.services.publishing import PublishedTitle, PublishError, is_published, publish, unpublish
from backend_stub.titles import slug
from tests.kit.backend import KEYS, publish_noise, stage_title


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "data")


@pytest.fixture
def disk_full(settings: Settings) -> Iterator[None]:
    """No transaction commits, once the schema is there."""

    def fail(_session: Session) -> None:
        raise OSError("disk full")

    settings.make_folders()
    is_published(settings, "any")
    event.listen(Session, "before_commit", fail)
    yield
    event.remove(Session, "before_commit", fail)


def title_in(folder: Path) -> PublishedTitle:
    return PublishedTitle(title="A Film: Part 2", folder=folder, duration_s=4.0, heights=[480, 240], keys=KEYS)


def test_a_published_title_is_whole(settings: Settings) -> None:
    folder = stage_title(settings)
    title_id = publish(settings, title_in(folder))
    assert title_id == "a-film-part-2"
    assert not folder.exists()
    assert (settings.media_dir / title_id / "encrypted" / "manifest.mpd").is_file()
    assert is_published(settings, title_id)
    database = Database(settings.database)
    with database.read() as session:
        title = session.get_one(Title, title_id)
        labels = list(session.scalars(select(ContentKey.label).order_by(ContentKey.label)))
    database.close()
    assert (title.heights, title.variants) == ([240, 480], ["encrypted", "clear"])
    assert labels == ["AUDIO", "SD"]


def test_equal_names_get_ids_of_their_own(settings: Settings) -> None:
    ids = [publish(settings, title_in(stage_title(settings))) for _ in range(3)]
    assert ids == ["a-film-part-2", "a-film-part-2-2", "a-film-part-2-3"]


def test_a_taken_id_is_refused_and_leaves_everything(settings: Settings) -> None:
    publish(settings, replace(title_in(stage_title(settings)), title_id="film"))
    before = sorted(settings.media_dir.rglob("*"))
    folder = stage_title(settings, "again")
    with pytest.raises(PublishError, match="a title film already"):
        publish(settings, replace(title_in(folder), title_id="film"))
    assert sorted(settings.media_dir.rglob("*")) == before
    assert (folder / "poster.jpg").is_file()


def test_a_folder_left_by_a_killed_publish_is_replaced(settings: Settings) -> None:
    leftover = settings.media_dir / "a-film-part-2"
    leftover.mkdir(parents=True)
    (leftover / "old").touch()
    publish(settings, title_in(stage_title(settings)))
    assert not (leftover / "old").exists()


def test_a_failed_commit_puts_the_folder_back(settings: Settings, disk_full: None) -> None:
    folder = stage_title(settings)
    with pytest.raises(OSError, match="disk full"):
        publish(settings, title_in(folder))
    assert (folder / "poster.jpg").is_file()
    assert not is_published(settings, "a-film-part-2")
    assert list(settings.media_dir.iterdir()) == []


@pytest.mark.parametrize(
    "missing", ["poster.jpg", "clear/manifest.mpd", "clear/master.m3u8", "encrypted/manifest.mpd"]
)
def test_incomplete_folders(settings: Settings, missing: str) -> None:
    folder = stage_title(settings)
    (folder / missing).unlink()
    with pytest.raises(PublishError, match=f"lacks {missing}"):
        publish(settings, title_in(folder))


def test_other_refusals(settings: Settings) -> None:
    folder = stage_title(settings)
    good = title_in(folder)
    for bad, sentence in (
        (replace(good, title=""), "1 to 300 characters"),
        (replace(good, synopsis="x" * 5000), "at most 4000"),
        (replace(good, title_id="../x"), "no title id"),
        (replace(good, title_id="film\n"), "no title id"),
        (replace(good, keys=()), "needs its keys"),
    ):
        with pytest.raises(PublishError, match=sentence):
            publish(settings, bad)
    for variant in ("encrypted", "clear"):
        shutil.rmtree(folder / variant)
    with pytest.raises(PublishError, match="neither"):
        publish(settings, good)


def test_unpublish(settings: Settings) -> None:
    assert not is_published(settings, "noise")
    publish_noise(settings)
    assert is_published(settings, "noise")
    unpublish(settings, "noise")
    assert not is_published(settings, "noise")
    with pytest.raises(PublishError, match="no title none"):
        unpublish(settings, "none")


@pytest.mark.parametrize(
    ("title", "expected"),
    [("Sintel", "sintel"), ("Straße & Café!", "strae-cafe"), ("???", "title"), ("x" * 99, "x" * 48)],
)
def test_slug(title: str, expected: str) -> None:
    assert slug(title) == expected
