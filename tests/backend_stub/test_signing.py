from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend_stub.signing import EdgeGrant, UrlSigner, network_of, split_signed_path

GRANT = EdgeGrant("title", "session", 1000.0, "clear", 576, "family")
OLD, NEW = b"o" * 32, b"n" * 32


def test_a_grant_holds_until_it_expires() -> None:
    signer = UrlSigner([NEW])
    token = signer.sign(GRANT)
    assert signer.verify(token, 999.9) == GRANT
    assert signer.verify(token, 1000.0) is None


@pytest.mark.parametrize(
    ("given", "network", "elsewhere"),
    [
        ("192.0.2.77", "192.0.2.0/24", ["192.0.3.77", "2001:db8::1"]),
        ("10.0.0.1", "10.0.0.0/24", ["0.0.0.10", ""]),
        ("::ffff:192.0.2.7", "192.0.2.0/24", ["::ffff:192.0.3.7"]),
        ("2001:db8:1:2ff::1", "2001:db8:1:200::/56", ["2001:db8:1:300::1", "192.0.2.1"]),
    ],
)
def test_a_grant_may_be_good_in_one_network(given: str, network: str, elsewhere: list[str]) -> None:
    assert network_of(given) == network
    signer = UrlSigner([NEW])
    grant = signer.verify(signer.sign(replace(GRANT, network=network)), 0)
    assert grant == replace(GRANT, network=network)
    assert grant.good_from(given)
    assert not any(grant.good_from(address) for address in elsewhere)
    assert GRANT.good_from("")


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
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(exclude_characters=token[place], exclude_categories=["Cs"]))
    assert signer.verify(token[:place] + other + token[place + 1 :], 0) is None


def test_another_spelling_of_the_same_signature_is_not_accepted() -> None:
    signer = UrlSigner([NEW])
    token = signer.sign(GRANT)
    assert signer.verify(token + "=", 0) is None
    assert all(signer.verify(token[:-1] + chr(ord(token[-1]) + step), 0) is None for step in (-1, 1, 2))


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
