"""Whose functions in this process libmpv could be made to call by mistake.

A library that is loaded with RTLD_GLOBAL gives its functions to all that are loaded after it. libmpv calls Lua and
FFmpeg by plain names, and libraries that it uses call SQLite so. With another Lua in the global space those calls
lead there. The process then dies in a thread of libmpv's, minutes later.
"""

from __future__ import annotations

import ctypes

# A few of each family: a library exports all of its family or none.
_NAMES = (
    *("lua_pcall", "lua_pcallk", "lua_newstate", "lua_close", "luaL_newstate", "luaL_openlibs", "luaL_ref"),
    *("av_malloc", "av_free", "av_frame_alloc", "av_packet_alloc", "av_dict_set", "av_log", "av_seek_frame"),
    *("avcodec_open2", "avcodec_version", "avformat_open_input", "avformat_version", "avfilter_version"),
    *("sws_scale", "swr_init", "avutil_version"),
    *("sqlite3_open_v2", "sqlite3_prepare_v2", "sqlite3_libversion", "sqlite3_initialize"),
)


def foreign_symbols() -> list[str]:
    """Functions of Lua, FFmpeg or SQLite that any library in this process finds under their plain names."""
    everything = ctypes.CDLL(None)
    return [name for name in _NAMES if hasattr(everything, name)]
