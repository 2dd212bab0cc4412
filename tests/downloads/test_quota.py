"""Limits of downloads: together, for a profile, and a program's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from downloads import quota, request
from downloads.errors import DownloadError
from downloads.model import DownloadChoice, DownloadOrigin
from downloads.quota import StorageLimits, Taken
from downloads.request import DownloadRequest
from tests.kit.downloads import shelf

TAKEN = (Taken("ann", 300), Taken("ben", 100))


@pytest.mark.parametrize(
    ("limits", "profile", "room"),
    [
        (StorageLimits(), "ann", None),
        (StorageLimits(1000), "ann", 600),
        (StorageLimits(300), "ann", 0),
        (StorageLimits(profiles={"ann": 350}), "ann", 50),
        (StorageLimits(profiles={"ann": 350}), "ben", None),
        (StorageLimits(420, {"ann": 350}), "ann", 20),
        (StorageLimits(420).within(410), "ben", 10),
        (StorageLimits().within(None), "ben", None),
    ],
)
def test_the_least_room_counts(limits: StorageLimits, profile: str, room: int | None) -> None:
    assert quota.room_of(limits, TAKEN, profile) == room


def test_limits_are_kept_and_a_newer_or_damaged_file_is_no_crash(tmp_path: Path) -> None:
    assert quota.read(tmp_path) == StorageLimits()
    limits = StorageLimits(5).with_limit("ann", 3).with_limit("ben", 1).with_limit("ben", None).with_limit("", 9)
    quota.write(tmp_path, limits)
    assert quota.read(tmp_path) == StorageLimits(9, {"ann": 3})
    path = tmp_path / "limits.json"
    for damaged in (b"", b"[]", b'{"profiles": 3}', b'{"total": "x"}', b"\xff"):
        path.write_bytes(damaged)
        assert quota.read(tmp_path) == StorageLimits()
    path.write_text(json.dumps({"format": 2}))
    with pytest.raises(DownloadError, match="newer"):
        quota.read(tmp_path)


def test_a_request_of_before_is_nobodys(tmp_path: Path) -> None:
    kept = shelf(tmp_path)
    folder = kept.store.create("Film", "film")
    request.write(folder, DownloadRequest(DownloadOrigin(title_id="film"), DownloadChoice(), profile="ann"))
    assert request.read(folder).profile == "ann"
    document = json.loads(folder.read_secret("request") or b"")
    del document["profile"]
    folder.write_secret("request", json.dumps(document).encode())
    assert request.read(folder).profile == ""
    assert quota.room_for(kept.store, folder.id) is None
    assert quota.room_for(kept.store, folder.id, 700) == 700
    assert quota.room_for(kept.store, "unknown", 700) is None


@pytest.mark.parametrize("text", ['{"total": 1e999}', '{"profiles": {"a": 1e999}}', "[" * 10_000])
def test_limits_that_are_no_numbers_are_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "limits.json").write_text(text)
    assert quota.read(tmp_path) == quota.StorageLimits()


def test_limits_that_may_not_be_read_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_given: object) -> bytes:
        raise PermissionError("not yours")

    monkeypatch.setattr(quota, "read_kept", refuse)
    assert quota.read(tmp_path) == quota.StorageLimits()
