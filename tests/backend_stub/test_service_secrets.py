from __future__ import annotations

import errno
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from backend_stub.config import Settings
from backend_stub.service_secrets import (
    alone,
    licence_signing_keys,
    load_or_create,
    replace_licence_key,
    replace_url_key,
    url_signing_keys,
    watched_licence_keys,
    watched_url_keys,
)
from backend_stub.services.rights.signatures import ServiceSigner
from backend_stub.signing import EdgeGrant, UrlSigner


def test_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "data")
    settings.make_folders()
    first = load_or_create(settings.secrets_dir)
    assert load_or_create(settings.secrets_dir) == first
    assert (
        len({first.url_signing, first.token_signing, *first.licence_signing, bytes.fromhex(first.admin_token)}) == 4
    )
    assert settings.secrets_dir.stat().st_mode & 0o777 == 0o700
    files = sorted(settings.secrets_dir.iterdir())
    assert [path.name for path in files] == [
        "admin-token.key",
        "edge-token.key",
        "licence-signing.key",
        "payment-events.key",
        "token-signing.key",
        "url-signing.key",
    ]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert first.admin_token not in repr(first)


def test_a_damaged_secret_is_not_replaced(tmp_path: Path) -> None:
    load_or_create(tmp_path)
    (tmp_path / "licence-signing.key").write_bytes(b"short")
    with pytest.raises(ValueError, match="licence"):
        load_or_create(tmp_path)


def kept(folder: Path) -> list[list[bytes]]:
    return [url_signing_keys(folder), licence_signing_keys(folder)]


@pytest.mark.parametrize("stops_at", ["link", "replace", "unlink"])
def test_a_change_that_is_interrupted_is_made_at_the_next_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stops_at: str
) -> None:
    load_or_create(tmp_path)
    before = kept(tmp_path)
    for replace, (first, *_older) in zip((replace_url_key, replace_licence_key), before, strict=True):
        for call in range(1, 5):
            with monkeypatch.context() as patch:
                _fails_at_call(patch, stops_at, call)
                with suppress(OSError):
                    replace(tmp_path)
            assert all(len(set(keys)) >= 1 for keys in kept(tmp_path))
        replace(tmp_path)
        now = url_signing_keys(tmp_path) if replace is replace_url_key else licence_signing_keys(tmp_path)
        assert now[0] != first
        assert len(set(now)) == len(now)
        assert replace is replace_url_key or first in now


def _fails_at_call(patch: pytest.MonkeyPatch, name: str, call: int) -> None:
    """The disk is full, or the program is ended, at that call."""
    calls = count(1)

    def fails(real: Callable[..., object]) -> Callable[..., object]:
        def does(*args: object, **words: object) -> object:
            if next(calls) == call:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(*args, **words)

        return does

    if name == "link":
        patch.setattr(os, "link", fails(os.link))
    else:
        patch.setattr(Path, name, fails(getattr(Path, name)))


def test_changes_at_once_are_as_many_keys(tmp_path: Path) -> None:
    load_or_create(tmp_path)

    def change(_number: int) -> None:
        with alone(tmp_path):
            replace_url_key(tmp_path)
            replace_licence_key(tmp_path)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(change, range(8)))
    urls, licences = kept(tmp_path)
    assert (len(set(urls)), len(set(licences))) == (2, 9)


def test_another_process_of_the_folder_takes_new_keys_at_once(tmp_path: Path) -> None:
    """Two that sign and check: what one signs after any change the other takes, and what a second change takes back
    it takes back."""
    first = load_or_create(tmp_path)
    here, there = (UrlSigner(url_signing_keys(tmp_path), watched_url_keys(tmp_path).changed) for _ in range(2))
    licences = ServiceSigner(first.licence_signing, changed=watched_licence_keys(tmp_path).changed)
    grant = EdgeGrant("film", "s", 100.0, "clear")
    old = here.sign(grant)
    assert there.verify(old, 0.0) == grant
    replace_url_key(tmp_path)
    assert there.verify(here.sign(grant), 0.0) == there.verify(old, 0.0) == grant
    replace_url_key(tmp_path)
    assert there.verify(old, 0.0) is None
    assert here.verify(there.sign(grant), 0.0) == grant
    replace_licence_key(tmp_path)
    assert len(licences.public_keys()) == 2
    assert len(licences.endorsements(0.0)) == 1
