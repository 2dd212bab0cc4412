"""Accounts, what they pay for, their sign-ins and devices."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import JSON, Boolean, Float, ForeignKey, Integer, String, false, true
from sqlalchemy.orm import Mapped, mapped_column

from backend_stub.db.models.base import Base


class Account(Base):
    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)  # lower case
    name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[float] = mapped_column(Float, index=True)
    role: Mapped[str] = mapped_column(
        String(16), default="viewer", server_default="viewer"
    )  # viewer, publisher, admin
    country: Mapped[str | None] = mapped_column(String(2))  # of residence: ISO 3166-1 alpha-2
    verified_at: Mapped[float | None] = mapped_column(Float)  # when the address was confirmed
    tokens_after: Mapped[float] = mapped_column(Float, default=0.0, server_default="0")  # older ones are refused
    kiosks: Mapped[bool] = mapped_column(
        Boolean, default=False, server_default=false(), index=True
    )  # its screens are, by the operator's word


class MailCode(Base):
    """A code that was asked for, to be sent to an address; nobody need have an account with it.

    It is sent when ``due_at`` comes (null: done); of the code there is an HMAC alone.
    """

    __tablename__ = "mail_codes"

    email: Mapped[str] = mapped_column(String(254), primary_key=True)
    purpose: Mapped[Literal["reset", "verification"]] = mapped_column(String(16), primary_key=True)
    asked_at: Mapped[float] = mapped_column(Float)
    due_at: Mapped[float | None] = mapped_column(Float, index=True)
    sends: Mapped[int] = mapped_column(Integer)
    code_hash: Mapped[str | None] = mapped_column(String(64))
    expires_at: Mapped[float | None] = mapped_column(Float, index=True)
    tries: Mapped[int] = mapped_column(Integer)


class Subscription(Base):
    """A plan that an account has from one moment to another; open while ``ends_at`` is null."""

    __tablename__ = "subscriptions"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    plan: Mapped[str] = mapped_column(String(16))
    starts_at: Mapped[float] = mapped_column(Float)
    ends_at: Mapped[float | None] = mapped_column(Float)


class RefreshToken(Base):
    """One link of a rotation chain. All tokens that stem from one sign-in are one family."""

    __tablename__ = "refresh_tokens"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256, hex
    parent_hash: Mapped[str | None] = mapped_column(String(64))  # the one it was given for; none at sign-in
    family: Mapped[str] = mapped_column(String(32), index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    device_name: Mapped[str] = mapped_column(String(200))
    issued_at: Mapped[float] = mapped_column(Float)
    expires_at: Mapped[float] = mapped_column(Float, index=True)
    used_at: Mapped[float | None] = mapped_column(Float)
    revoked_at: Mapped[float | None] = mapped_column(Float)
    profile_id: Mapped[str | None] = mapped_column(String(32))  # the one selected; deleted ones may still stand here


class Profile(Base):
    """Somebody of the household; ``maturity`` is the highest age rating they may watch.

    ``avatar`` names one of the drawn pictures, ``kids`` asks for the calm look and for a PIN to leave it; languages
    are ISO 639-1, empty for those of the device.
    """

    __tablename__ = "profiles"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    maturity: Mapped[int] = mapped_column(Integer)
    pin_hash: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[float] = mapped_column(Float)
    avatar: Mapped[str] = mapped_column(String(24), default="", server_default="")
    kids: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    audio_language: Mapped[str] = mapped_column(String(8), default="", server_default="")
    text_language: Mapped[str] = mapped_column(String(8), default="", server_default="")
    autoplay: Mapped[bool] = mapped_column(Boolean, default=True, server_default=true())


class DeviceGrant(Base):
    """A television that waits for its approval (RFC 8628); ``account_id`` is set once somebody approved."""

    __tablename__ = "device_grants"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256 of the device code, hex
    user_code: Mapped[str] = mapped_column(String(8), unique=True)
    device_name: Mapped[str] = mapped_column(String(200))
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    denied: Mapped[bool] = mapped_column(Boolean)
    expires_at: Mapped[float] = mapped_column(Float, index=True)
    polled_at: Mapped[float] = mapped_column(Float)
    interval_s: Mapped[float] = mapped_column(Float)


class Device(Base):
    """A registered device, ``proven`` once it has shown that it holds the private key.

    Its id is the RFC 7638 thumbprint of its public key, so two accounts may share it.
    """

    __tablename__ = "devices"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    public_key: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[float] = mapped_column(Float)
    revoked_at: Mapped[float | None] = mapped_column(Float)
    last_seen_at: Mapped[float | None] = mapped_column(Float, index=True)
    proven: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())


class DeviceChallenge(Base):
    """What a new device must sign; good once."""

    __tablename__ = "device_challenges"

    challenge: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    expires_at: Mapped[float] = mapped_column(Float, index=True)
