"""Faults of live playback."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import pytest

from backend_stub.broadcast import dash
from backend_stub.broadcast.channel import Record
from backend_stub.broadcast.journal import Journal
from backend_stub.broadcaster import packager
from backend_stub.db.models import Recording
from backend_stub.services.entitlement import ContractTerms
from backend_stub.services.recorder import Recorder
from backend_stub.services.recordings import Recordings
from player.licensing.licences import PlaybackLicences
from player.live import latency
from player.live.guide import LiveGuide, LiveObservation
from player.live.pace import Pace
from player.live.refresher import Refresher
from player.manifest import timing
from player.manifest.dash import live, mpd, segments
from player.manifest.limits import MAX_SEGMENTS
from player.manifest.model import PartialSegment, Presentation, Rendition, Segment
from player.manifest.timeline_dates import TimelineDates
from player.net.local_network import LocalServers
from player.playback.live import LivePlayback
from player.playback.monitor import Monitor
from player.stream.feed import AudioFeed
from player.stream.part_loader import PartLoader, PartOrder
from player.stream.sources import LoadedPlaylist
from player.stream.stored_segments import StoreLibrary
from player.stream.streaming import Streaming
from player.transfer.loader import LoadResult
from tests.faults.model import Fault

_TESTS = "tests/player/live/test_by_clock.py::"
_PACKAGER = "tests/backend_stub/broadcast/test_packager.py::"


def _by_its_start(made: packager.Packager, _track: Any, fragment: Any, at_s: float | None = None) -> int:
    """A fragment is as long as a part, and belongs to where it starts."""
    return made._channel.index_at(fragment.start_s + 0.49 if at_s is None else at_s)


def _stand_until_a_reload(patch: pytest.MonkeyPatch) -> None:
    """Only an MPD that was loaded while it was followed is read again as time goes on."""
    read = mpd.parse_mpd

    def without_text(*values: Any, **named: Any) -> Presentation:
        return replace(read(*values, **named), source="")

    patch.setattr(mpd, "parse_mpd", without_text)


def _look_every_half_segment(patch: pytest.MonkeyPatch) -> None:
    """The clock is looked at now and then, and not when a segment is due."""
    patch.setattr(Refresher, "_by_clock_s", lambda _self, _presentation: 2.0)


def _limit_before_the_window(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("player.manifest.dash.timeline.MAX_COUNTED_SEGMENTS", MAX_SEGMENTS)


def _keep_relative_clocks(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(live, "resolve", lambda _base, reference: reference)


def _ask_one_clock(patch: pytest.MonkeyPatch) -> None:
    """A clock that does not answer is the only one that is asked."""
    patch.setattr("player.live.refresher._MOST_CLOCKS", 1)


def _ask_the_clock_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("player.live.refresher._CLOCK_EVERY_S", 1e9)


def _wait_without_a_word(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(LivePlayback, "_is_silent", lambda _self, _moment: False)


def _never_load_again(patch: pytest.MonkeyPatch) -> None:
    """An MPD that does not say how often it changes never does."""
    reload = timing._mpd_reload

    def strictly(presentation: Presentation, age_s: float) -> timing.Reload | None:
        live = presentation.live_info
        return None if live is None or live.minimum_update_s is None else reload(presentation, age_s)

    patch.setattr(timing, "_mpd_reload", strictly)


def _sliding_counts_as_news(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("player.live.refresher._brings", bool)


def _read_no_reports(patch: pytest.MonkeyPatch) -> None:
    """A switch loads the other playlist as it stands, which may be an old one of a cache."""
    patch.setattr("player.live.refresher._reported", lambda _presentation, _url: [])


def _count_from_zero(patch: pytest.MonkeyPatch) -> None:
    """An event that is over is as long as its timeline, which may count from 1970."""
    update = Monitor.update

    def without_start(monitor: Monitor, **changes: Any) -> None:
        update(monitor, **{name: value for name, value in changes.items() if name != "start_s"})

    patch.setattr(Monitor, "update", without_start)


_LOW = "tests/player/live/test_low_latency.py::"
_FEED = "tests/player/stream/test_feed.py::"


def _hold_back_as_without_parts(patch: pytest.MonkeyPatch) -> None:
    """PART-HOLD-BACK is not looked at."""
    ask = latency.latency_of

    def without_parts(presentation: Presentation, segment_s: float, window_s: float) -> latency.Latency:
        live = presentation.live_info
        plain = presentation if live is None else replace(presentation, live_info=replace(live, part_target_s=None))
        return ask(plain, segment_s, window_s)

    patch.setattr("tests.player.live.test_low_latency.latency_of", without_parts)


def _hurry_without_anything_in_hand(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("player.live.guide._LOW_SPARE_S", 0.0)


def _never_hurry_near_the_edge(patch: pytest.MonkeyPatch) -> None:
    """Two seconds in hand are asked for, which there never are."""
    patch.setattr("player.live.guide._LOW_SPARE_S", 2.0)


def _begin_as_if_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("player.live.guide._LOW_START_S", 0.0)


def _nearer_than_a_segment(patch: pytest.MonkeyPatch) -> None:
    """A target is taken as the source says it, also where that is less than one of its segments."""
    patch.setattr("player.live.latency._ON_THE_WAY_S", -10.0)


def _no_parts_behind_the_list(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("tests.player.live.test_low_latency.with_open", lambda rendition: rendition.segments)


def _load_announced_bytes_twice(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PartLoader, "_has", lambda _self, _url, _range: False)


def _ask_for_announced_parts_again(patch: pytest.MonkeyPatch) -> None:
    """At most ten times, so that the test ends."""
    times = iter(range(10))
    patch.setattr(PartLoader, "_is_new", lambda _self, _hint: next(times, None) is not None)


def _rate_the_encoder(patch: pytest.MonkeyPatch) -> None:
    """A pause of the encoder counts as the link's."""
    patch.setattr("player.net.gate._CHUNK_BOXES", frozenset())


def _drop_late_sound(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("player.stream.feed._KEPT_ENDS", 0)


def _wait_for_one_sample_more(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("player.stream.feed._end_s", lambda sample: sample.dts_s)


def _end_a_segment_later(patch: pytest.MonkeyPatch) -> None:
    """A segment's end is written after its last chunk, so that readers see a state between the two."""
    write = Journal.write

    def in_two(journal: Journal, record: Record) -> None:
        whole = {"is": "whole", "track": record.get("track")} if record.get("whole") else None
        write(journal, {name: value for name, value in record.items() if name != "whole"})
        if whole is not None:
            write(journal, whole)

    patch.setattr(Journal, "write", in_two)


def _tear_lines(patch: pytest.MonkeyPatch) -> None:
    """What a full disk took of a line stays in the journal."""
    patch.setattr("backend_stub.broadcast.journal.os.ftruncate", lambda _descriptor, _length: None)


def _wait_for_the_next_audio_segment(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(StoreLibrary, "has_audio", lambda _self, _track, _position: True)


def _wait_for_all_sound_of_a_slot(patch: pytest.MonkeyPatch) -> None:
    """Nothing of a slot goes out before all of its sound is listed."""
    listed = StoreLibrary._is_listed
    patch.setattr(StoreLibrary, "_is_listed", lambda self, line, slot, _until_s: listed(self, line, slot, slot.end_s))


def _ask_for_segments_of_sound_once(patch: pytest.MonkeyPatch) -> None:
    """What turns out short while it is read has no other behind it."""
    patch.setattr(
        AudioFeed,
        "_segments",
        lambda self, slot, until_s: iter(self._library.audio_segments(self._track, slot, until_s)),
    )


def _wait_for_a_whole_period(patch: pytest.MonkeyPatch) -> None:
    """An MPD that lacks what is due is loaded no sooner than another."""
    patch.setattr("player.live.refresher.is_late", lambda *_values: False)


def _measure_the_picture_only(patch: pytest.MonkeyPatch) -> None:
    """That sound is listed late moves no target."""
    patch.setattr("player.playback.live.LivePlayback._sound_until_s", lambda _self, _rendition: -math.inf)


def _keep_the_first_guess(patch: pytest.MonkeyPatch) -> None:
    """A segment stays as long as it was thought to become."""
    patch.setattr("player.stream.segment_line.is_again", lambda _known, _listed: False)
    patch.setattr("player.stream.timeline._as_listed", lambda slot, _found: slot)


def _go_on_with_any_part(patch: pytest.MonkeyPatch) -> None:
    """Behind a gap, video comes that refers to frames that are missing."""
    patch.setattr("player.stream.part_loader._decodes_alone", lambda _part, _parts, _track: True)


def _leave_holes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("player.stream.feed.silent_samples", lambda _config, _start_s, _end_s: [])


def _chunks_by_the_offset(patch: pytest.MonkeyPatch) -> None:
    """Resync@dT is not read."""
    patch.setattr("player.manifest.dash.representation._resync", lambda _traits: None)


def _no_ntp(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("player.live.refresher.ntp_time", lambda _body: None)


def _jump_first(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("player.live.guide._PATIENCE_S", 1.0)
    patch.setattr("player.live.guide._LEAST_JUMP_S", 0.1)


def _never_late(patch: pytest.MonkeyPatch) -> None:
    """A segment that is not there when the clock says so is lost."""

    async def never(_refresher: Refresher, _rendition: Rendition, _segment: Segment) -> bool:
        return False

    patch.setattr(Refresher, "comes_yet", never)


def _not_told_late(patch: pytest.MonkeyPatch) -> None:
    """What is waited for does not count for the latency."""
    patch.setattr(LivePlayback, "overdue", lambda _live, _start_s: None)


def _late_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("player.live.edge._CATCHES_UP", 0.0)


def _no_following(patch: pytest.MonkeyPatch) -> None:
    async def has_not(_refresher: Refresher, _rendition: Rendition, _segment: Segment) -> bool:
        return False

    patch.setattr(Refresher, "_is_lost", has_not)


def _jump_late(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("player.live.guide._PATIENCE_S", 100.0)


def _jump_without_anything_in_hand(patch: pytest.MonkeyPatch) -> None:
    enough = LiveGuide._has_enough_to_jump

    def with_plenty(guide: LiveGuide, moment: LiveObservation, behind_s: float, live_s: float) -> bool:
        return enough(guide, replace(moment, buffer_s=60.0), behind_s, live_s)

    patch.setattr(LiveGuide, "_has_enough_to_jump", with_plenty)


def _speeds_without_limits(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("player.live.guide.Pace", lambda _low, _high, spare_s: Pace(0.5, 2.0, spare_s))


def _wait_for_what_is_announced(patch: pytest.MonkeyPatch) -> None:
    """Whatever is listed meanwhile, an announced part is waited for."""

    async def wait(_loader: PartLoader, loading: asyncio.Future[LoadResult]) -> None:
        await asyncio.wait([loading])

    patch.setattr(PartLoader, "_news", wait)


def _take_what_is_announced(patch: pytest.MonkeyPatch) -> None:
    """An announced part is this segment's, also behind its end."""
    patch.setattr("player.stream.part_loader._may_be_of_the_next", lambda _progress, _hint: False)


def _discontinuities_as_written(patch: pytest.MonkeyPatch) -> None:
    """Segments behind a discontinuity that has left the playlist belong to what was before it."""
    patch.setattr("player.manifest.hls.merge._discontinuities_apart", lambda _old, _new: 0)


def _no_sntp(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("player.live.refresher.sntp_time", lambda _packet: None)


def _believe_any_packet(patch: pytest.MonkeyPatch) -> None:
    """Whatever comes from the server's address is its answer."""
    patch.setattr("player.net.ntp._ORIGIN", slice(0, 0))
    patch.setattr("player.net.ntp._NONCE_BYTES", 0)


def _time_of_any_server(patch: pytest.MonkeyPatch) -> None:
    """A manifest of the internet asks servers of the local network for the time."""

    async def anywhere(_servers: LocalServers, _initiator: str, _url: str) -> bool:
        return False

    patch.setattr(LocalServers, "leads_outside", anywhere)


def _begin_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(LiveGuide, "short_s", lambda _self, _place_s, _moment: 0.0)


def _wait_in_any_window(patch: pytest.MonkeyPatch) -> None:
    """A list of one segment counts as one that has just begun, whatever left it before."""

    async def wait(playing: LivePlayback, begin_s: float) -> None:
        guide, clock = playing._guide, playing._clock
        assert guide is not None
        await clock.sleep(guide.short_s(begin_s, playing._moment(begin_s, clock.monotonic())))

    patch.setattr(LivePlayback, "enough", wait)


def _as_if_listed_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(latency, "_listed_late_s", lambda _presentation: 0.0)


def _begin_with_any_part(patch: pytest.MonkeyPatch) -> None:
    """INDEPENDENT is not looked at where the rung changes."""
    patch.setattr("player.live.refresher.begins_alone", lambda _rendition, _number: True)


def _go_over_at_any_part(patch: pytest.MonkeyPatch) -> None:
    async def here(_loader: PartLoader, _other: PartOrder, _ours: Sequence[PartialSegment], place: int) -> int | None:
        return place

    patch.setattr(PartLoader, "_place_beside", here)


def _put_off_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("player.stream.main_track._MOST_KEPT", 10**9)


_RUNG_BEGINS = "tests/player/live/test_refreshing.py::test_a_rung_begins_with_a_part_that_can_be_decoded_by_itself"
_NTP = "tests/player/net/test_ntp.py::"
_CHANGE = "tests/player/live/test_rung_change.py::"
_STARVED = "tests/player/live/test_starved.py::"
_CONTROL = "tests/player/live/test_control.py::"
_PACKAGER = "tests/backend_stub/broadcast/test_packager.py::"


def _count_from_the_first_date(patch: pytest.MonkeyPatch) -> None:
    """A pause of the encoder is on the timeline too."""

    def time_of(dates: TimelineDates, date_s: float) -> float | None:
        return dates.pieces[0][0] + date_s - dates.pieces[0][1] if dates.pieces else None

    patch.setattr(TimelineDates, "time_of", time_of)


def _ask_for_all_keys(patch: pytest.MonkeyPatch) -> None:
    """Each licence of a channel is asked for with all that its first manifest named."""
    patch.setattr(
        PlaybackLicences, "_around", lambda licences, _kids: tuple(chain.from_iterable(licences._protections))
    )


_RECORDINGS = "tests/backend_stub/broadcast/test_recordings.py::"


def _recordings_of_anybody(patch: pytest.MonkeyPatch) -> None:
    """Whoever knows the id of a recording plays it."""
    patch.setattr(
        "backend_stub.services.entitlement._own_recording",
        lambda session, title_id, _viewing: session.get(Recording, title_id),
    )


def _leave_the_keys(patch: pytest.MonkeyPatch) -> None:
    """The channel's keys are forgotten, those of its recording with them."""
    patch.setattr(Recorder, "_have_keys", lambda *_words: True)


def _only_links(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("backend_stub.services.recorder._CANNOT_LINK", frozenset())


def _full_without_a_reason(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("backend_stub.services.recorder._NO_ROOM", frozenset())


def _wait_for_silence(patch: pytest.MonkeyPatch) -> None:
    """A channel that is off keeps its recordings open for ever."""
    patch.setattr("backend_stub.services.recorder._LATE_S", 1e9)


def _leave_the_files(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Recorder, "sweep", lambda _recorder: None)


def _leave_what_another_removed(patch: pytest.MonkeyPatch) -> None:
    """Who comes after the removal keeps the folder that it has made for its lock."""
    record = Recorder._record

    def known_only(self: Recorder, title_id: str, now: float) -> None:
        with self._database.read() as session:
            known = session.get(Recording, title_id)
        if known is not None:
            record(self, title_id, now)

    patch.setattr(Recorder, "_record", known_only)


def _no_limit(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Recordings, "_check_room", lambda *_words: None)


def _judged_by_nothing(patch: pytest.MonkeyPatch) -> None:
    """The right to record counts when it is asked for only."""
    patch.setattr("backend_stub.services.recorder.rights_of", lambda *_words: ContractTerms())


def _count_reloads_from_the_start(patch: pytest.MonkeyPatch) -> None:
    """The first reload waits as if the manifest had been loaded when it is first followed."""
    attach = Refresher.attach

    def late(refresher: Refresher, playlists: Sequence[LoadedPlaylist], _asked_s: float) -> None:
        now_s = refresher._clock.monotonic()
        attach(refresher, [replace(each, asked_s=now_s) for each in playlists], now_s)

    patch.setattr(Refresher, "attach", late)


FAULTS = [
    Fault(
        "live-the-next-keys-are-told-once-they-are-used",
        _PACKAGER + "test_manifests_name_the_next_crypto_period_before_it_begins",
        lambda patch: patch.setattr(packager, "_ANNOUNCED", 0),
    ),
    Fault(
        "live-sound-is-cut-where-the-encoder-cuts-it",
        _PACKAGER + "test_audio_is_cut_where_video_is",
        lambda patch: patch.setattr(packager.Packager, "_index_of", _by_its_start),
    ),
    Fault(
        "live-periods-begin-to-the-millisecond",
        _PACKAGER + "test_a_period_begins_to_the_microsecond",
        lambda patch: patch.setattr(dash, "_duration", lambda seconds: f"PT{seconds:.3f}S"),
    ),
    Fault(
        "live-a-rounded-border-makes-a-segment",
        "tests/player/manifest/test_borders.py::test_a_rounded_border_makes_no_segment[PT4.00045S-2-numbers]",
        lambda patch: patch.setattr(segments, "JUMP_S", 1e-9),
    ),
    *(
        Fault(
            f"live-first-reload-late-{form}",
            "tests/player/live/test_refreshing.py::test_the_first_reload_counts_from_the_first_load"
            f"[{form}-{name}-{every_s}]",
            _count_reloads_from_the_start,
        )
        for form, name, every_s in (("hls", "v0.m3u8", "4.0"), ("dash", "a.mpd", "2.0"))
    ),
    *(
        Fault(f"recordings-{name}", _RECORDINGS + test, apply)
        for name, test, apply in (
            ("of-anybody", "test_another_account_and_another_profile_are_refused", _recordings_of_anybody),
            ("without-keys", "test_the_keys_are_copied_and_its_own_ones_only", _leave_the_keys),
            ("only-linked", "test_where_links_are_not_possible_it_is_copied[18]", _only_links),
            ("full-without-a-reason", "test_a_disk_that_stays_full_fails_it", _full_without_a_reason),
            ("open-for-ever", "test_a_channel_that_falls_silent_ends_it", _wait_for_silence),
            (
                "removed-by-another-left",
                "test_what_another_process_removes_meanwhile_leaves_no_files",
                _leave_what_another_removed,
            ),
            ("files-left", "test_links_cost_no_space_and_removal_frees_it", _leave_the_files),
            ("without-limit", "test_what_an_account_may_record_has_a_limit", _no_limit),
            ("right-not-looked-at", "test_a_programme_or_a_channel_may_forbid_it", _judged_by_nothing),
        )
    ),
    Fault(
        name="live-keys-of-the-past",
        test="tests/player/licensing/test_licences.py"
        "::test_keys_that_came_after_the_start_are_asked_for_without_those_of_the_start",
        apply=_ask_for_all_keys,
    ),
    Fault("live-rung-begins-with-any-part", _RUNG_BEGINS, _begin_with_any_part),
    Fault("live-rung-put-off-for-ever", _RUNG_BEGINS + "[10.0-0-kept2]", _put_off_for_ever),
    *(
        Fault(
            f"live-nearer-than-a-list-is-loaded-{update_s}",
            _LOW
            + "test_a_list_that_is_loaded_now_and_then_is_played_as_far_behind_as_that_takes"
            + f"[{update_s}-{target_s}]",
            _as_if_listed_at_once,
        )
        for update_s, target_s in ((2, 4.5), (0, 3.0), (4, 6.5))
    ),
    Fault("live-sntp-clock-not-read", _TESTS + "test_a_clock_that_runs_beside_ours_is_followed[time.sntp]", _no_sntp),
    Fault("live-ntp-believes-anybody", _NTP + "test_an_answer_to_somebody_else_is_not_believed", _believe_any_packet),
    Fault(
        "live-ntp-of-the-local-network",
        _NTP + "test_a_manifest_of_the_internet_asks_no_local_server",
        _time_of_any_server,
    ),
    *(
        Fault(
            f"live-discontinuities-as-written-{gone}",
            f"tests/player/manifest/test_refresh.py::test_hls_discontinuities_that_leave_are_counted_on[{gone}]",
            _discontinuities_as_written,
        )
        for gone in (1, 4, 5)
    ),
    Fault(
        "live-waits-for-the-next-segments-part",
        _LOW + "test_what_is_announced_of_the_next_segment_is_not_waited_for",
        _wait_for_what_is_announced,
    ),
    Fault(
        "live-takes-the-next-segments-part",
        _LOW + "test_what_is_announced_of_the_next_segment_is_not_taken_into_this_one",
        _take_what_is_announced,
    ),
    Fault(
        "live-takes-another-files-range",
        _LOW + "test_an_announced_range_of_another_file_is_the_next_segments",
        _take_what_is_announced,
    ),
    Fault(
        name="live-one-date-for-all",
        test="tests/player/manifest/test_timeline_dates.py::test_dates_and_times_lead_to_each_other",
        apply=_count_from_the_first_date,
    ),
    Fault(
        "live-jumps-first",
        _CONTROL + "test_latency_is_won_back_by_speed_without_a_stall_or_a_jump",
        _jump_first,
    ),
    Fault(
        "live-no-change-in-mid-segment",
        _CHANGE + "test_a_playback_goes_over_in_the_middle_of_a_segment[10.0-2]",
        lambda patch: patch.setattr("player.stream.fetching._GoingOver.make", lambda _change: False),
    ),
    Fault(
        "live-changes-at-any-part",
        _CHANGE + "test_it_goes_over_at_the_first_part_that_can_be_decoded_by_itself",
        _go_over_at_any_part,
    ),
    Fault(
        "live-nothing-listed-is-independent",
        _CHANGE + "test_a_playback_goes_over_in_the_middle_of_a_segment[10.0-2]",
        _begin_with_any_part,
    ),
    Fault(
        "live-other-rung-not-followed",
        _CHANGE + "test_a_playback_goes_over_in_the_middle_of_a_segment[10.0-2]",
        lambda patch: patch.setattr(Streaming, "onward", lambda _streaming: None),
    ),
    *(
        Fault(
            f"live-starved-{what}",
            _STARVED + test,
            put_back,
        )
        for what, test, put_back in (
            ("is-not-waited-for", "test_nothing_of_an_encoder_that_falls_behind_is_lost[0.6-20.0-dash]", _never_late),
            (
                "jumps-into-nothing",
                "test_nothing_of_an_encoder_that_falls_behind_is_lost[0.0-40.0-dash]",
                _not_told_late,
            ),
            ("for-ever", "test_who_waited_is_near_the_edge_again_when_the_encoder_is_on_time", _late_for_ever),
            (
                "waits-for-what-is-lost",
                "test_a_segment_that_its_successor_has_overtaken_is_lost[dash]",
                _no_following,
            ),
        )
    ),
    Fault("live-jumps-late", _CONTROL + "test_what_speed_takes_long_for_is_jumped_over_once", _jump_late),
    Fault("live-outage-jumps-late", _LOW + "test_after_an_outage_the_viewer_is_soon_where_they_were", _jump_late),
    Fault(
        "live-jumps-to-what-is-not-there",
        _LOW + "test_what_speed_would_take_long_to_win_back_is_jumped_over_where_it_is_in_hand",
        _jump_without_anything_in_hand,
    ),
    Fault(
        "live-speeds-without-limits",
        _CONTROL + "test_whatever_comes_speeds_stay_within_the_limits",
        _speeds_without_limits,
    ),
    Fault(
        "live-hurries-with-nothing-in-hand",
        _CONTROL + "test_whatever_comes_speeds_stay_within_the_limits",
        _hurry_without_anything_in_hand,
    ),
    Fault(
        "live-gap-goes-on-with-any-part",
        _LOW + "test_behind_a_gap_video_goes_on_with_a_part_that_can_be_decoded_by_itself",
        _go_on_with_any_part,
    ),
    Fault("live-gap-leaves-a-hole", _FEED + "test_a_part_that_the_source_lacks_is_silence", _leave_holes),
    Fault(
        "live-resync-not-read",
        _LOW + "test_chunks_are_as_long_as_the_mpd_says_where_their_segments_are_available_earlier_still",
        _chunks_by_the_offset,
    ),
    Fault(
        "live-ntp-clock-not-read",
        _TESTS + "test_a_clock_that_runs_beside_ours_is_followed[time.ntp]",
        _no_ntp,
    ),
    Fault(
        "live-slot-waits-for-the-next-audio-segment",
        "tests/player/stream/test_emitter.py::"
        "test_a_slot_does_not_wait_for_the_few_frames_of_audio_that_the_next_segment_holds",
        _wait_for_the_next_audio_segment,
    ),
    Fault(
        "live-slot-waits-for-all-its-sound",
        "tests/player/stream/test_emitter.py::test_a_slot_goes_out_as_far_as_its_sound_is_listed",
        _wait_for_all_sound_of_a_slot,
    ),
    Fault(
        "live-sound-behind-a-short-segment-lost",
        "tests/player/stream/test_emitter.py::test_a_slot_has_the_sound_behind_a_segment_that_turns_out_short",
        _ask_for_segments_of_sound_once,
    ),
    Fault(
        "live-late-list-waits-a-period",
        "tests/player/live/test_late_lists.py::test_what_was_due_and_not_listed_is_asked_for_again_soon",
        _wait_for_a_whole_period,
    ),
    Fault(
        "live-lag-of-the-picture-only",
        "tests/player/live/test_late_lists.py::test_lateness_of_any_track_is_learnt_at_its_first_stall[audio]",
        _measure_the_picture_only,
    ),
    *(
        Fault(
            f"live-just-begun-{what}",
            f"tests/player/live/test_just_begun.py::{test}",
            apply,
        )
        for what, test, apply in (
            (
                "begins-at-once",
                "test_the_first_segment_is_begun_late_enough_for_the_second[0.01-0.3]",
                _begin_at_once,
            ),
            (
                "counts-on-the-next-load",
                "test_the_first_segment_is_begun_late_enough_for_the_second[0.2-0.3]",
                _as_if_listed_at_once,
            ),
            ("mpd-begins-at-once", "test_an_mpd_that_lists_one_segment_is_waited_for", _begin_at_once),
            ("waits-in-any-window", "test_a_window_of_one_segment_is_not_waited_in", _wait_in_any_window),
        )
    ),
    Fault(
        "live-short-segment-hides-the-next",
        "tests/player/stream/test_timeline.py::test_a_segment_that_turns_out_short_hides_none_behind_it",
        _keep_the_first_guess,
    ),
    Fault(
        "live-segment-as-long-as-first-thought",
        "tests/player/stream/test_timeline.py::test_a_line_knows_how_long_its_last_segment_has_become",
        _keep_the_first_guess,
    ),
    Fault(
        "live-hint-before-the-end-of-a-segment",
        _PACKAGER + "test_the_end_of_a_segment_is_listed_before_the_next_one_is_hinted_at",
        _end_a_segment_later,
    ),
    Fault("live-journal-torn-by-a-full-disk", _PACKAGER + "test_a_full_disk_leaves_no_torn_line", _tear_lines),
    Fault(
        "live-announced-part-asked-again",
        _LOW + "test_an_announced_part_that_is_empty_is_asked_for_once",
        _ask_for_announced_parts_again,
    ),
    Fault(
        "live-nearer-than-a-segment",
        _LOW + "test_a_source_that_publishes_whole_segments_is_not_played_nearer_than_they_allow",
        _nearer_than_a_segment,
    ),
    Fault(
        "live-parts-not-held-back-to",
        _LOW + "test_hls_is_played_where_part_hold_back_says",
        _hold_back_as_without_parts,
    ),
    Fault(
        "live-stall-to-win-latency",
        _LOW + "test_no_latency_is_won_back_at_the_price_of_a_stall",
        _hurry_without_anything_in_hand,
    ),
    Fault(
        "live-latency-never-won-back",
        _LOW + "test_latency_is_won_back_by_speed_with_half_a_second_in_hand",
        _never_hurry_near_the_edge,
    ),
    Fault(
        "live-late-by-the-start", _LOW + "test_the_begin_makes_up_for_the_time_that_it_takes", _begin_as_if_at_once
    ),
    Fault(
        "live-parts-not-asked-for", _LOW + "test_parts_make_a_segment_before_it_is_listed", _no_parts_behind_the_list
    ),
    Fault(
        "live-announced-range-loaded-twice",
        _LOW + "test_an_announced_range_without_an_end_brings_all_the_rest",
        _load_announced_bytes_twice,
    ),
    Fault("live-encoder-rated-as-link", _LOW + "test_the_time_before_a_chunk_is_the_encoders", _rate_the_encoder),
    Fault(
        "live-sound-lost-at-the-edge",
        _FEED + "test_sound_that_was_not_listed_when_its_slot_was_written_comes_with_the_next_one",
        _drop_late_sound,
    ),
    Fault(
        "live-sound-waits-for-the-next-part",
        _FEED + "test_sound_up_to_a_time_waits_for_nothing_that_begins_there",
        _wait_for_one_sample_more,
    ),
    Fault(
        name="live-stands-until-a-reload",
        test=_TESTS + "test_segments_come_with_the_clock_from_the_first_second_on",
        apply=_stand_until_a_reload,
    ),
    Fault(
        name="live-clock-looked-at-now-and-then",
        test=_TESTS + "test_a_segment_is_known_as_soon_as_it_can_be_had",
        apply=_look_every_half_segment,
    ),
    Fault(
        name="live-limit-before-the-window",
        test=_TESTS + "test_a_channel_of_years_has_the_window_that_it_lists",
        apply=_limit_before_the_window,
    ),
    Fault(
        name="live-relative-clock",
        test=_TESTS + "test_a_clock_at_a_relative_address",
        apply=_keep_relative_clocks,
    ),
    Fault(
        name="live-one-clock",
        test=_TESTS + "test_a_clock_at_a_relative_address",
        apply=_ask_one_clock,
    ),
    Fault(
        name="live-clock-asked-once",
        test=_TESTS + "test_a_clock_that_runs_beside_ours_is_followed[time.txt]",
        apply=_ask_the_clock_once,
    ),
    Fault(
        name="live-waits-without-a-word",
        test=_TESTS + "test_a_programme_that_sends_nothing_new_says_so_and_ends",
        apply=_wait_without_a_word,
    ),
    Fault(
        name="live-list-never-loaded-again",
        test=_TESTS + "test_an_mpd_that_does_not_say_when_it_changes_is_loaded_again",
        apply=_never_load_again,
    ),
    Fault(
        name="live-sliding-is-news",
        test=_TESTS + "test_the_word_goes_when_the_programme_goes_on",
        apply=_sliding_counts_as_news,
    ),
    *(
        Fault(
            name=f"live-ended-counts-from-1970-{form}",
            test=f"tests/player/live/test_playback.py::test_the_end_of_the_event_makes_it_a_title_like_any_other[{form}]",
            apply=_count_from_zero,
        )
        for form in ("hls", "dash")
    ),
    Fault(
        name="live-reports-not-used",
        test="tests/player/live/test_refreshing.py::test_a_new_rung_is_asked_for_as_far_as_it_was_reported[False]",
        apply=_read_no_reports,
    ),
]
