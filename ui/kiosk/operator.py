"""The operator's code: kept as a salted scrypt record, and asked for no faster than a person types."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

_COST = {"n": 2**14, "r": 8, "p": 1}  # 16 MB and some 50 ms for each try
_RECORD = re.compile(r"scrypt:[0-9a-f]{32}:[0-9a-f]{64}")
LEAST_DIGITS, MOST_DIGITS = 4, 12
_TRIES = 5
_LOCKED_S = 60.0


def is_code(text: str) -> bool:
    """Whether a remote control can type it: 4 to 12 digits."""
    return LEAST_DIGITS <= len(text) <= MOST_DIGITS and text.isascii() and text.isdecimal()


def is_code_record(text: str) -> bool:
    """Whether this is what :func:`code_record` gives."""
    return _RECORD.fullmatch(text) is not None


def code_record(code: str) -> str:
    """What the provisioning file keeps of a code: ``scrypt:SALT:HASH``, in hex. Raises ValueError."""
    if not is_code(code):
        raise ValueError(f"a code has {LEAST_DIGITS} to {MOST_DIGITS} digits")
    salt = secrets.token_bytes(16)
    return f"scrypt:{salt.hex()}:{_digest(code, salt)}"


class CodeLock:
    """Compares codes with a record. Five wrong ones lock it for a minute; times are seconds of a steady clock."""

    def __init__(self, record: str) -> None:
        self._record = record
        self._wrong = 0
        self._locked_until = float("-inf")

    def open(self, code: str, now: float) -> bool:
        """Whether this is the code. Never where there is none, nor while it is locked."""
        if not self._record or self.is_locked(now):
            return False
        _, salt, digest = self._record.split(":")
        if is_code(code) and hmac.compare_digest(_digest(code, bytes.fromhex(salt)), digest):
            self._wrong = 0
            return True
        self._wrong += 1
        if self._wrong >= _TRIES:
            self._wrong, self._locked_until = 0, now + _LOCKED_S
        return False

    def is_locked(self, now: float) -> bool:
        """Whether nothing is listened to for a while."""
        return now < self._locked_until


def _digest(code: str, salt: bytes) -> str:
    return hashlib.scrypt(code.encode(), salt=salt, dklen=32, **_COST).hex()
