"""Keeping a sign-in over restarts, in the machine's store for secrets."""

from __future__ import annotations

import hashlib
import json
from typing import Protocol

from player.base.errors import ServiceError
from player.service.model import Account, Tokens
from player.service.reply import Members

_NAME = "tokens"


class SecretStore(Protocol):
    """What is needed of a store for secrets (:class:`drm_client.keystore.KeyStore` is one)."""

    def get(self, name: str) -> bytes | None: ...

    def put(self, name: str, value: bytes) -> None: ...

    def delete(self, name: str) -> None: ...


class TokenStore:
    """The tokens of one account at one service in a store for secrets, or in memory where ``store`` is None.

    One service never gets another's tokens: each has an entry of its own. The one entry of version 0.1.0 goes to the
    first service that is used, but never where it ``adopts`` none. Methods may block and raise what the store raises.
    """

    def __init__(self, store: SecretStore | None = None, service: str = "", *, adopts: bool = True) -> None:
        self._store = store if store is not None else _Memory()
        self._adopts = adopts
        self._entry = _NAME
        if service:
            self._entry = f"{_NAME}-{hashlib.sha256(service.encode()).hexdigest()[:16]}"

    def of(self, service: str) -> TokenStore:
        """The tokens of the service at this address in the same store."""
        return TokenStore(self._store, service, adopts=self._adopts)

    def load(self) -> Tokens | None:
        """The tokens kept; None when there are none or they cannot be read."""
        kept = self._store.get(self._entry)
        if kept is None and self._entry != _NAME and self._adopts:
            kept = self._store.get(_NAME)  # of version 0.1.0, which had one entry
            if kept is not None:
                self._store.put(self._entry, kept)
                self._store.delete(_NAME)
        if kept is None:
            return None
        try:
            members = Members(json.loads(kept), "tokens")
            account = members.inner("account")
            return Tokens(
                members.text("access"),
                members.text("refresh"),
                members.number("expires_at"),
                Account(account.text("id"), account.text("email"), account.text("name")),
                members.optional_text("profile"),
            )
        except (ServiceError, ValueError):
            return None

    def save(self, tokens: Tokens) -> None:
        """Keep ``tokens`` in place of earlier ones."""
        account = tokens.account
        document = {
            "access": tokens.access,
            "refresh": tokens.refresh,
            "expires_at": tokens.expires_at,
            "account": {"id": account.id, "email": account.email, "name": account.name},
            "profile": tokens.profile,
        }
        self._store.put(self._entry, json.dumps(document).encode())

    def clear(self) -> None:
        """Forget the tokens."""
        self._store.delete(self._entry)


class _Memory:
    """A store that lasts as long as the process."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def get(self, name: str) -> bytes | None:
        return self._kept.get(name)

    def put(self, name: str, value: bytes) -> None:
        self._kept[name] = value

    def delete(self, name: str) -> None:
        self._kept.pop(name, None)
