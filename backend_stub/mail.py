"""Mail to viewers: into a folder, or through a server (SMTP, RFC 5321)."""

from __future__ import annotations

import os
import secrets
import smtplib
import ssl
import time
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

_TIMEOUT_S = 10
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS = {"smtp": 587, "smtps": 465}


class MailError(Exception):
    """The mail was not taken; its text names neither address nor content."""


@dataclass(frozen=True, slots=True)
class Mail:
    to: str
    subject: str
    text: str = field(repr=False)


class Mailer(Protocol):
    def send(self, mail: Mail) -> None:
        """Raises :class:`MailError`."""
        ...


class FileMailer:
    """Writes each mail as a file of its own (``.eml``) that its owner alone can read."""

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    def send(self, mail: Mail) -> None:
        name = f"{time.time_ns()}-{secrets.token_hex(4)}.eml"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = self._folder / f".{name}"
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(_message(mail, self._sender).as_bytes())
            draft.replace(self._folder / name)
        except (OSError, ValueError) as error:
            raise MailError(type(error).__name__) from error


class SmtpMailer:
    """Sends through one server, encrypted unless it is on this machine."""

    def __init__(self, url: str, sender: str) -> None:
        """``url`` is ``smtp://USER:PASSWORD@HOST:PORT`` (with STARTTLS) or ``smtps://`` (TLS from the start). Raises
        ValueError with a sentence."""
        try:
            place = urlsplit(url)
            port = place.port or _PORTS[place.scheme]
        except (KeyError, ValueError) as error:
            raise ValueError("Mail goes through smtp:// or smtps:// addresses, or into the data folder.") from error
        if not place.hostname:
            raise ValueError("The address of the mail server has no host.")
        self._host, self._port, self._tls = place.hostname, port, place.scheme == "smtps"
        self._user, self._password = unquote(place.username or ""), unquote(place.password or "")
        self._sender = sender

    def send(self, mail: Mail) -> None:
        try:
            with self._connected() as server:
                if self._user:
                    server.login(self._user, self._password)
                server.send_message(_message(mail, self._sender))
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise MailError(type(error).__name__) from error

    def _connected(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self._tls:
            return smtplib.SMTP_SSL(self._host, self._port, timeout=_TIMEOUT_S, context=context)
        server = smtplib.SMTP(self._host, self._port, timeout=_TIMEOUT_S)
        try:
            server.ehlo()
            if server.has_extn("starttls") or self._host not in _HERE:
                server.starttls(context=context)
        except BaseException:
            server.close()
            raise
        return server


def open_mailer(url: str, sender: str, folder: Path) -> Mailer:
    """By the address of a server; without one, into ``folder``. Raises ValueError with a sentence."""
    return SmtpMailer(url, sender) if url else FileMailer(folder, sender)


def _message(mail: Mail, sender: str) -> EmailMessage:
    """Raises ValueError for an address that would not stay in its line."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, mail.to, mail.subject
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain="matinee.invalid")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    return message
