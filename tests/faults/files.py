"""Faults of playing the viewer's own files."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from player.base.clock import Clock
from player.mpv import streams
from player.mpv.player import MpvPlayer
from player.net import local
from player.playback import embedded_lines, file_growth, file_phases, file_progress, own_subtitles, session, steps
from player.playback.embedded_lines import EmbeddedLines
from player.playback.file_growth import FileGrowth
from player.playback.file_phases import PlayingFile
from player.playback.file_progress import FileProgress
from player.playback.file_tracks import FileTracks
from player.playback.monitor import Monitor
from player.playback.own_subtitles import OwnSubtitles
from player.playback.parts import PlaybackParts
from player.playback.progress import PlaybackProgress
from player.playback.stalls import KnownCause
from player.playback.track_switching import TrackSwitch
from player.resume.files import FileMemory, OpenedFile
from player.stream import remote_file
from player.text import charsets, subtitle_files
from player.text.subtitle_files import SubtitleLine
from player.thumbnails import films
from player.thumbnails.films import WorkerDrawer
from player.title import media_file
from player.title.media_file import Inspected, MediaFile
from player.tracks.preference_store import PreferenceLearner
from tests.faults.model import Fault
from tests.faults.viewer import replaced
from tests.ui.app import test_crash_reports
from ui.app.ports.playback import SessionPort
from ui.app.system import links
from ui.app.video.output import VideoOutput
from ui.app.viewmodels import keys, tools, trouble, trouble_page
from ui.app.viewmodels import player as player_page
from ui.app.viewmodels.application import ApplicationViewModel
from ui.app.viewmodels.files import FilesViewModel
from ui.app.viewmodels.menus import Option, OptionModel
from ui.app.viewmodels.player import PlayerViewModel
from ui.app.viewmodels.relay import StateRelay
from ui.app.viewmodels.seeking import SeekRange, stretch_of
from ui.app.viewmodels.text import clock_time
from ui.app.viewmodels.tools import ToolsViewModel
from ui.app.viewmodels.trouble import trouble_of
from ui.app.viewmodels.wanted import Wanted
from ui.cli import app as cli_app
from ui.cli import main as cli_main
from ui.cli import play


def _refreshed_without_the_line(refresh: Callable[[ToolsViewModel], None]) -> Callable[[ToolsViewModel], None]:
    def refreshed(self: ToolsViewModel) -> None:
        self._left = ""
        refresh(self)

    return refreshed


def _begun_as_asked(
    begin: Callable[[PlayerViewModel, SessionPort, StateRelay], None],
) -> Callable[[PlayerViewModel, SessionPort, StateRelay], None]:
    def begun(self: PlayerViewModel, session: SessionPort, relay: StateRelay) -> None:
        self._asleep = False
        begin(self, session, relay)

    return begun


def _pause_unknown(patch: pytest.MonkeyPatch) -> None:
    def begin(parts: steps.PlaybackParts, control: steps.MpvControl) -> None:
        parts.controls.attach(control)

    patch.setattr(session, "begin", begin)


async def _set_and_wait(self: FileTracks, name: str, number: int | None) -> None:
    await self._control.run(self._control.player.set, name, "no" if number is None else number)


def _each_frame_is_an_arrival(self: Monitor, name: str, data: Mapping[str, object]) -> None:
    if name == "playback-restart":
        _hear(self, "seek", data)
    _hear(self, name, data)


_hear = Monitor.handle_player_event


async def _read_later(_self: FileTracks) -> None:
    """Subtitles that were chosen just before a pause waited until playback went on."""


def _named_as_film_first(self: FileTracks, spoken: str | None, failed: Collection[str]) -> str | None:
    return next(iter(self._own.named_as_film()), None) or _preferred(self, spoken, failed)


_preferred = FileTracks._preferred


async def _left_to_libmpv(_self: FileProgress) -> None:
    """It waits until the file has grown."""


async def _not_longer(_self: PlayingFile) -> bool:
    return False


async def _not_loaded(_self: PlayingFile, _at_s: float) -> None:
    """What libmpv has is all that there is."""


async def _as_libmpv_chooses(_self: FileTracks, _audio: object, _text: object, _second: object) -> None:
    """Whatever it takes by itself."""


def _known_by_name(
    init: Callable[[FileGrowth, Path | None, Inspected, Clock], None],
) -> Callable[[FileGrowth, Path | None, Inspected, Clock], None]:
    def known(self: FileGrowth, path: Path | None, opened: Inspected, clock: Clock) -> None:
        init(self, path, replace(opened, start=""), clock)

    return known


def _audio_asked_for(self: PlayerViewModel, key: str) -> None:
    self._tell(lambda session: session.select_audio(key))


def _unmarked(lines: Callable[[ToolsViewModel], list[Option]]) -> Callable[[ToolsViewModel], list[Option]]:
    return lambda self: [replace(line, chosen=False) for line in lines(self)]


async def _second_unknown(self: FileTracks, track_id: str | None, number: int | None) -> None:
    if track_id is not None:
        await self._set("secondary-sid", number)
        self._parts.monitor.update(second_text=track_id)


async def _stepped_at_once(self: session.Session, command: str) -> None:
    self._parts.controls.paused = True
    await self._phase.command(command)


async def _not_reported(_parts: PlaybackParts, _path: Path) -> None:
    """It goes on loading."""


async def _as_if_shown(_self: FileTracks, _key: str) -> bool:
    return True


async def _shown_or_failed(_self: FileTracks, shown: Awaitable[bool]) -> bool:
    return await shown


def _no_series(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PreferenceLearner, "watch", lambda _self, _series: None)


def _believed(row: bytes) -> SubtitleLine:
    return SubtitleLine(*json.loads(row))


async def _left_running(self: EmbeddedLines) -> None:
    """Whoever reads goes on."""


async def _nothing_shown(_self: PlayingFile) -> None:
    """Subtitle files that came with a film are left out."""


async def _ended_once(process: asyncio.subprocess.Process) -> None:
    process.kill()
    await process.communicate()


async def _ended_while_read(self: WorkerDrawer) -> None:
    await self._end()


async def _into_what_is_there(self: session.Session, path: Path) -> bool:
    return await self._phase.command("screenshot-to-file", str(path), "subtitles")


def _text_alone(self: MpvPlayer, *words: str) -> tuple[bool, object]:
    try:
        return True, self.handle.command(*words)
    except (SystemError, ValueError, RuntimeError, OSError):
        return False, None


_show_found = ToolsViewModel._show_found


def _found_in_any(self: ToolsViewModel, _session: object, query: str, lines: Sequence[SubtitleLine]) -> None:
    if self._session is not None:
        _show_found(self, self._session, query, lines)


def _remembered_at_once(parts: PlaybackParts, media: MediaFile, found: Inspected, memory: FileMemory) -> None:
    memory.keep_soon(found.identity, place=str(media.path), name=media.stem, opened_at=parts.clock.wall())


async def _made_on_the_loop(_self: local._ApartFile, call: Callable[..., object], *values: object) -> object:
    return call(*values)


def _by_content(memory: FileMemory, identity: str) -> OpenedFile | None:
    return memory._read().get(identity)


def _all_ever_opened(memory: FileMemory, most: int = 40) -> tuple[OpenedFile, ...]:
    return tuple(sorted(memory._read().values(), key=lambda file: -file.opened_at)[:most])


def _loop_and_play_on(self: ToolsViewModel, session: SessionPort, now_s: float) -> None:
    self._loop = (now_s, None) if self._loop[0] is None else (self._loop[0], now_s)
    session.set_loop(*self._loop)


def _lines_without_delay(self: ToolsViewModel) -> list[Option]:
    return [Option(str(line.start_s), line.text) for line in self._found]


def _asleep_for_ever(self: PlayerViewModel) -> None:
    self._asleep = True
    self.pause()


_set_in_libmpv = MpvPlayer.set


def _style_of_all(self: MpvPlayer, name: str, value: object) -> None:
    _set_in_libmpv(self, name, value.replace("Matinee.", "") if isinstance(value, str) else value)


def _style_of_ours(self: MpvPlayer, name: str, value: object) -> None:
    if name not in ("sub-font-size", "sub-color"):
        _set_in_libmpv(self, name, value)


_QUICK = "tests/ui/app/test_quick_keys.py::"
_TOOLS = "tests/e2e/test_tools.py::"
_OWN = "tests/e2e/test_own_subtitles.py::"
_SHARES = "tests/e2e/test_hanging_share.py::"
_MEMORY = "tests/player/resume/test_files.py::"
_PROCESS = "tests/player/media/test_worker_process.py::"
_GROWING = "tests/e2e/test_recordings_that_grow.py::"
_FILES = "tests/ui/app/test_files.py::"
_LOOK = "tests/ui/app/test_subtitle_look.py::"
_PLAYER = "tests/ui/app/test_player_page.py::"


_MAPPED = """
import mmap
from ui.app.system.crash_reports import _LastLines
made = _LastLines.__init__
def make(self, path):
    made(self, path)
    os.truncate(path, 110000)
    with path.open("r+b") as file:
        self.mapped = mmap.mmap(file.fileno(), 110000)
def emit(self, _record):
    self.mapped[0:1] = b"x"
_LastLines.__init__, _LastLines.emit = make, emit
def deep_down():"""


def _mapped_lines(patch: pytest.MonkeyPatch) -> None:
    program = test_crash_reports.PROGRAM.replace("\ndef deep_down():", _MAPPED)
    patch.setattr(test_crash_reports, "PROGRAM", program)


def _marked_late(self: ToolsViewModel) -> bool:
    if self._session is not None:
        self._bookmark_at(self._session, round(self._state.position_s, 1))
    return False


async def _not_read(_self: PlaybackProgress) -> None:
    """What libmpv has told by itself is taken for where it is."""


async def _ended_though_a_read_failed(self: PlayingFile) -> None:
    self.parts.ending.failure = None
    await _look_for_end(self)


_look_for_end = PlayingFile.look_for_end


def second_subtitles_go_with_a_reload(patch: pytest.MonkeyPatch) -> None:
    shown = TrackSwitch.restore_text

    async def only_the_first(self: TrackSwitch) -> None:
        self._monitor.update(second_text="")
        await shown(self)

    patch.setattr(TrackSwitch, "restore_text", only_the_first)


FAULTS = [
    Fault(
        "files-second-subtitles-go-with-a-reload",
        "tests/player/playback/test_track_switching.py::test_second_subtitles_are_there_again_after_a_reload",
        second_subtitles_go_with_a_reload,
    ),
    Fault(
        name="files-what-is-not-there-now-is-never-tried-again",
        test="tests/ui/app/test_trouble.py::test_a_file_may_be_there_again",
        apply=lambda patch: patch.setattr(
            trouble, "_media", lambda: {"input": trouble.PlaybackTrouble("link", "x", "y", again=False)}
        ),
    ),
    Fault(
        name="files-a-read-that-failed-is-the-end-of-the-film",
        test=_TOOLS + "test_a_file_of_the_web_that_cannot_be_read_further_is_no_film_seen_to_its_end",
        apply=lambda patch: patch.setattr(PlayingFile, "look_for_end", _ended_though_a_read_failed),
    ),
    Fault(
        name="files-a-bookmark-is-set-too-early",
        test=_FILES + "test_a_bookmark_is_set_where_it_is_asked_for",
        apply=lambda patch: patch.setitem(tools._DEEDS, "bookmark", _marked_late),
    ),
    Fault(
        name="files-a-full-disk-takes-the-app-down",
        test="tests/ui/app/test_crash_reports.py::test_a_full_disk_is_no_crash[cut]",
        apply=_mapped_lines,
    ),
    Fault(
        name="files-a-film-that-breaks-off-was-seen-to-its-end",
        test=_TOOLS + "test_a_file_that_breaks_off_while_it_plays_is_no_film_seen_to_its_end[cut]",
        apply=lambda patch: patch.setattr(file_phases, "_is_shorter", lambda _path, _size: False),
    ),
    Fault(
        name="files-music-is-shown-by-the-last-picture-of-a-film",
        test=_FILES + "test_music_without_a_cover_is_shown_by_its_name",
        apply=replaced(
            "Matinee/Pages/PlayerPage.qml", ("visible: root.player.soundOnly && !", "visible: false && !")
        ),
    ),
    Fault(
        name="files-utf-16-needs-a-mark",
        test="tests/player/text/test_subtitle_files.py::test_utf_16_needs_no_mark",
        apply=lambda patch: patch.setattr(charsets, "_wide", lambda _data: ""),
    ),
    Fault(
        name="files-the-language-of-the-name-tells-no-encoding",
        test="tests/player/text/test_subtitle_files.py::test_the_language_of_the_name_tells_the_encoding",
        apply=lambda patch: patch.setattr(charsets, "_BY_LANGUAGE", {}),
    ),
    Fault(
        name="files-a-part-ends-before-it-is-repeated",
        test=_FILES + "test_a_part_is_repeated_from_where_its_end_was_set",
        apply=lambda patch: patch.setattr(ToolsViewModel, "_loop_at", _loop_and_play_on),
    ),
    Fault(
        name="files-the-line-that-is-chosen-is-far-away",
        test=_FILES + "test_the_line_that_is_nearest_is_the_chosen_one",
        apply=lambda patch: patch.setattr(tools, "_distance_s", lambda _line, _at_s: 0.0),
    ),
    Fault(
        name="files-a-delayed-line-is-sought-where-it-is-not-shown",
        test=_FILES + "test_a_line_is_gone_to_where_it_is_shown",
        apply=lambda patch: patch.setitem(tools._LINES, "found", _lines_without_delay),
    ),
    Fault(
        name="files-the-sign-in-is-shown-to-who-opens-a-file",
        test=_FILES + "test_the_player_is_there_before_the_film_is",
        apply=lambda patch: patch.setattr(
            ApplicationViewModel, "_expect", lambda self, files: self.own_files.open(files)
        ),
    ),
    Fault(
        name="files-what-was-left-plays-later",
        test=_FILES + "test_what_is_left_before_it_was_opened_does_not_play",
        apply=lambda patch: patch.setattr(FilesViewModel, "_give_up", lambda _self: None),
    ),
    Fault(
        name="files-a-player-waits-for-nothing",
        test=_FILES + "test_where_nothing_can_be_opened_the_first_page_says_why",
        apply=lambda patch: patch.setattr(FilesViewModel, "_refuse", FilesViewModel._tell),
    ),
    Fault(
        name="files-a-film-begins-paused-after-a-night",
        test=_FILES + "test_what_is_opened_after_a_night_plays",
        apply=lambda patch: patch.setattr(PlayerViewModel, "_sleep", _asleep_for_ever),
    ),
    Fault(
        name="files-an-open-menu-does-nothing-in-the-next-file",
        test=_FILES + "test_a_menu_that_is_open_counts_for_the_next_file",
        apply=lambda patch: patch.setattr(tools, "_OF_ONE_TITLE", frozenset(tools._LEVELS)),
    ),
    Fault(
        name="files-bookmarks-of-another-file-are-shown",
        test=_FILES + "test_the_bookmarks_of_one_file_are_not_shown_over_the_next",
        apply=replaced("Matinee/Pages/PlayerPage.qml", ("if (menu.visible && menu.isTools)", "if (false)")),
    ),
    Fault(
        name="files-hdr-is-never-as-in-the-settings-again",
        test=_FILES + "test_hdr_is_shown_as_in_the_settings_again",
        apply=lambda patch: patch.setitem(
            tools._DEEDS,
            "tone_mapping",
            lambda self: self._next_of("tone_mapping", tools._TONES, lambda tone: tone or "as in the settings"),
        ),
    ),
    Fault(
        name="files-a-ring-is-cut",
        test="tests/ui/app/test_keys.py::test_the_ring_of_no_line_is_cut[desk]",
        apply=replaced("Matinee/Controls/Pressable.qml", ("ListView.view !== null && ListView.view.clip", "false")),
    ),
    Fault(
        name="files-columns-of-ass-in-another-order",
        test="tests/player/text/test_subtitle_files.py::test_columns_of_ass_may_stand_in_any_order",
        apply=lambda patch: patch.setattr(subtitle_files, "in_usual_order", lambda text: text),
    ),
    Fault(
        name="files-the-player-takes-the-focus-from-what-lies-over-it",
        test=_PLAYER + "test_the_overlay_that_goes_takes_no_focus_from_what_lies_over_the_page[files]",
        apply=replaced(
            "Matinee/Pages/PlayerPage.qml", ("if (enabled && !covered && !entry", "if (!covered && !entry")
        ),
    ),
    Fault(
        name="files-what-cannot-be-opened-is-not-told",
        test=_FILES + "test_what_cannot_be_opened_is_told_on_every_page[empty]",
        apply=lambda patch: patch.setattr(FilesViewModel, "_tell", lambda _self, _failure: None),
    ),
    Fault(
        name="files-what-cannot-be-opened-ends-the-queue",
        test=_FILES + "test_what_of_a_queue_cannot_be_opened_is_passed_over",
        apply=lambda patch: patch.setattr(FilesViewModel, "_cannot_play", FilesViewModel._tell),
    ),
    Fault(
        name="files-several-addresses-are-folders",
        test=_FILES + "test_several_addresses_are_dropped",
        apply=lambda patch: patch.setattr(links, "is_web_address", lambda _text: False),
    ),
    Fault(
        name="files-one-that-is-not-there-is-told-without-a-window",
        test="tests/ui/cli/test_main.py::test_a_file_that_is_not_there_is_no_unknown_command[film.mkv]",
        apply=lambda patch: patch.setattr(cli_main, "_is_place", lambda _word: False),
    ),
    Fault(
        name="files-an-authors-style-is-lost",
        test=_LOOK + "test_an_authors_colour_and_size_are_kept[inside-360]",
        apply=lambda patch: patch.setattr(MpvPlayer, "set", _style_of_all),
    ),
    Fault(
        name="files-plain-subtitles-in-a-film-are-libmpvs",
        test=_LOOK + "test_words_without_a_style_have_the_viewers[srt-inside-outline]",
        apply=lambda patch: patch.setattr(MpvPlayer, "set", _style_of_ours),
    ),
    Fault(
        name="files-a-still-picture-is-a-film",
        test="tests/e2e/test_bad_input.py::test_what_is_no_manifest[picture.png-play]",
        apply=lambda patch: patch.setattr(media_file, "_OTHER_FILES", ()),
    ),
    Fault(
        name="files-another-track-waits-while-paused",
        test=_TOOLS + "test_another_track_is_there_at_once_while_paused",
        apply=lambda patch: patch.setattr(FileTracks, "_set", _set_and_wait),
    ),
    Fault(
        name="files-chosen-tracks-are-forgotten",
        test=_TOOLS + "test_bookmarks_and_the_place_are_found_again_under_another_name",
        apply=lambda patch: patch.setattr(PlayingFile, "_remember", lambda _self, **_chosen: None),
    ),
    Fault(
        name="files-next-episode-in-another-language",
        test=_TOOLS + "test_the_next_episode_is_heard_and_read_as_the_one_before",
        apply=_no_series,
    ),
    Fault(
        name="files-addresses-without-a-name-share-their-place",
        test=_FILES + "test_addresses_without_a_name_are_told_apart",
        apply=lambda patch: patch.setattr(media_file, "is_media_name", lambda _name: True),
    ),
    Fault(
        name="files-a-film-at-an-address-without-a-name-is-no-manifest",
        test="tests/e2e/test_files.py::test_an_address_without_a_name_is_what_it_leads_to[h264.mp4]",
        apply=lambda patch: patch.setattr(file_phases, "may_be_media", lambda _url: False),
    ),
    Fault(
        name="files-keys-are-shown-nowhere",
        test="tests/ui/app/test_keys.py::test_all_keys_are_shown_on_every_page_as_they_are_now[f1]",
        apply=replaced("Main.qml", ("sequences: window.app.keys.helpKeys", 'sequences: ["F9"]')),
    ),
    Fault(
        name="files-lines-of-a-film-are-trusted",
        test="tests/player/media/test_workers.py::test_what_the_process_answers_is_not_trusted[lies]",
        apply=lambda patch: patch.setattr(embedded_lines, "_line", _believed),
    ),
    Fault(
        name="files-the-process-of-lines-outlives-the-playback",
        test="tests/player/media/test_workers.py::test_no_process_outlives_the_playback",
        apply=lambda patch: patch.setattr(EmbeddedLines, "close", _left_running),
    ),
    Fault(
        name="files-a-name-that-text-does-not-carry-is-lost",
        test=_FILES + "test_the_text_of_a_place_leads_back_to_it[lines]",
        apply=lambda patch: patch.setattr(links, "place_text", str),
    ),
    Fault(
        name="files-a-name-that-is-no-text-is-never-opened",
        test="tests/e2e/test_hostile_files.py::test_a_name_that_is_no_text_is_opened_and_shown_as_text",
        apply=lambda patch: patch.setattr(MpvPlayer, "_run", _text_alone),
    ),
    Fault(
        name="files-no-frame-is-saved-without-a-folder",
        test=_TOOLS + "test_a_frame_is_saved",
        apply=lambda patch: patch.setattr(session.Session, "_screenshot", _into_what_is_there),
    ),
    Fault(
        name="files-a-process-is-left-where-its-end-is-cancelled",
        test=_PROCESS + "test_no_process_is_left_where_drawing_is_cancelled_twice",
        apply=lambda patch: patch.setattr(films, "end_worker", _ended_once),
    ),
    Fault(
        name="files-a-process-of-lines-is-left-where-its-end-is-cancelled",
        test=_PROCESS + "test_no_process_is_left_where_reading_lines_is_cancelled_twice",
        apply=lambda patch: patch.setattr(embedded_lines, "end_worker", _ended_once),
    ),
    Fault(
        name="files-a-drawer-cannot-be-closed-while-it-draws",
        test=_PROCESS + "test_a_drawer_is_closed_while_it_draws",
        apply=lambda patch: patch.setattr(WorkerDrawer, "close", _ended_while_read),
    ),
    Fault(
        name="files-half-a-frame-is-saved",
        test=_TOOLS + "test_half_a_frame_is_no_saved_frame",
        apply=lambda patch: patch.setattr(session, "_PNG_END", b""),
    ),
    Fault(
        name="files-a-file-that-cannot-be-played-ends-the-queue",
        test=_FILES + "test_a_file_of_the_queue_that_cannot_be_played_is_passed_over",
        apply=lambda patch: patch.setattr(FilesViewModel, "pass_over", lambda _self: None),
    ),
    Fault(
        name="files-a-bookmark-is-never-removed",
        test=_FILES + "test_a_bookmark_is_removed_by_six_keys",
        apply=replaced(
            "Matinee/Pages/PlayerPage.qml", ("offers: isTools && root.player.tools.offers", "offers: false")
        ),
    ),
    Fault(
        name="files-keys-of-a-file-take-fixed-ones",
        test="tests/ui/app/test_keys.py::test_a_key_of_a_file_has_one_action_and_takes_no_fixed_one",
        apply=lambda patch: patch.setattr(keys, "adopted", lambda _defaults, _fixed, wanted: dict(wanted)),
    ),
    Fault(
        name="files-letters-lead-to-no-file",
        test=_FILES + "test_a_long_folder_is_crossed_by_pages_and_by_letters",
        apply=replaced("Matinee/Pages/BrowsePanel.qml", ("named: true", "named: false")),
    ),
    Fault(
        name="files-the-desktop-knows-no-queue",
        test="tests/ui/app/test_desktop.py::test_the_desktop_leads_through_the_queue",
        apply=lambda patch: patch.setattr(FilesViewModel, "leads", lambda _self, _direction: False),
    ),
    Fault(
        name="files-a-folder-that-is-read-again-moves-the-focus",
        test=_FILES + "test_a_folder_that_is_read_again_leaves_the_focus_where_it_is",
        apply=replaced(
            "Matinee/Pages/BrowsePanel.qml",
            ("function onChanged() { menu.fit() }", "function onChanged() { menu.fit(); menu.open() }"),
        ),
    ),
    Fault(
        name="files-lines-of-a-menu-have-no-identity",
        test=_FILES + "test_a_folder_that_is_read_again_leaves_the_focus_where_it_is",
        apply=lambda patch: patch.setattr(OptionModel, "identity", ""),
    ),
    Fault(
        name="files-next-file-in-a-paused-player-moves",
        test="tests/e2e/test_film_pictures.py::test_a_film_has_pictures_for_scrubbing_and_music_has_none",
        apply=_pause_unknown,
    ),
    Fault(
        name="files-controls-that-go-take-the-focus-of-what-is-typed",
        test=_PLAYER + "test_what_is_typed_keeps_the_focus_when_the_controls_go",
        apply=replaced(
            "Matinee/Pages/PlayerPage.qml", ("if (enabled && !covered && !entry.visible)", "if (enabled && !covered)")
        ),
    ),
    Fault(
        name="files-a-failure-lies-behind-what-is-typed",
        test=_PLAYER + "test_a_failure_closes_what_is_typed",
        apply=replaced(
            "Matinee/Pages/PlayerPage.qml",
            ("if (entry.visible)\n            entry.close()\n        if (!activeFocus)", "if (!activeFocus)"),
        ),
    ),
    Fault(
        name="files-what-is-typed-stays-over-the-next-film",
        test=_FILES + "test_what_is_typed_in_one_file_is_not_meant_for_the_next[time]",
        apply=replaced(
            "Matinee/Pages/PlayerPage.qml",
            (
                "function onOpened() {\n            if (entry.visible)",
                "function onOpened() {\n            if (false)",
            ),
        ),
    ),
    Fault(
        name="files-a-long-menu-does-not-show-where-it-is",
        test=_FILES + "test_a_menu_longer_than_its_room_shows_where_it_is[tv]",
        apply=replaced("Matinee/Controls/ScrollMark.qml", ("y: view.y + Math", "y: view.y + 0 * Math")),
    ),
    Fault(
        name="files-keys-cannot-be-loaded-in-mirrored-rows",
        test="tests/ui/app/test_mirrored.py::test_everything_is_reached_by_arrows[settings, keys-False]",
        apply=replaced(
            "Matinee/Controls/FocusRow.qml",
            ("onLeftPressed: move(LayoutMirroring.enabled ? 1 : -1)", "onLeftPressed: move(-1)"),
        ),
    ),
    Fault(
        name="files-the-sleep-timer-is-lost-between-two-files",
        test=_FILES + "test_the_sleep_timer_that_runs_out_between_two_files_pauses_the_next",
        apply=lambda patch: patch.setattr(PlayerViewModel, "_sleep", lambda self: self.pause()),
    ),
    Fault(
        name="files-subtitles-are-films-of-the-queue",
        test=_FILES + "test_subtitles_that_are_dropped_with_films_are_no_films",
        apply=lambda patch: patch.setattr(subtitle_files, "is_subtitle_name", lambda _name: False),
    ),
    Fault(
        name="files-lines-of-one-film-are-found-in-the-next",
        test=_FILES + "test_lines_that_are_found_too_late_are_not_shown_over_the_next_film",
        apply=lambda patch: patch.setattr(ToolsViewModel, "_show_found", _found_in_any),
    ),
    Fault(
        name="files-a-frame-of-a-long-title-is-not-saved",
        test=_FILES + "test_a_frame_is_saved_whatever_the_film_is_called[long]",
        apply=lambda patch: patch.setattr(tools, "_LONGEST_NAME", 400),
    ),
    Fault(
        name="files-two-files-of-a-server-are-mixed",
        test="tests/player/stream/test_remote_file.py::test_another_file_in_its_place_is_not_mixed_with_it[tag]",
        apply=lambda patch: patch.setattr(remote_file.Marks, "are_others", lambda _self, _later: False),
    ),
    Fault(
        name="files-a-time-is-counted-from-another-start",
        test=_FILES + "test_times_are_said_since_the_start_of_the_film",
        apply=lambda patch: patch.setattr(ToolsViewModel, "_clock", lambda _self, time_s: clock_time(time_s)),
    ),
    Fault(
        name="files-a-time-beyond-the-end-is-sought",
        test=_FILES + "test_a_time_is_one_of_the_film[0.0-999999-600.0]",
        apply=lambda patch: patch.setattr(SeekRange, "__bool__", lambda _self: False),
    ),
    Fault(
        name="files-a-pipe-is-no-file-here",
        test="tests/ui/cli/test_main.py::test_a_pipe_is_no_file_and_nobody_waits_for_it[pipe-play]",
        apply=lambda patch: patch.setattr(play, "no_file", "There is no file {}.".format),
    ),
    Fault(
        name="files-what-never-played-was-opened-last",
        test=_TOOLS + "test_a_file_that_never_played_is_none_of_those_opened_last[head alone]",
        apply=lambda patch: patch.setattr(file_phases, "_remember", _remembered_at_once),
    ),
    Fault(
        name="files-a-pipe-is-read-as-subtitles",
        test="tests/player/text/test_subtitle_files.py::test_a_pipe_is_no_subtitle_file_and_nobody_waits_for_it",
        apply=lambda patch: patch.setattr(
            subtitle_files, "open_regular", lambda path, flags: os.open(path, flags | os.O_NONBLOCK)
        ),
    ),
    Fault(
        name="files-subtitles-chosen-with-a-film-are-lost",
        test="tests/e2e/test_tools.py::test_files_that_were_chosen_with_a_film_are_shown_with_it",
        apply=lambda patch: patch.setattr(PlayingFile, "show_chosen_subtitles", _nothing_shown),
    ),
    Fault(
        name="files-two-asked-for-at-once-begin-on-top-of-each-other",
        test="tests/ui/app/test_client.py::"
        "test_a_title_begins_when_the_one_before_has_ended_however_fast_they_are_asked_for",
        apply=lambda patch: patch.setattr(asyncio, "Lock", contextlib.nullcontext),
    ),
    Fault(
        name="files-a-libmpv-that-hangs-is-used-again",
        test=_SHARES + "test_another_film_plays_while_a_read_hangs",
        apply=lambda patch: patch.setattr(MpvPlayer, "stop", lambda self: self.command("stop")),
    ),
    Fault(
        name="files-reads-that-hang-take-all-threads",
        test=_SHARES + "test_many_that_hang_while_they_are_opened_are_in_nobodys_way",
        apply=lambda patch: patch.setattr(file_phases, "apart", asyncio.to_thread),
    ),
    Fault(
        name="files-a-share-that-hangs-under-a-manifest-holds-up-all",
        test=_SHARES + "test_another_film_plays_while_files_of_a_manifest_hang",
        apply=lambda patch: patch.setattr(local._ApartFile, "_run", _made_on_the_loop),
    ),
    Fault(
        name="files-a-lost-libmpv-stays-the-player",
        test="tests/ui/app/test_video.py::test_another_player_takes_the_place_of_one_that_is_lost",
        apply=lambda patch: patch.setattr(VideoOutput, "_replace_lost", lambda _self: None),
    ),
    Fault(
        name="files-hdr-is-offered-where-nothing-comes-of-it",
        test=_FILES + "test_hdr_has_one_way_where_the_processor_draws",
        apply=lambda patch: patch.setattr(ToolsViewModel, "_tone_words", lambda self: self._tone),
    ),
    Fault(
        name="files-a-cut-film-ends-as-a-whole-one",
        test="tests/e2e/test_files.py::test_a_film_that_is_cut_says_so_and_is_not_seen[mp4]",
        apply=lambda patch: patch.setattr(PlayingFile, "_breaks_off", lambda _self: False),
    ),
    Fault(
        name="files-a-film-without-a-length-has-no-bar",
        test=_FILES + "test_a_film_of_unknown_length_has_a_bar_of_what_is_known",
        apply=lambda patch: patch.setattr(player_page, "stretch_of", lambda state, _known_s: stretch_of(state)),
    ),
    Fault(
        name="files-tools-begin-at-their-first-line",
        test=_FILES + "test_the_way_back_through_the_tools_leads_to_the_line_that_one_came_by",
        apply=lambda patch: patch.setattr(
            ToolsViewModel, "_refresh", _refreshed_without_the_line(ToolsViewModel._refresh)
        ),
    ),
    Fault(
        name="files-a-pause-while-a-film-loads-is-lost",
        test=_FILES + "test_a_film_that_is_paused_while_it_loads_begins_paused",
        apply=lambda patch: patch.setattr(PlayerViewModel, "_began", _begun_as_asked(PlayerViewModel._began)),
    ),
    Fault(
        name="files-what-has-been-read-is-the-length",
        test="tests/e2e/test_files.py::test_what_has_been_read_is_not_taken_for_the_length",
        apply=lambda patch: patch.setattr(file_progress, "_GROWN_S", math.inf),
    ),
    Fault(
        name="files-a-clicked-level-begins-elsewhere",
        test=_FILES + "test_a_level_that_a_click_leads_to_begins_at_its_first_line",
        apply=replaced(
            "Matinee/Controls/OptionMenu.qml", ("if (activeFocus) ListView.view.currentIndex = index", "")
        ),
    ),
    Fault(
        name="files-the-wheel-over-a-menu-turns-the-volume",
        test=_FILES + "test_the_wheel_over_a_menu_is_not_for_the_volume",
        apply=replaced("Matinee/Controls/OptionMenu.qml", ("onWheel: event => event.accepted = true", "")),
    ),
    Fault(
        name="files-a-recording-that-grows-is-another-film-each-time",
        test=_MEMORY + "test_a_file_that_has_grown_goes_on_where_it_was_left",
        apply=lambda patch: patch.setattr(
            FileMemory, "of", lambda self, identity, *_place: _by_content(self, identity)
        ),
    ),
    Fault(
        name="files-a-replaced-file-is-listed-twice",
        test=_MEMORY + "test_in_one_place_there_is_one_file",
        apply=lambda patch: patch.setattr(FileMemory, "last", _all_ever_opened),
    ),
    Fault(
        name="files-a-long-sentence-goes-with-a-short-one",
        test=_FILES + "test_a_long_sentence_stays_until_it_is_read",
        apply=lambda patch: patch.setattr(tools, "_LETTER_MS", 0),
    ),
    Fault(
        name="files-a-recording-that-is-awaited-is-a-slow-disk",
        test="tests/ui/app/test_trouble.py::test_a_file_that_is_still_written_is_awaited",
        apply=lambda patch: patch.setattr(trouble, "_is_open_ended", lambda _state: False),
    ),
    Fault(
        name="files-a-time-is-written-by-letters",
        test=_FILES + "test_a_remote_writes_a_time_by_digits",
        apply=replaced("Matinee/Pages/PlayerPage.qml", ("? Qt.ImhTime : Qt.ImhNone", "? Qt.ImhNone : Qt.ImhNone")),
    ),
    Fault(
        name="files-a-keyboard-stays-over-what-has-failed",
        test=_FILES + "test_a_remote_writes_a_time_by_digits",
        apply=replaced("Matinee/Controls/Field.qml", ("if (!visible && keyboard.active) closeKeys()", "")),
    ),
    Fault(
        name="files-a-slow-disk-is-called-the-network",
        test=_TOOLS + "test_a_file_that_waits_waits_for_its_disk",
        apply=lambda patch: patch.setattr(file_phases, "KnownCause", lambda _cause: KnownCause()),
    ),
    Fault(
        name="files-a-remote-stays-on-the-volume",
        test=_PLAYER + "test_a_remote_walks_over_the_volume_slider",
        apply=replaced("Matinee/Controls/VolumeSlider.qml", ("            if (adjusting)\n", "")),
    ),
    Fault(
        name="files-a-cut-film-is-tried-again-where-it-is-cut",
        test="tests/ui/app/test_trouble.py::test_a_film_that_is_cut_is_not_tried_again_in_the_same_place",
        apply=lambda patch: patch.setattr(trouble, "_media", dict),
    ),
    Fault(
        name="files-the-window-waits-for-a-disk",
        test="tests/ui/cli/test_main.py::test_the_window_does_not_wait_for_a_disk",
        apply=lambda patch: patch.setattr(cli_app, "_path", lambda word: Path(word).resolve()),
    ),
    Fault(
        name="files-a-title-ends-where-it-was-looked-at-last",
        test="tests/player/playback/test_session.py"
        "::test_the_end_is_where_libmpv_ended_and_not_where_it_was_looked_at_last",
        apply=lambda patch: patch.setattr(PlaybackProgress, "read_position", _not_read),
    ),
    Fault(
        name="files-a-bad-subtitle-file-stops-the-film",
        test=_TOOLS + "test_a_film_plays_beside_a_subtitle_file_that_cannot_be_read[forced-nothing]",
        apply=lambda patch: patch.setattr(FileTracks, "_show_if_readable", _shown_or_failed),
    ),
    Fault(
        name="files-chosen-subtitles-are-a-place-in-a-list",
        test=_OWN + "test_a_chosen_file_is_known_again_among_others",
        apply=lambda patch: patch.setattr(FileTracks, "key", lambda _self, text_id: text_id or "off"),
    ),
    Fault(
        name="files-lost-subtitles-keep-the-preferred-ones-away",
        test=_OWN + "test_the_preferred_language_takes_the_place_of_a_file_that_cannot_be_shown[beside-gone]",
        apply=lambda patch: patch.setattr(FileTracks, "_show_again", _as_if_shown),
    ),
    Fault(
        name="files-a-dropped-subtitle-file-is-forgotten",
        test=_OWN + "test_a_dropped_file_is_shown_again",
        apply=lambda patch: patch.setattr(own_subtitles, "_path", lambda _key, _film: None),
    ),
    Fault(
        name="files-what-a-library-raises-for-subtitles-fails-the-film",
        test=_OWN + "test_whatever_a_library_raises_for_a_subtitle_file_is_a_notice[to_string]",
        apply=lambda patch: patch.setattr(own_subtitles, "read", subtitle_files._read),
    ),
    Fault(
        name="files-subtitles-of-the-films-name-are-not-shown",
        test=_OWN + "test_a_file_of_exactly_the_films_name_is_shown_by_itself[Film.srt]",
        apply=lambda patch: patch.setattr(OwnSubtitles, "named_as_film", lambda _self: []),
    ),
    Fault(
        name="files-subtitles-that-are-turned-off-come-back",
        test=_OWN + "test_the_preferences_count_before_a_file_of_the_films_name[never]",
        apply=lambda patch: patch.setattr(FileTracks, "_preferred", _named_as_film_first),
    ),
    Fault(
        name="files-pictures-are-offered-as-text",
        test=_OWN + "test_subtitles_that_are_pictures_are_not_offered",
        apply=lambda patch: patch.setattr(subtitle_files, "_PICTURES_INDEX", "none"),
    ),
    Fault(
        name="files-a-seek-waits-until-a-recording-has-grown",
        test=_GROWING + "test_a_step_behind_the_end_of_a_recording_leads_to_the_newest",
        apply=lambda patch: patch.setattr(FileProgress, "_look_at_seek", _left_to_libmpv),
    ),
    Fault(
        name="files-a-recording-ends-where-it-ended-when-it-was-opened",
        test=_GROWING + "test_a_fragmented_file_plays_on_into_what_has_come",
        apply=lambda patch: patch.setattr(PlayingFile, "_goes_on", _not_longer),
    ),
    Fault(
        name="files-a-jump-in-a-recording-that-grew-once-hangs",
        test=_GROWING + "test_a_jump_in_a_recording_that_grew_once_arrives[in-it]",
        apply=lambda patch: patch.setattr(file_progress, "_LATE_LOOKS", math.inf),
    ),
    Fault(
        name="files-a-recording-cannot-be-jumped-in-behind-the-end-it-had",
        test=_GROWING + "test_a_jump_in_a_recording_that_grew_once_arrives[behind-it]",
        apply=lambda patch: patch.setattr(PlayingFile, "load_again", _not_loaded),
    ),
    Fault(
        name="files-a-recording-loses-its-tracks-when-it-is-loaded-again",
        test=_GROWING + "test_what_was_chosen_stays_when_a_file_is_loaded_again",
        apply=lambda patch: patch.setattr(FileTracks, "choose_again", _as_libmpv_chooses),
    ),
    Fault(
        name="files-a-recording-that-grows-by-bytes-is-loaded-each-second",
        test="tests/player/playback/test_file_growth.py::test_a_few_bytes_with_each_second_load_the_file_seldom",
        apply=lambda patch: patch.setattr(file_growth, "_ENOUGH_BYTES", 1),
    ),
    Fault(
        name="files-another-file-of-the-same-name-is-taken-for-more-of-it",
        test="tests/player/playback/test_file_growth.py::test_another_file_of_the_same_name_is_not_taken_for_it",
        apply=lambda patch: patch.setattr(FileGrowth, "__init__", _known_by_name(FileGrowth.__init__)),
    ),
    Fault(
        name="files-the-notice-names-no-subtitle-file",
        test=_TOOLS + "test_the_notice_of_a_bad_subtitle_file_goes_away",
        apply=lambda patch: patch.setattr(own_subtitles, "shortened", lambda _name: "A file"),
    ),
    Fault(
        name="files-a-notice-of-a-subtitle-file-stays-for-ever",
        test=_TOOLS + "test_the_notice_of_a_bad_subtitle_file_goes_away",
        apply=lambda patch: patch.setattr(Monitor, "_end_notice", lambda _self, _now: None),
    ),
    Fault(
        name="files-where-a-jump-leads-is-known-to-be-there",
        test=_FILES + "test_a_film_of_unknown_length_has_a_bar_of_what_is_known",
        apply=lambda patch: patch.setattr(player_page, "known_end_s", lambda state: state.position_s),
    ),
    Fault(
        name="files-a-share-that-hangs-is-loading-for-ever",
        test=_SHARES + "test_a_share_that_hangs_while_a_film_is_opened_is_named",
        apply=lambda patch: patch.setattr(file_phases, "_report_hanging", _not_reported),
    ),
    Fault(
        name="files-a-stream-that-fails-is-a-traceback",
        test="tests/player/mpv/test_streams.py::test_a_stream_that_fails_writes_no_traceback[disk]",
        apply=lambda patch: patch.setattr(streams, "_report", lambda what, _error: streams._log.exception(what)),
    ),
    Fault(
        name="files-an-endless-answer-is-never-given-up",
        test="tests/player/stream/test_remote_file.py::test_an_answer_without_an_end_is_given_up",
        apply=lambda patch: patch.setattr(remote_file, "_MOST_WHOLE", 256 << 20),
    ),
    Fault(
        name="files-a-film-without-a-length-is-never-seen",
        test="tests/e2e/test_files.py::test_a_film_without_a_length_is_seen_again_from_its_start[film-disk]",
        apply=lambda patch: patch.setattr(file_phases, "_known_s", lambda state, _at_s: state.duration_s or 0.0),
    ),
    Fault(
        name="files-a-delay-is-said-that-libmpv-is-not-given",
        test=_FILES + "test_no_delay_is_said_that_libmpv_is_not_given[later-earlier-60.0-audio]",
        apply=lambda patch: patch.setattr(tools, "bounded_delay", lambda seconds: seconds),
    ),
    Fault(
        name="files-a-second-press-counts-from-the-speed-before-the-first",
        test=_QUICK + "test_each_press_changes_the_speed",
        apply=lambda patch: patch.setattr(Wanted, "over", lambda _self, shown: shown),
    ),
    Fault(
        name="files-a-second-press-chooses-the-same-subtitles",
        test=_QUICK + "test_each_press_chooses_the_next_subtitles",
        apply=lambda patch: patch.setattr(Wanted, "over", lambda _self, shown: shown),
    ),
    Fault(
        name="files-what-the-menu-chose-is-not-what-a-key-counts-from",
        test=_QUICK + "test_each_press_chooses_the_next_audio",
        apply=lambda patch: patch.setattr(PlayerViewModel, "chooseAudio", _audio_asked_for),
    ),
    Fault(
        name="files-a-chapter-is-counted-from-before-the-jump",
        test=_QUICK + "test_each_press_goes_a_chapter_on",
        apply=lambda patch: patch.setattr(PlayerViewModel, "_time_s", lambda self: self._state.position_s),
    ),
    Fault(
        name="files-a-frame-comes-before-the-steps-that-led-to-it",
        test=_QUICK + "test_a_frame_is_counted_from_where_steps_lead[forward]",
        apply=lambda patch: patch.setattr(PlayerViewModel, "_send_steps", lambda _self: None),
    ),
    Fault(
        name="files-a-jump-takes-the-frame-after-it",
        test=_TOOLS + "test_a_frame_after_a_jump_is_one_of_the_place_it_leads_to[forward]",
        apply=lambda patch: patch.setattr(session.Session, "_step_frame", _stepped_at_once),
    ),
    Fault(
        name="files-subtitles-that-are-the-second-do-not-become-the-first",
        test=_TOOLS + "test_the_second_subtitles_become_the_first",
        apply=lambda patch: patch.setattr(FileTracks, "_set_second", _second_unknown),
    ),
    Fault(
        name="files-a-streams-subtitles-are-offered-as-the-second",
        test="tests/ui/app/test_tools_menu.py::test_of_a_stream_only_ones_own_files_can_be_the_second",
        apply=lambda patch: patch.setattr(ToolsViewModel, "_can_be_second", lambda _self, _track: True),
    ),
    Fault(
        name="files-a-jump-into-what-was-cut-off-is-the-end-of-the-film",
        test=_TOOLS + "test_a_jump_into_what_has_been_cut_off_is_no_film_seen_to_its_end",
        apply=lambda patch: patch.setattr(PlayingFile, "_missed_s", lambda _self: None),
    ),
    Fault(
        name="files-a-notice-of-a-subtitle-file-on-a-stream-stays-for-ever",
        test="tests/player/playback/test_monitor.py::test_what_went_wrong_on_the_side_is_shown_for_a_while",
        apply=lambda patch: patch.setattr(Monitor, "_end_notice", lambda _self, _now: None),
    ),
    Fault(
        name="files-a-file-is-said-to-have-no-other-quality",
        test="tests/ui/app/test_trouble.py::test_a_file_that_cannot_be_played_has_no_other_qualities",
        apply=lambda patch: patch.setattr(trouble_page, "trouble_of", lambda failure, of_file: trouble_of(failure)),
    ),
    Fault(
        name="files-a-step-behind-the-end-of-a-matroska-recording-leads-to-its-start",
        test=_GROWING + "test_a_step_behind_the_end_of_a_matroska_recording_leads_to_the_newest",
        apply=lambda patch: patch.setattr(file_growth, "newest_cluster_s", lambda _path: 0.0),
    ),
    Fault(
        name="files-what-was-read-of-a-matroska-recording-is-its-length",
        test=_GROWING + "test_what_has_been_read_of_a_matroska_recording_is_not_its_length",
        apply=lambda patch: patch.setattr(media_file, "tells_length", lambda _head: True),
    ),
    Fault(
        name="files-the-sleep-timer-does-not-show-what-was-chosen",
        test="tests/ui/app/test_tools_menu.py::test_the_sleep_timer_shows_what_was_chosen",
        apply=lambda patch: patch.setitem(tools._LINES, "sleep", _unmarked(ToolsViewModel._sleep_lines)),
    ),
    Fault(
        name="files-subtitles-chosen-just-before-a-pause-are-not-shown",
        test="tests/player/playback/test_file_tracks.py::test_subtitles_that_are_chosen_just_before_a_pause_are_read",
        apply=lambda patch: patch.setattr(FileTracks, "read_if_unread", _read_later),
    ),
    Fault(
        name="files-the-first-frame-is-the-arrival-of-a-jump",
        test="tests/player/playback/test_monitor.py::test_a_frame_of_before_a_jump_is_not_its_arrival",
        apply=lambda patch: patch.setattr(Monitor, "handle_player_event", _each_frame_is_an_arrival),
    ),
    Fault(
        name="files-a-drop-without-contents-opens-undefined",
        test="tests/ui/app/test_pages.py::test_a_drop_without_contents_opens_nothing",
        apply=replaced(
            "Main.qml",
            ("event.urls.length ?", "event.hasUrls ?"),
        ),
    ),
    Fault(
        name="files-a-list-covers-what-another-program-opens",
        test="tests/ui/app/test_files.py::test_a_film_that_another_program_opens_is_not_covered",
        apply=replaced("Main.qml", ("[folders, dialog].filter(one => one.visible)", "[]")),
    ),
]
