"""Keeping a sign-in over restarts, in the machine's store for secrets."""

from __future__ import annotations

import json
from typing import Protocol

from player.errors import ServiceError
from player.service.model import Account, Tokens
from player.service.reply import Members

_NAME = "tokens"


class SecretStore(Protocol):
    """What is needed of a store for secrets (:class:`drm_client.keystore.KeyStore` is one)."""

    def get(self, name: str) -> bytes | None: ...

    def put(self, name: str, value: bytes) -> None: ...

    def delete(self, name: str) -> None: ...


class TokenStore:
    """The tokens of one account in a store for secrets, or in memory where ``store`` is None.

    Methods may block and raise what the store raises.
    """

    def __init__(self, store: SecretStore | None = None) -> None:
        self._store = store if store is not None else _Memory()

    def load(self) -> Tokens | None:
        """The tokens kept; None when there are none or they cannot be read."""
        kept = self._store.get(_NAME)
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
        self._store.put(_NAME, json.dumps(document).encode())

    def clear(self) -> None:
        """Forget the tokens."""
        self._store.delete(_NAME)


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
