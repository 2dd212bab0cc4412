"""Memory that is used again: nothing of an earlier body shows in a later one."""

from __future__ import annotations

from downloads.buffers import BodyBuffer, Buffers
from drm_client.sealing import KEY_BYTES, OVERHEAD_BYTES, Sealer


def filled(buffer: BodyBuffer, *chunks: bytes, announced: int | None = None) -> bytes:
    buffer.begin(announced)
    for chunk in chunks:
        buffer.write(chunk)
    with buffer.view() as view:
        return bytes(view)


def test_a_buffer_holds_what_came_whatever_was_announced() -> None:
    assert filled(BodyBuffer(), b"abc", b"", b"defg", announced=7) == b"abcdefg"
    assert filled(BodyBuffer(), b"abc", b"defg") == b"abcdefg"
    assert filled(BodyBuffer(), b"abcdef", announced=2) == b"abcdef"
    assert filled(BodyBuffer(), announced=100) == b""


def test_memory_is_used_again_and_the_body_is_another() -> None:
    buffers = Buffers()
    first = buffers.take()
    assert filled(first, b"0123456789") == b"0123456789"
    buffers.give_back(first)
    again = buffers.take()
    assert again is first
    assert again.received == 0
    assert filled(again, b"abc", announced=3) == b"abc"
    assert buffers.take() is not again


def test_a_length_that_cannot_be_true_takes_no_memory() -> None:
    buffer = BodyBuffer()
    buffer.begin(1 << 60)
    assert buffer.capacity <= 64 << 20
    buffers = Buffers()
    buffers.give_back(buffer)
    assert buffers.take() is not buffer  # too large to be kept


def test_what_is_sealed_into_used_memory_opens_and_is_only_its_own() -> None:
    sealer, memory = Sealer(bytes(KEY_BYTES)), bytearray(b"\xff" * 500)
    for data in (bytes(100), b"", b"\x01" * 2000, b"short"):
        with sealer.seal_into(memoryview(data), "place", memory) as sealed:
            assert len(sealed) == len(data) + OVERHEAD_BYTES
            assert sealer.open(sealed, "place") == data
            assert sealer.open(bytes(sealed), "place") == data
