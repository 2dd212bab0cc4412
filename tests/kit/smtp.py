"""A mail server of the tests' own: takes what it is sent (RFC 5321) and keeps it."""

from __future__ import annotations

import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class MailServer:
    """``received`` in order; while ``refusing``, every mail is refused for now. ``words`` is what clients said."""

    port: int = 0
    refusing: bool = False
    received: list[EmailMessage] = field(default_factory=list)
    words: list[str] = field(default_factory=list)


@contextmanager
def mail_server(tls: ssl.SSLContext | None = None) -> Iterator[MailServer]:
    """With ``tls`` it offers STARTTLS."""
    kept = MailServer()

    class Handler(socketserver.StreamRequestHandler):
        timeout = 10

        def handle(self) -> None:
            self.say("220 here")
            while line := self.rfile.readline(4096):
                word = line.decode().split()[0].upper() if line.strip() else ""
                kept.words.append(line.decode().strip())
                if word == "QUIT":
                    self.say("221 bye")
                    return
                self.answer(word)

        def answer(self, word: str) -> None:
            if word == "EHLO":
                extensions = ["250-here", *(["250-STARTTLS"] if tls else []), "250-AUTH PLAIN", "250 8BITMIME"]
                self.say("\r\n".join(extensions))
            elif word == "STARTTLS" and tls is not None:
                self.say("220 go on")
                self.connection = tls.wrap_socket(self.connection, server_side=True)
                self.rfile = self.connection.makefile("rb")
                self.wfile = self.connection.makefile("wb", 0)
            elif word == "AUTH":
                self.say("235 you are")
            elif word == "DATA" and kept.refusing:
                self.say("451 later")
            elif word == "DATA":
                self.say("354 go on")
                body = b""
                while (line := self.rfile.readline(65536)) not in (b".\r\n", b""):
                    body += line
                kept.received.append(message_from_bytes(body, policy=policy.default))  # type: ignore[arg-type]
                self.say("250 taken")
            else:
                self.say("250 well")

        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        kept.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield kept
        finally:
            server.shutdown()
            thread.join()
