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

# libmpv may call into a closure until the process ends; a collected one crashes it, so none is ever freed.
_KEPT_FOR_EVER: list[object] = []


class ByteStream(Protocol):
    """One open stream. ``read`` and ``seek`` run on libmpv's demuxer thread and may block; ``cancel`` ends that."""

    def opened_on(self, thread: int) -> None:
        """Is told on which thread (``threading.get_native_id``) libmpv opens the stream and looks at its begin; for
        good it reads on another one."""
        ...

    def read(self, length: int) -> Sequence[memoryview]:
        """At most ``length`` bytes in order; nothing means the end of the stream."""
        ...

    def seek(self, position: int) -> int:
        """The new position, or a negative number when it cannot be reached."""
        ...

    def cancel(self) -> None: ...

    def close(self) -> None: ...


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

    streams: dict[int, ByteStream] = {}
    cookies = itertools.count(1)

    @mpv.StreamReadFn  # type: ignore[untyped-decorator]
    def read(cookie: int, buffer: Any, length: int) -> int:  # noqa: ANN401
        stream = streams.get(cookie)
        if stream is None:
            return -1
        ahead.wait()
        try:
            pieces = stream.read(length)
        except Exception:  # noqa: BLE001  (nothing may cross into C)
            _log.exception("reading the stream failed")
            return -1
        target = memoryview((ctypes.c_char * length).from_address(ctypes.addressof(buffer.contents))).cast("B")
        filled = 0
        for piece in pieces:
            target[filled : filled + len(piece)] = piece
            filled += len(piece)
        return filled

    @mpv.StreamSeekFn  # type: ignore[untyped-decorator]
    def seek(cookie: int, position: int) -> int:
        try:
            return streams[cookie].seek(position)
        except Exception:  # noqa: BLE001  (nothing may cross into C)
            _log.exception("seeking in the stream failed")
            return -1

    @mpv.StreamSizeFn  # type: ignore[untyped-decorator]
    def size(_cookie: int) -> int:
        return -1  # unknown: the file is made while it is read

    @mpv.StreamCloseFn  # type: ignore[untyped-decorator]
    def close(cookie: int) -> None:
        stream = streams.pop(cookie, None)
        if stream is not None:
            stream.close()

    @mpv.StreamCancelFn  # type: ignore[untyped-decorator]
    def cancel(cookie: int) -> None:
        stream = streams.get(cookie)
        if stream is not None:
            stream.cancel()
            ahead.hurry()

    @mpv.StreamOpenFn  # type: ignore[untyped-decorator]
    def open_(_user_data: object, url: bytes, info: Any) -> int:  # noqa: ANN401
        try:
            stream = open_stream(url.decode())
        except Interrupted:
            return _MPV_ERROR_LOADING_FAILED
        except Exception:  # noqa: BLE001  (nothing may cross into C)
            _log.exception("opening the stream failed")
            return _MPV_ERROR_LOADING_FAILED
        stream.opened_on(threading.get_native_id())
        cookie = next(cookies)
        streams[cookie] = stream
        callbacks = info.contents
        callbacks.cookie = cookie
        callbacks.read, callbacks.seek, callbacks.size = read, seek, size
        callbacks.close, callbacks.cancel = close, cancel
        return 0

    _KEPT_FOR_EVER.append((read, seek, size, close, cancel, open_, streams))
    mpv._mpv_stream_cb_add_ro(handle.handle, scheme.encode(), ctypes.c_void_p(), open_)  # noqa: SLF001
