from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend_stub.signing import Grant, UrlSigner, split_signed_path

GRANT = Grant("title", "session", 1000.0)
OLD, NEW = b"o" * 32, b"n" * 32


def test_a_grant_holds_until_it_expires() -> None:
    signer = UrlSigner([NEW])
    token = signer.sign(GRANT)
    assert signer.verify(token, 999.9) == GRANT
    assert signer.verify(token, 1000.0) is None


def test_a_rotated_key_is_still_accepted() -> None:
    token = UrlSigner([OLD]).sign(GRANT)
    assert UrlSigner([NEW, OLD]).verify(token, 0) == GRANT
    assert UrlSigner([NEW]).verify(token, 0) is None


def test_a_signer_without_keys_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one key"):
        UrlSigner([])


@given(st.data())
def test_no_changed_token_is_accepted(data: st.DataObject) -> None:
    signer = UrlSigner([NEW])
    token = signer.sign(GRANT)
    place = data.draw(st.integers(0, len(token) - 2))  # the last character has unused bits
    other = data.draw(st.characters(exclude_characters=token[place]))
    assert signer.verify(token[:place] + other + token[place + 1 :], 0) is None


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("/s/T/a/b", ("T", "/a/b")),
        ("/s//a", ("", "/a")),
        ("/s/T", (None, "/s/T")),
        ("/a/s/T/b", (None, "/a/s/T/b")),
    ],
)
def test_split(path: str, parts: tuple[str | None, str]) -> None:
    assert split_signed_path(path) == parts
