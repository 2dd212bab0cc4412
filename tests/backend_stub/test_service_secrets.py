from __future__ import annotations

from pathlib import Path

import pytest

from backend_stub.config import Settings
from backend_stub.service_secrets import load_or_create


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
