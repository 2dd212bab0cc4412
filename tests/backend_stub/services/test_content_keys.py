from __future__ import annotations

import pytest

from backend_stub.services.content_keys import KeyVault, PlainKey

PLAIN = PlainKey("HD", b"k" * 16, b"s" * 16)


def test_what_is_wrapped_opens_again() -> None:
    vault = KeyVault(b"m" * 32)
    row = vault.wrap("film", PLAIN)
    assert PLAIN.key not in row.wrapped
    assert vault.open(row) == PLAIN
    assert vault.wrap("film", PLAIN).wrapped != row.wrapped


@pytest.mark.parametrize(("member", "value"), [("title_id", "other"), ("label", "SD"), ("kid", "00" * 16)])
def test_a_changed_row_does_not_open(member: str, value: str) -> None:
    vault = KeyVault(b"m" * 32)
    row = vault.wrap("film", PLAIN)
    setattr(row, member, value)
    with pytest.raises(ValueError, match="does not open"):
        vault.open(row)


def test_another_master_key_and_flipped_bytes_do_not_open() -> None:
    row = KeyVault(b"m" * 32).wrap("film", PLAIN)
    with pytest.raises(ValueError, match="does not open"):
        KeyVault(b"n" * 32).open(row)
    for place in range(len(row.wrapped)):
        flipped = bytearray(row.wrapped)
        flipped[place] ^= 1
        changed = KeyVault(b"m" * 32).wrap("film", PLAIN)
        changed.wrapped = bytes(flipped)
        with pytest.raises(ValueError, match="does not open"):
            KeyVault(b"m" * 32).open(changed)


def test_sizes_are_checked_and_no_key_shows() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        PlainKey("HD", b"k" * 15, b"s" * 16)
    assert "s" * 16 not in repr(PLAIN)
