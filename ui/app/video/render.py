"""libmpv's software render API (``mpv/render.h``, ``MPV_RENDER_API_TYPE_SW``), which python-mpv does not cover.

Only the five functions and six parameters that are needed, called through ctypes on the library python-mpv has
loaded. ctypes lets go of the GIL during each call.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Final

from player.base.errors import ComponentError, ErrorCode
from player.mpv import drawing
from ui.app.ports.playback import MpvCore

_PARAM_END: Final = 0
_PARAM_API_TYPE: Final = 1
_PARAM_BLOCK_FOR_TARGET_TIME: Final = 12
_PARAM_SW_SIZE: Final = 17
_PARAM_SW_FORMAT: Final = 18
_PARAM_SW_STRIDE: Final = 19
_PARAM_SW_POINTER: Final = 20
_UPDATE_FRAME: Final = 1

# mpv's threads may still be inside a callback while the process ends, so none is ever freed.
_callbacks_for_ever: list[object] = []


class _Param(ctypes.Structure):
    _fields_ = (("type", ctypes.c_int), ("data", ctypes.c_void_p))


_CreateFn = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
_SetCallbackFn = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
_UpdateFn = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_void_p)
_RenderFn = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
_FreeFn = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_WakeFn = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


def keep_for_ever(callback: object) -> None:
    """Hold a ctypes callback for the life of the process."""
    _callbacks_for_ever.append(callback)


class SoftwareRenderContext:
    """Draws the frames of one ``mpv.MPV`` into memory, as 32-bit BGR0 (``QImage.Format_RGB32``).

    ``on_update`` is called on a thread of mpv whenever a new frame may be there; it must only wake somebody up. All
    other methods belong to one thread.
    """

    def __init__(self, player: MpvCore, on_update: Callable[[], None]) -> None:
        import mpv

        library = mpv.backend
        self._update = _UpdateFn(("mpv_render_context_update", library))
        self._render = _RenderFn(("mpv_render_context_render", library))
        self._set_callback = _SetCallbackFn(("mpv_render_context_set_update_callback", library))
        self._free = _FreeFn(("mpv_render_context_free", library))
        self._player = player
        self._context: ctypes.c_void_p | None = ctypes.c_void_p()
        api = ctypes.c_char_p(b"sw")
        params = (_Param * 2)(_Param(_PARAM_API_TYPE, ctypes.cast(api, ctypes.c_void_p)), _Param(_PARAM_END, None))
        create = _CreateFn(("mpv_render_context_create", library))
        drawing.begins(player.handle)
        code = create(ctypes.byref(self._context), ctypes.cast(player.handle, ctypes.c_void_p), params)
        if code < 0:
            drawing.ends(player.handle)
            raise ComponentError(
                ErrorCode.COMPONENT_LIBMPV, "This libmpv cannot draw video in software.", mpv_error=code
            )
        wake = _WakeFn(lambda _data: on_update())
        keep_for_ever(wake)
        self._set_callback(self._context, ctypes.cast(wake, ctypes.c_void_p), None)
        self._size = (ctypes.c_int * 2)()
        self._stride = ctypes.c_size_t()
        self._format = ctypes.c_char_p(b"bgr0")
        self._do_not_block = ctypes.c_int(0)

    def has_new_frame(self) -> bool:
        """Must be called after each ``on_update``; True when :meth:`render` would draw something new."""
        return bool(self._update(self._context) & _UPDATE_FRAME)

    def render(self, address: int, width: int, height: int, stride: int) -> None:
        """Draw the current frame, letterboxed, into ``height`` lines of ``stride`` bytes at ``address``."""
        self._size[0], self._size[1] = width, height
        self._stride.value = stride
        params = (_Param * 6)(
            _Param(_PARAM_SW_SIZE, ctypes.cast(self._size, ctypes.c_void_p)),
            _Param(_PARAM_SW_FORMAT, ctypes.cast(self._format, ctypes.c_void_p)),
            _Param(_PARAM_SW_STRIDE, ctypes.cast(ctypes.byref(self._stride), ctypes.c_void_p)),
            _Param(_PARAM_SW_POINTER, address),
            _Param(_PARAM_BLOCK_FOR_TARGET_TIME, ctypes.cast(ctypes.byref(self._do_not_block), ctypes.c_void_p)),
            _Param(_PARAM_END, None),
        )
        self._render(self._context, params)

    def free(self) -> None:
        """Must happen before the ``mpv.MPV`` is terminated; harmless the second time."""
        if self._context is not None:
            self._set_callback(self._context, None, None)
            self._free(self._context)
            self._context = None
            drawing.ends(self._player.handle)
