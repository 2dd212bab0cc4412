"""Services on this network: what is asked, what counts of the answers, and what liars get."""

from __future__ import annotations

import asyncio
import socket
import struct

import pytest
import uvloop

from backend_stub.announcement import answer
from player.service.discovery import MOST_SERVICES, addresses_in, find_services, may_be_shown, question

URL = "https://films.example:8443"


def txt(name: bytes, data: bytes, number: int = 7) -> bytes:
    """An answer with one TXT record."""
    return struct.pack(">6H", number, 0x8400, 0, 1, 0, 0) + name + struct.pack(">2HIH", 16, 1, 9, len(data)) + data


OWN = b"\x01x\x08_matinee\x04_tcp\x05local\0"


def said(text: str) -> bytes:
    return bytes((len(text),)) + text.encode()


def test_the_service_answers_the_question_and_nothing_else() -> None:
    asked = question(7)
    given = answer(asked, URL)
    assert given is not None
    assert addresses_in(given, 7) == (URL,)
    assert addresses_in(given, 8) == (), "an answer to somebody else's question"
    assert answer(asked.replace(b"matinee", b"printer"), URL) is None
    assert answer(given, URL) is None, "an answer is not answered"
    assert answer(b"", URL) is None


def test_the_address_is_read_wherever_it_stands_and_once() -> None:
    many = b"".join(said(text) for text in ("path=/", "URL=https://a.example/", "url=https://a.example", "x"))
    assert addresses_in(txt(OWN, many), 7) == ("https://a.example",)
    assert addresses_in(txt(b"\x01x\x04_ipp\x04_tcp\x05local\0", said("url=" + URL)), 7) == ()
    crowd = b"".join(said(f"url=https://{n}.example") for n in range(40))
    assert len(addresses_in(txt(OWN, crowd), 7)) == MOST_SERVICES


@pytest.mark.parametrize(
    "lie",
    [
        b"",
        b"\xff" * 600,
        txt(b"\xc0\x0c", said("url=" + URL)),  # a name that points at itself
        txt(b"\xc0\x20" + b"\0" * 30 + b"\xc0\x0c", said("url=" + URL)),  # forwards, and back
        txt(b"\x40" + b"a" * 64, b""),
        txt(b"\x01a" * 4000 + b"\0", said("url=" + URL)),
        txt(OWN, b"\xffurl=" + URL.encode())[:-4],
        txt(OWN, said("url=https://a.example/" + "b" * 220)),
        txt(OWN, said("url=https://a.example/\r\nx")),
        struct.pack(">6H", 7, 0x8400, 0, 65535, 65535, 65535) + OWN * 50,
    ],
)
def test_an_answer_that_lies_gives_nothing_and_ends(lie: bytes) -> None:
    assert addresses_in(lie, 7) == ()


@pytest.mark.parametrize(
    ("url", "elsewhere", "here"),
    [
        (URL, True, True),
        ("http://tv.lan:8400", True, True),  # shown with a warning; it is not used without the viewer's own word
        ("http://127.0.0.1:8400", False, True),
        ("https://localhost", False, True),
        ("https://ada@films.example", False, False),
        ("file:///etc/passwd", False, False),
        ("https://", False, False),
        ("https://films.example:99999", False, False),
    ],
)
def test_an_address_on_this_machine_is_taken_from_this_machine_alone(url: str, elsewhere: bool, here: bool) -> None:
    assert (may_be_shown(url, from_here=False), may_be_shown(url, from_here=True)) == (elsewhere, here)


async def test_a_crowd_of_answers_is_heard_for_a_while_and_no_longer() -> None:
    """Somebody on the machine answers, many times and with other addresses each time."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as crowd:
        crowd.bind(("127.0.0.1", 0))
        crowd.setblocking(False)
        looking = asyncio.create_task(find_services(0.3, group="127.0.0.1", port=crowd.getsockname()[1]))
        asked, sender = await asyncio.get_running_loop().sock_recvfrom(crowd, 512)
        number = struct.unpack_from(">H", asked)[0]
        for n in range(200):
            crowd.sendto(txt(OWN, said(f"url=https://{n}.example"), number), sender)
        found = await looking
    assert found[0] == "https://0.example"
    assert len(found) == MOST_SERVICES


def test_services_are_heard_on_the_engine_s_kind_of_loop() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as service:
        service.bind(("127.0.0.1", 0))
        service.settimeout(20)

        def serve() -> None:
            asked, sender = service.recvfrom(512)
            service.sendto(txt(OWN, said(f"url={URL}"), struct.unpack_from(">H", asked)[0]), sender)

        async def look() -> tuple[str, ...]:
            serving = asyncio.get_running_loop().run_in_executor(None, serve)
            found = await find_services(1.0, group="127.0.0.1", port=service.getsockname()[1])
            await serving
            return found

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            assert runner.run(look()) == (URL,)
