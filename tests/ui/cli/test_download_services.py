"""Downloads of several services on one machine."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from downloads import request, rights
from downloads.model import DownloadChoice, DownloadOrigin
from downloads.request import DownloadRequest
from downloads.service import note_licence
from drm_client.errors import DrmError, DrmErrorCode
from tests.kit.downloads import shelf
from ui.cli import download_actions, download_rights


def test_a_list_says_why_the_rights_are_not_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = shelf(tmp_path)
    kept.store.create("Film", "film")
    full = DrmError(DrmErrorCode.STORE_UNUSABLE, "The disk is full.")

    def unusable(*_given: object) -> None:
        raise full

    monkeypatch.setattr(rights, "Vault", unusable)
    args = argparse.Namespace(profile_dir=tmp_path, key_store="file")
    (told,) = download_actions.rights_of(args, kept.store, kept.store.list()).values()
    assert (told["state"], told["may_start"]) == ("drm.store_unusable", False)


def test_who_checks_a_download_is_told_that_its_licence_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = shelf(tmp_path)
    folder = kept.store.create("Film", "film")
    over = SimpleNamespace(
        state="revoked",
        sentence="The service has withdrawn the licence for this title.",
        may_start=False,
        ends_at=None,
        remaining_s=None,
    )
    monkeypatch.setattr(download_actions, "open_store", lambda _args: kept.store)
    monkeypatch.setattr(rights, "standing_of", lambda _folder, _licences: over)
    args = argparse.Namespace(id=folder.id, json=False, profile_dir=tmp_path, key_store="file")
    download_actions.verify(args)
    assert over.sentence in capsys.readouterr().out


def test_each_licence_is_renewed_by_its_own_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = shelf(tmp_path)
    for name in ("a", "b"):
        folder = kept.store.create(name, name)
        origin = DownloadOrigin(title_id=name, service=f"https://{name}.test")
        request.write(folder, DownloadRequest(origin, DownloadChoice()))
        note_licence(folder, f"licence-{name}")
    asked: list[tuple[str, str]] = []

    @contextmanager
    def engine_of(args: argparse.Namespace, **_named: Any) -> Iterator[Any]:
        done = SimpleNamespace(result=lambda: ())
        upkeep = SimpleNamespace(run_now=lambda _service: None)
        yield SimpleNamespace(address=args.service, submit=lambda _work: done, upkeep=upkeep)

    def renew(engine: Any, _licences: Any, folder: Any) -> tuple[dict[str, Any], None]:
        asked.append((engine.address, folder.ledger.title_id))
        return {"id": folder.id, "sentence": ""}, None

    monkeypatch.setattr(download_rights, "open_store", lambda _args: kept.store)
    monkeypatch.setattr(download_rights, "engine_of", engine_of)
    monkeypatch.setattr(download_rights, "licences_for", lambda engine: engine)
    monkeypatch.setattr(download_rights, "_renew_one", renew)
    monkeypatch.setattr(download_rights, "finish_removals", lambda _engine, _store: None)
    args = argparse.Namespace(downloads=[], all=True, service="https://a.test", json=False)
    assert download_rights.renew(args) == 0
    assert sorted(asked) == [("https://a.test", "a"), ("https://b.test", "b")]
