"""Custom protocols for libmpv whose bytes come from Python (``mpv_stream_cb``, include/mpv/stream_cb.h).

python-mpv's own ``register_stream_protocol`` copies byte by byte under the interpreter's lock (17 MB/s); here whole
memory blocks are copied (hundreds of MB/s). The callbacks run on libmpv's demuxer thread and must not call libmpv.
"""

from __future__ import annotations

import ctypes
import itertools
import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from player.media.model import Interrupted
from player.mpv.readahead import ReadAhead

_log = logging.getLogger(__name__)

_MPV_ERROR_LOADING_FAILED = -13
_FAILED = -1
_LARGEST = (1 << 63) - 1  # int64_t, bytes

# libmpv may call into a closure until the process ends; a collected one crashes it, so none is ever freed.
_KEPT_FOR_EVER: list[object] = []


class ByteStream(Protocol):
    """One open stream. ``read`` and ``seek`` run on libmpv's demuxer thread and may block; ``cancel`` ends that."""

    @property
    def total(self) -> int | None:
        """Its length in bytes; None where that is not known, as of a file that is made while it is read."""
        ...

    def opened_on(self, thread: int) -> None:
        """Called on the thread (``threading.get_native_id``) on which libmpv opens the stream and probes its start.
        Later it reads on another one."""
        ...

    def read(self, length: int) -> Sequence[memoryview]:
        """At most ``length`` bytes in order; nothing means the end of the stream."""
        ...

    def seek(self, position: int) -> int:
        """The new position, or a negative number when it cannot be reached."""
        ...

    def cancel(self) -> None: ...

    def close(self) -> None: ...


class _Streams:
    """The open streams of one protocol, by the number that libmpv calls each with (its cookie). Nothing may be raised
    into C: what fails is logged."""

    def __init__(self, open_stream: Callable[[str], ByteStream], ahead: ReadAhead) -> None:
        self._open_stream = open_stream
        self._ahead = ahead
        self._by_cookie: dict[int, ByteStream] = {}
        self._cookies = itertools.count(1)

    def open(self, url: bytes) -> int | None:
        """The cookie of a new stream; None where it cannot be opened."""
        try:
            stream = self._open_stream(url.decode())
        except Interrupted:
            return None
        except Exception as error:  # noqa: BLE001  (nothing may cross into C)
            _report("opening", error)
            return None
        stream.opened_on(threading.get_native_id())
        cookie = next(self._cookies)
        self._by_cookie[cookie] = stream
        return cookie

    def read(self, cookie: int, buffer: Any, length: int) -> int:  # noqa: ANN401
        stream = self._by_cookie.get(cookie)
        if stream is None:
            return _FAILED
        self._ahead.wait()
        try:
            pieces = stream.read(length)
        except Exception as error:  # noqa: BLE001  (nothing may cross into C)
            _report("reading", error)
            return _FAILED
        target = memoryview((ctypes.c_char * length).from_address(ctypes.addressof(buffer.contents))).cast("B")
        filled = 0
        for piece in pieces:
            target[filled : filled + len(piece)] = piece
            filled += len(piece)
        return filled

    def seek(self, cookie: int, position: int) -> int:
        try:
            return self._by_cookie[cookie].seek(position)
        except Exception as error:  # noqa: BLE001  (nothing may cross into C)
            _report("seeking in", error)
            return _FAILED

    def size(self, cookie: int) -> int:
        stream = self._by_cookie.get(cookie)
        total = None if stream is None else stream.total
        return -1 if total is None or total > _LARGEST else total

    def cancel(self, cookie: int) -> None:
        stream = self._by_cookie.get(cookie)
        if stream is not None:
            stream.cancel()
            self._ahead.hurry()

    def close(self, cookie: int) -> None:
        stream = self._by_cookie.pop(cookie, None)
        if stream is not None:
            stream.close()


def _report(what: str, error: Exception) -> None:
    """Log that a stream failed, on one line: whoever owns it tells the viewer. Where it was is for who looks for a
    fault."""
    said = str(error) or type(error).__name__
    if isinstance(error, OSError):  # what it reads from does not deliver
        _log.info("%s the stream failed: %s", what, said)
    else:
        _log.error("%s the stream failed: %s: %s", what, type(error).__name__, said)
    _log.debug("%s the stream failed", what, exc_info=error)


def register_protocol(
    handle: Any,  # noqa: ANN401
    scheme: str,
    open_stream: Callable[[str], ByteStream],
    ahead: ReadAhead,
) -> None:
    """Let ``scheme://...`` URLs of the ``mpv.MPV`` object ``handle`` be opened by ``open_stream(url)``, and read when
    it is time for it.

    An exception in ``open_stream`` makes the load fail, one in ``read`` or ``seek`` is an I/O error for libmpv; both
    are logged here, since libmpv only learns that something failed.
    """
    import mpv  # loads libmpv; whoever calls this has done so already

    streams = _Streams(open_stream, ahead)
    read, seek, size = mpv.StreamReadFn(streams.read), mpv.StreamSeekFn(streams.seek), mpv.StreamSizeFn(streams.size)
    close, cancel = mpv.StreamCloseFn(streams.close), mpv.StreamCancelFn(streams.cancel)

    @mpv.StreamOpenFn  # type: ignore[untyped-decorator]
    def open_(_user_data: object, url: bytes, info: Any) -> int:  # noqa: ANN401
        cookie = streams.open(url)
        if cookie is None:
            return _MPV_ERROR_LOADING_FAILED
        callbacks = info.contents
        callbacks.cookie = cookie
        callbacks.read, callbacks.seek, callbacks.size = read, seek, size
        callbacks.close, callbacks.cancel = close, cancel
        return 0

    _KEPT_FOR_EVER.append((read, seek, size, close, cancel, open_))
    mpv._mpv_stream_cb_add_ro(handle.handle, scheme.encode(), ctypes.c_void_p(), open_)  # noqa: SLF001
