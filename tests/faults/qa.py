"""Faults of the QA lab."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from statistics import median_low
from typing import Any

import pytest

from downloads import planning, rendition_choice
from player.manifest.dash import segments as dash_segments
from player.manifest.model import Container, PlaylistInfo, TrackType
from player.media import demux, ts
from player.net import gate
from player.net.faults import FaultyTransport
from player.playback import stalls, steps, subtitles
from player.playback.progress import PlaybackProgress
from player.playback.settings import PlaybackSettings
from player.qa import explanations, har, limit, outcome, plan, thresholds
from player.qa.broadcast import playlist, recorded
from player.qa.broadcast.script import BroadcastScript
from player.qa.browser import forms
from player.qa.conform import (
    hls_dates,
    hls_media,
    hls_multivariant,
    hls_parts,
    hls_segments,
    hls_served,
    hls_syntax,
    hls_together,
)
from player.qa.conform.playlist import Playlist
from player.qa.history import compare as history_compare
from player.qa.ladder import measure as ladder_measure
from player.qa.ladder import rules as ladder_rules
from player.qa.picture import compare, judged, measure, verdict
from player.qa.picture.tape import TapedStream
from player.qa.recording.archive import ArchiveWriter
from player.qa.simulation import run
from player.qa.simulation.player import SimulatedPlayer
from player.qa.watch import ManifestWatch
from player.reporting.events import MediaDamaged
from player.reporting.startup import StartPart
from player.stream import continuity, streaming
from player.stream.continuity import TAIL_SLACK_S, Continuity, Coverage
from player.stream.emitter import Emitter
from player.stream.placement import Placement
from player.stream.segment_line import SegmentLine
from player.stream.sources import LoadedPlaylist, Sources
from player.stream.store import StoredSegment
from player.stream.stored_segments import StoreLibrary
from player.stream.timeline import Slot
from player.tracks import codec_probe, selection
from player.transfer import loader
from player.transfer.recovery import steps as recovery_steps
from player.transfer.recovery.model import Trouble
from tests import lies
from tests.faults.model import Fault
from ui.cli import qa_conform, qa_run


def far_off_is_a_warning(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ladder_rules, "DURATION_FAR_SHARE", math.inf)
    patch.setattr(ladder_rules, "AV_FAR_S", math.inf)


def only_the_first_audio_is_judged(patch: pytest.MonkeyPatch) -> None:
    real = ladder_rules._sound_and_pictures

    def first(ladder):
        sounds = [each for each in ladder if each.type is TrackType.AUDIO]
        return real([each for each in ladder if each not in sounds[1:]])

    patch.setattr(ladder_rules, "_sound_and_pictures", first)


def the_baseline_reddens_the_exit_code_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(history_compare, "findings", lambda _baseline, _outcome: ())


def any_baseline_fits(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(history_compare, "must_fit", lambda *_about, **_named: None)


def losses_are_not_compared(patch: pytest.MonkeyPatch) -> None:
    left = tuple(name for name in history_compare._NEVER if not name.startswith("lost_s"))
    patch.setattr(history_compare, "_NEVER", left)


def documents_of_yesterday_stay(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(qa_run, "take_away", lambda folder, **_named: folder and folder.mkdir(parents=True, exist_ok=True))


def an_engine_fault_leaves_no_documents(patch: pytest.MonkeyPatch) -> None:
    def nothing(_outcome: outcome.PlanOutcome, _folder: Path) -> None:
        return

    patch.setattr(qa_run, "write", nothing)


def browsers_pass_over_what_they_cannot(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(forms, "_NO_FORM", {})


def faults_that_meet_nothing_pass(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outcome, "_unused_faults", lambda _plan, _results: {})


def steps_that_do_not_take_place_pass(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(run, "note_untried", lambda *_about: None)


def any_language_is_the_one_asked_for(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(limit, "speaks", lambda _own, _wanted: True)


def subtitles_are_not_shown_in_virtual_time(patch: pytest.MonkeyPatch) -> None:
    command = SimulatedPlayer.command

    def none(self: SimulatedPlayer, *words: str) -> bool:
        return command(self, *words) and words[0] != "sub-add"

    patch.setattr(SimulatedPlayer, "command", none)


def both_periods_play_the_segment_on_their_border(patch: pytest.MonkeyPatch) -> None:
    bounds = Emitter._bounds

    def uncut(self: Emitter, slot: Slot, entry: StoredSegment, drift_s: float) -> list[float]:
        self._stated_until_s = lambda _period: -math.inf
        return bounds(self, slot, entry, drift_s)

    patch.setattr(Emitter, "_bounds", uncut)


def what_a_manifest_states_is_no_promise(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Sources, "stated_until_s", lambda _self, _period: -math.inf)


def subtitles_may_end_when_they_like(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(subtitles, "_SHORTER_S", math.inf)


def nobody_says_when_decoders_complained(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PlaybackProgress, "_note_complaints", lambda *_about: None)


def a_period_without_the_chosen_sound_is_silent(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(selection, "filled", lambda tracks, _periods, _rank: tuple(tracks))


def what_stands_in_is_kept_for_each_language(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rendition_choice, "id", lambda _rendition: object(), raising=False)


def a_field_is_a_picture(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ts, "_pair_fields", lambda _stream: None)


def lengths_count_by_when_pictures_are_shown(patch: pytest.MonkeyPatch) -> None:
    take = Coverage.take
    patch.setattr(
        Coverage, "take", lambda self, shown_s, duration_s, _decoded_s=None: take(self, shown_s, duration_s)
    )


def a_frame_of_audio_lasts_as_it_says(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(continuity, "heard_s", lambda duration_s, _before_s: duration_s)


def a_channel_may_jump(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(thresholds, "LIVE_MOVED", "")


def _raise(_writer: object, error: OSError) -> None:
    raise error


def foreign_formats_are_not_there(choose: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *arguments: (choose(*arguments)[0], {})


def only_the_last_of_those_that_begin_together(
    line: SegmentLine, start_s: float, stop_s: float, group: tuple[int, int]
) -> list[int]:
    late = [(position, line[position]) for position in range(line.at(start_s), len(line))]
    return [
        position
        for position, part in late
        if start_s < part.segment.end_s
        and part.segment.start_s < stop_s
        and (part.period, part.segment.discontinuity) == group
    ]


def the_end_is_where_frames_are_decoded(patch: pytest.MonkeyPatch) -> None:
    end_at = Continuity.end_at
    patch.setattr(Continuity, "end_at", lambda self, until_s, shown_until_s=0.0: end_at(self, until_s))


def the_first_quality_ends_the_film(patch: pytest.MonkeyPatch) -> None:
    async def as_they_are(_sources: object, _track: object, _rung: int, indexes: object, _sound: object) -> object:
        return indexes

    patch.setattr("player.stream.streaming.whole_indexes", as_they_are)


def a_title_with_one_endless_playlist_is_live(patch: pytest.MonkeyPatch) -> None:
    def sort(self: Sources, playlist: LoadedPlaylist, *, live: bool) -> None:
        self.live_playlists += [playlist] if live else []

    patch.setattr(Sources, "_sort", sort)


def a_cut_list_is_kept_as_a_film(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(planning, "_is_cut", lambda _presentation: False)


def a_channel_is_kept_as_a_film(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(planning, "_refuse_live", lambda _presentation: None)


def the_end_of_a_stall_is_going_on(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(limit, "_ENDING_S", 0.0)


def any_number_of_runs_writes_to_a_folder(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(qa_run, "_alone_in", lambda _folder: nullcontext())


def a_soak_passes_over_losses(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(thresholds, "implied", lambda _conditions, _runs: [])


def runs_resume_where_the_account_left_off(patch: pytest.MonkeyPatch) -> None:
    settings = plan._settings

    def kept(policy: str, seed: int, play: dict[str, object], bounds: dict[str, object]) -> PlaybackSettings:
        return settings(policy, seed, {**play, "state": "kept"}, bounds)

    patch.setattr(plan, "_settings", kept)


def nobody_follows_the_tracks(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Emitter, "_judge", lambda *_values: None)


def any_member_of_a_family_is_a_figure(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(thresholds, "_is_in_a_family", lambda metric: metric.partition(".")[0] in thresholds.FAMILIES)


def who_names_an_error_allows_failures(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outcome, "_ABOUT_FAILURE", ("failed", "ended", "errors", "errors.net.refused"))


def who_names_one_medium_allows_all_losses(patch: pytest.MonkeyPatch) -> None:
    def nothing_is_left(name: str, named: set[str]) -> list[str]:
        return [] if any(each.startswith(f"{name}.") for each in named) else [name]

    patch.setattr(thresholds, "_unnamed", nothing_is_left)


def a_plan_says_nothing_of_losses(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outcome, "implied", lambda _conditions, _runs: [])


def a_trickle_is_waited_for(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(gate, "_TRICKLE_BYTES_PER_S", 0.0)


def every_failure_has_its_own_line(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(explanations, "_FEW", 10_000)


def only_whole_segments_are_news(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ManifestWatch, "_newest", lambda _self, _name: (0, 0))


def any_segment_is_where_it_belongs(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Placement, "check", lambda *_values, **_named: None)


def a_file_may_change_in_mid_body(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(loader, "strong_etag", lambda _headers: "")


def wrong_bytes_are_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(measure, "_ERROR", re.compile("nothing of the kind"))


def a_part_passes_for_the_whole(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(gate.GateBody, "_refuse_a_part", lambda _self: None)


def only_looks_end_a_duration(patch: pytest.MonkeyPatch) -> None:
    async def between_looks(ready: steps.Ready, end_s: float) -> None:
        ready.progress.stop_at_s = end_s

    patch.setattr(steps, "_end_at", between_looks)


def a_file_has_options_before_it_has_begun(patch: pytest.MonkeyPatch) -> None:
    async def at_once(ready: steps.Ready, options: Mapping[str, str]) -> None:
        for name, value in options.items():
            await ready.control.run(ready.parts.player.set, f"file-local-options/{name}", value)

    patch.setattr(steps, "_set_for_file", at_once)


def a_run_that_hangs_is_over(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(run, "is_unfinished", lambda _report, _spec: False)


def a_trickle_is_an_outage(patch: pytest.MonkeyPatch) -> None:
    rows = {kind: {**row, Trouble.TRICKLE: row[Trouble.STALLED]} for kind, row in recovery_steps.MATRIX.items()}
    patch.setattr(recovery_steps, "MATRIX", rows)


def who_waits_for_bytes_is_busy(patch: pytest.MonkeyPatch) -> None:
    judge = stalls.StallDetector.judge
    patch.setattr(stalls.StallDetector, "judge", lambda self, look: judge(self, replace(look, starved=False)))


def a_restart_long_ago_was_in_vain(patch: pytest.MonkeyPatch) -> None:
    """Whatever pictures have come since."""
    judged = stalls.StallDetector._judged

    def judge(self: stalls.StallDetector, look: stalls.StallObservation, stood_s: float) -> stalls.StallFinding:
        before = list(self._restarts)
        found = judged(self, look, stood_s)
        long_ago = any(look.now_s - at_s >= stalls.GIVE_UP_S for at_s, _ in before)
        return replace(found, hopeless=found.hopeless or (long_ago and stood_s >= stalls.RESTART_S))

    patch.setattr(stalls.StallDetector, "_judged", judge)


def a_slow_decoder_is_dead(patch: pytest.MonkeyPatch) -> None:
    assess = stalls.StallDetector.assess
    patch.setattr(stalls.StallDetector, "assess", lambda self, look: assess(self, replace(look, decoding=False)))


def a_lying_server_is_its_own_reference(patch: pytest.MonkeyPatch) -> None:
    held = judged._reference
    patch.setattr(judged, "_reference", lambda spec: held(replace(spec, reference=None)))


def a_muxer_complains_for_a_decoder(patch: pytest.MonkeyPatch) -> None:
    pattern = re.compile(r"^\[\w+ @ 0x[0-9a-f]+\] \[(?:error|fatal|panic)\] ", re.MULTILINE)
    patch.setattr(measure, "_ERROR", pattern)


def no_buffer_before_a_dash_rung_begins(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ladder_rules.MeasuredRung, "steady_bps", property(lambda self: self.mean_bps))


def subtitles_are_not_swept(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ladder_rules, "_words", lambda _measured: ())


def what_all_lists_lack_is_not_missed(patch: pytest.MonkeyPatch) -> None:
    lengths = ladder_rules._lengths
    patch.setattr(
        ladder_rules, "_lengths", lambda ladder: lengths([replace(each, period_end_s=None) for each in ladder])
    )


def gaps_of_all_rungs_pass(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ladder_rules, "_gaps", lambda _ladder: ())


def subtitles_are_lost_in_silence(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(subtitles, "_TRIES", 10_000)


def tools_are_led_anywhere(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(gate.Gate, "led_by", lambda self, _url: self)


def a_track_is_followed_in_large_only(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Continuity, "_add_up", lambda *_values: None)


def no_segment_is_judged_as_a_whole(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Coverage, "close", lambda *_values, **_named: [])


def tracks_may_start_apart(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Emitter, "_judge_whole", lambda *_values: None)


def the_end_of_the_audio_is_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(StoreLibrary, "listed_until_s", lambda _self, _track: 0.0)


def what_comes_twice_passes(patch: pytest.MonkeyPatch) -> None:
    names = tuple(name for name in thresholds._NOTHING_OF if name != "repeated_s")
    patch.setattr(thresholds, "_NOTHING_OF", names)


def a_short_run_is_compared_as_far_as_it_goes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(compare, "_TAIL_S", float("inf"))


def a_run_without_a_reference_is_right(patch: pytest.MonkeyPatch) -> None:
    judge = verdict.judge
    patch.setattr(verdict, "judge", lambda *values, needs_reference, unseen: judge(*values))


def virtual_time_knows_one_file(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SimulatedPlayer, "command", lambda *_words: False)


def a_viewer_sees_all(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(judged, "unseen", lambda _report, _start_s: [])


def a_late_segment_comes_in_time(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(BroadcastScript, "late_s", lambda _self, _url: 0.0)


def a_live_run_is_on_the_day_it_is(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(run, "BEGAN_WALL_S", None)


CONFORM = "tests/player/qa/test_conform.py::"
KEPT = f"{CONFORM}test_a_rule_is_broken_by_one_manifest_and_kept_by_the_other"
TOGETHER = f"{CONFORM}test_a_rule_of_several_playlists_is_broken_by_one_presentation_and_kept_by_the_other"


def a_playlist_without_its_end_is_whole(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PlaylistInfo, "is_cut_off", False)


def names_beat_bytes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(demux.sniff, "sniff", lambda _head: Container.UNKNOWN)


def names_decide_what_is_video(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(codec_probe, "as_picture", lambda presentation, _rendition: presentation)


def audio_is_as_late_as_video(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("player.stream.feed._Lateness.of", lambda _self, _position, _slot, drift_s: (drift_s,))
    patch.setattr("player.stream.feed._Lateness.last_s", lambda _self, _slot, drift_s: drift_s)


def silent_advertisements_are_meant_so(patch: pytest.MonkeyPatch) -> None:
    genuine = ladder_rules._sound_inside

    def with_sound_only(measured: Any, number: int) -> Any:
        pieces = {measured.segments[each.position].discontinuity for each in measured.facts if each.sound is not None}
        kept = [each for each in measured.facts if measured.segments[each.position].discontinuity in pieces]
        return genuine(replace(measured, facts=kept or measured.facts), number)

    patch.setattr(ladder_rules, "_sound_inside", with_sound_only)


def the_ladder_lets_a_period_move_its_audio(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ladder_rules, "audio_moved_s", lambda *_: 0.0)
    patch.setattr(ladder_rules, "TOGETHER_S", -1.0)  # that they begin together, or do not, shows it too


_request = har._request


def without_headers(exchange: Any) -> dict[str, Any]:
    return _request(exchange) | {"headers": []}


_SPLICES = "tests/player/qa/test_splices.py::"


def raised(error: OSError, _args: object) -> int:
    raise error


FAULTS = [
    Fault(
        "qa-audio-that-first-comes-in-a-later-segment-passes",
        _SPLICES + "test_audio_that_begins_behind_the_first_segments_is_lost_until_then",
        lambda patch: patch.setattr("player.stream.continuity.Continuity.expect", lambda *_: None),
    ),
    Fault(
        "qa-declared-audio-that-never-comes-passes",
        _SPLICES + "test_audio_that_is_declared_and_in_no_segment_is_lost",
        lambda patch: patch.setattr("player.stream.emitter.codec_family", lambda *_: ""),
    ),
    Fault(
        "qa-an-empty-last-period-passes",
        _SPLICES + "test_a_period_none_of_whose_segments_is_of_its_time_is_lost",
        lambda patch: patch.setattr("player.stream.emitter.LAST_PERIOD", 0),
    ),
    Fault(
        "qa-an-mpd-that-ends-before-its-media-passes",
        _SPLICES + "test_an_mpd_that_ends_before_its_media_is_red",
        lambda patch: patch.setattr("player.stream.whole_index.unplayed_s", lambda *_: 0.0),
    ),
    Fault(
        "qa-the-ladder-lets-an-mpd-end-before-its-media",
        _SPLICES + "test_an_mpd_that_ends_before_its_media_is_red",
        lambda patch: patch.setattr(ladder_rules, "unplayed_s", lambda *_: 0.0),
    ),
    Fault(
        "qa-the-ladder-passes-over-splices",
        _SPLICES + "test_what_an_advertisement_lacks_is_missed",
        lambda patch: patch.setattr(ladder_rules, "_is_spliced", lambda *_: False),
    ),
    Fault(
        "qa-the-ladder-takes-silent-advertisements-for-meant",
        _SPLICES + "test_what_an_advertisement_lacks_is_missed",
        silent_advertisements_are_meant_so,
    ),
    Fault(
        "qa-the-ladder-lets-a-period-lack-its-audio",
        _SPLICES + "test_a_period_without_the_audio_that_others_have_and_one_too_late_are_errors_of_the_ladder",
        lambda patch: patch.setattr(ladder_rules, "_between", lambda _ladder: ()),
    ),
    Fault(
        "qa-an-offset-moves-audio-in-the-first-period",
        _SPLICES + "test_an_offset_that_puts_audio_apart_from_video_with_which_it_begins_is_red",
        lambda patch: patch.setattr("player.stream.sources.audio_put_s", lambda *_: 0.0),
    ),
    Fault(
        "qa-the-ladder-lets-an-offset-move-audio",
        _SPLICES + "test_an_offset_that_puts_audio_apart_from_video_with_which_it_begins_is_red",
        lambda patch: patch.setattr(ladder_rules, "TOGETHER_S", -1.0),
    ),
    Fault(
        "qa-what-is-lost-is-no-matter-of-pictures",
        "tests/player/qa/test_picture.py::test_a_stream_of_which_something_is_lost_is_red_whatever_its_pictures_are_like",
        lambda patch: patch.setattr("ui.cli.play_report.verdict_of", lambda *_args, **_more: 0),
    ),
    Fault(
        "qa-sentences-state-a-bitrate-that-nobody-told",
        "tests/player/qa/test_cut_playlists.py::test_no_sentence_states_a_bitrate_that_nobody_told",
        lambda patch: patch.setattr("abr.constraints.label", lambda rung: f"{rung.bitrate_bps / 1000:.0f} kbit/s"),
    ),
    Fault(
        "qa-whoever-is-no-cdn-is-the-service",
        "tests/player/reporting/test_report.py::test_the_ladder_the_paths_and_the_changes_between_them",
        lambda patch: patch.setattr("player.reporting.report._server_of", lambda *_: "service"),
    ),
    Fault(
        "qa-steering-is-asked-each-five-seconds",
        "tests/player/playback/test_steering.py::test_a_server_is_asked_as_often_as_it_says",
        lambda patch: patch.setattr("player.playback.steering.SHORTEST_TTL_S", 5.0),
    ),
    Fault(
        "qa-a-start-elsewhere-has-the-budgets-of-the-service",
        "tests/player/reporting/test_report.py::test_the_start_of_a_run_phase_by_phase",
        lambda patch: patch.setattr(StartPart, "over", property(lambda part: part.seconds > part.budget_s)),
    ),
    Fault(
        "qa-a-har-has-no-headers-of-requests",
        "tests/player/qa/test_proxy.py::test_what_a_player_asks_for_comes_through_and_is_written_down",
        lambda patch: patch.setattr(
            har, "_request", lambda exchange, made=har._request: made(exchange) | {"headers": []}
        ),
    ),
    Fault(
        "qa-virtual-time-takes-a-wrong-key",
        "tests/player/qa/test_spot_check.py::test_what_no_decoder_takes_is_an_error_in_virtual_time",
        lambda patch: patch.setattr("player.qa.simulation.spot_check._try", lambda *_: True),
    ),
    Fault(
        "qa-the-ladder-takes-a-held-picture-for-a-long-segment",
        "tests/player/qa/test_ladder.py::test_a_held_picture_is_no_long_segment",
        lambda patch: patch.setattr(
            ladder_rules,
            "_segments",
            lambda measured, _stills, genuine=ladder_rules._segments: genuine(measured, False),
        ),
    ),
    Fault(
        "qa-names-beat-bytes",
        "tests/player/media/test_names.py::test_a_transport_stream_is_one_whatever_its_name[packed_audio]",
        names_beat_bytes,
    ),
    Fault(
        "qa-names-decide-what-is-video",
        "tests/player/media/test_names.py::test_video_in_a_file_that_is_called_audio_is_a_video_track",
        names_decide_what_is_video,
    ),
    Fault(
        "qa-cut-playlists-pass",
        "tests/player/qa/test_cut_playlists.py::test_a_recording_whose_playlists_were_cut_off_does_not_pass",
        a_playlist_without_its_end_is_whole,
    ),
    Fault(
        "qa-cut-playlists-are-not-fetched-elsewhere",
        "tests/player/qa/test_cut_playlists.py::test_a_playlist_that_one_cdn_cut_off_is_fetched_from_the_other",
        a_playlist_without_its_end_is_whole,
    ),
    Fault(
        "qa-judges-what-was-never-shown",
        "tests/player/qa/test_picture.py::test_what_was_fetched_beyond_the_end_of_a_run_is_not_judged",
        lambda patch: patch.setattr("player.qa.picture.verdict._behind", lambda _until_s: (math.inf, math.inf)),
    ),
    Fault(
        "qa-browsers-never-pass",
        "tests/player/qa/test_outcome.py::test_what_no_browser_tells_is_not_held_against_its_player",
        lambda patch: patch.setattr("player.qa.run_spec.Labels.is_ours", True),
    ),
    Fault(
        "qa-any-type-is-that-of-a-playlist",
        "tests/player/qa/test_conform_served.py::test_a_playlist_that_nothing_tells_is_named",
        lambda patch: patch.setattr(hls_served, "_ENDS", ("",)),
    ),
    Fault(
        "qa-brands-are-of-any-age",
        "tests/player/qa/test_conform_media.py::test_a_segment_that_breaks_a_rule_is_named[media.brand]",
        lambda patch: patch.setattr(hls_media, "_BRANDS", re.compile(b".*", re.DOTALL)),
    ),
    Fault(
        "qa-keys-are-of-any-length",
        "tests/player/qa/test_conform_media.py::test_a_key_of_another_length_is_named",
        lambda patch: patch.setattr(hls_media, "_KEY_OCTETS", {}),
    ),
    Fault(
        "qa-packed-audio-has-no-timestamp",
        "tests/player/qa/test_conform_media.py::test_packed_audio_without_its_timestamp_is_named",
        lambda patch: patch.setattr(hls_media, "_PACKED", (".none",)),
    ),
    Fault(
        "qa-anything-is-an-attribute-list",
        f"{KEPT}[hls.attribute_list]",
        lambda patch: patch.setattr(hls_syntax, "_LIST", re.compile(".*")),
    ),
    Fault(
        "qa-tabs-are-no-control-characters",
        f"{KEPT}[hls.control]",
        lambda patch: patch.setattr(hls_syntax, "_CONTROL", re.compile("[\x00-\x08]")),
    ),
    Fault(
        "qa-counter-mode-has-an-iv",
        f"{KEPT}[hls.key_no_iv]",
        lambda patch: patch.setattr(hls_segments, "_OWN_IV", ()),
    ),
    Fault(
        "qa-tags-of-a-segment-stand-behind-its-parts",
        f"{KEPT}[hls.part_tags]",
        lambda patch: patch.setattr(hls_parts, "_OF_PARENT", ()),
    ),
    Fault(
        "qa-subtitles-have-channels",
        f"{KEPT}[hls.audio_only]",
        lambda patch: patch.setattr(hls_multivariant, "_OF_AUDIO", ()),
    ),
    Fault(
        "qa-splices-have-no-side",
        f"{KEPT}[hls.splice_side]",
        lambda patch: patch.setattr(hls_dates, "_leaves_network", lambda _value: None),
    ),
    Fault(
        "qa-session-keys-are-of-any-kind",
        f"{TOGETHER}[hls.session_key_same]",
        lambda patch: patch.setattr(hls_together, "_KEY_DEFAULTS", {}),
    ),
    Fault(
        "qa-what-is-not-judged-is-good",
        "tests/player/qa/test_conform.py::test_a_live_programme_without_a_refresh_is_not_judged",
        lambda patch: patch.setattr(qa_conform.Scope, "leave", lambda *_values, **_named: None),
    ),
    Fault(
        "qa-playlists-that-are-left-out-are-good",
        "tests/player/qa/test_conform.py::test_playlists_that_are_left_out_are_named_and_fail_unless_that_was_chosen",
        lambda patch: patch.setattr(qa_conform.Scope, "leave", lambda *_values, **_named: None),
    ),
    Fault(
        "qa-refreshes-of-an-mpd-are-playlists",
        "tests/player/qa/test_conform.py::test_refreshes_of_an_mpd_are_not_compared_as_playlists",
        lambda patch: patch.setattr(Playlist, "is_media", True),
    ),
    Fault(
        "qa-a-recorded-channel-answers-at-once",
        "tests/player/qa/test_recorded_channel.py::test_a_request_that_waits_for_news_is_answered_when_it_was_there",
        lambda patch: patch.setattr(recorded, "_news", lambda _text: (10**6, 0)),
    ),
    Fault(
        "qa-a-restart-has-no-discontinuity",
        "tests/player/qa/test_broadcast.py::test_an_encoder_that_restarts_sends_a_discontinuity_and_later_dates",
        lambda patch: patch.setattr(playlist, "with_restarts", lambda title, _restarts_s: title),
    ),
    Fault(
        "qa-subtitles-that-are-due-are-not-lost",
        "tests/player/qa/test_lies.py::test_subtitles_that_were_due_before_they_were_given_up_are_lost",
        lambda patch: patch.setattr(subtitles.SubtitleTracks, "end", lambda _self: None),
    ),
    Fault(
        "qa-subtitles-of-any-time-are-right",
        "tests/player/qa/test_lies.py::test_subtitles_that_do_not_come_or_are_those_of_another_time_are_lost",
        lambda patch: patch.setattr(subtitles.SubtitleTracks, "_is_elsewhere", lambda *_values: False),
    ),
    Fault(
        "qa-parts-may-be-late",
        "tests/player/qa/test_watch.py::test_parts_that_come_late_break_a_rule",
        lambda patch: patch.setattr(ManifestWatch, "_parts_late", lambda *_values, waited: ()),
    ),
    Fault(
        "qa-subtitles-are-not-swept",
        "tests/player/qa/test_ladder_words.py::test_subtitles_that_no_viewer_sees_are_red[away]",
        subtitles_are_not_swept,
    ),
    Fault(
        "qa-undecodable-media-plays-green",
        "tests/ui/cli/test_play_report.py::test_what_the_decoders_complain_about_is_red[3-1]",
        lambda patch: patch.setattr("player.qa.thresholds.DECODE_ERRORS", "of_another_name"),
    ),
    Fault(
        "qa-gaps-of-all-rungs-pass",
        "tests/player/qa/test_ladder.py::test_what_a_list_declares_missing_is_not_asked_for",
        gaps_of_all_rungs_pass,
    ),
    Fault(
        "qa-what-all-lists-lack-is-not-missed",
        "tests/player/qa/test_ladder_words.py::test_an_mpd_whose_media_end_before_it_does_is_red",
        what_all_lists_lack_is_not_missed,
    ),
    Fault(
        "qa-the-encoding-may-change-anywhere",
        "tests/player/qa/test_ladder.py::test_another_encoding_begins_at_a_discontinuity",
        lambda patch: patch.setattr(ladder_rules, "_encodings", lambda _measured: ()),
    ),
    Fault(
        "qa-muxed-audio-is-not-judged",
        "tests/player/qa/test_ladder.py::test_a_transport_stream_that_lost_its_audio_is_red",
        lambda patch: patch.setattr(ladder_rules, "_sounds_inside", lambda _measured: ()),
    ),
    Fault(
        "qa-a-segment-may-have-a-hole",
        "tests/player/qa/test_ladder.py::test_a_fragment_that_is_missing_in_the_middle_of_a_segment_is_red",
        lambda patch: patch.setattr(ladder_measure, "_break", lambda _samples, told: (0.0, None)),
    ),
    Fault(
        "qa-a-warning-however-far-off",
        "tests/player/qa/test_ladder.py::test_what_is_a_little_off_is_a_warning_and_what_is_far_off_an_error",
        far_off_is_a_warning,
    ),
    Fault(
        "qa-only-the-first-audio-is-judged",
        "tests/player/qa/test_ladder.py::"
        "test_audio_from_before_its_period_is_no_error_and_each_audio_rendition_is_judged",
        only_the_first_audio_is_judged,
    ),
    Fault(
        "qa-media-times-are-not-those-of-the-manifest",
        "tests/player/qa/test_ladder.py::test_media_of_another_time_than_the_manifest_tells_are_red",
        lambda patch: patch.setattr(ladder_rules, "_times", lambda _measured: ()),
    ),
    Fault(
        "qa-a-list-of-audio-may-be-short",
        "tests/player/qa/test_ladder.py::test_a_list_of_audio_that_ends_before_the_video_is_red",
        lambda patch: patch.setattr(ladder_rules, "_lengths", lambda _ladder: ()),
    ),
    Fault(
        "qa-lost-packets-are-not-counted",
        "tests/player/qa/test_ladder.py::test_a_transport_stream_that_lost_packets_is_red",
        lambda patch: patch.setattr(ladder_measure, "packet_faults", lambda _data: None),
    ),
    Fault(
        "qa-a-crash-is-a-lie-that-was-found",
        "tests/player/qa/test_lies_table.py::test_a_crash_is_no_failure_that_the_lie_has_caused",
        lambda patch: patch.setattr(lies, "_crash", lambda _report: ""),
    ),
    Fault(
        "qa-damaged-bytes-are-not-counted",
        "tests/player/qa/test_lies.py::test_the_bytes_of_a_segment_that_cannot_be_read_are_counted",
        lambda patch: patch.setattr(
            streaming, "MediaDamaged", lambda at_s, media, _size: MediaDamaged(at_s, media, 0)
        ),
    ),
    Fault(
        "qa-inspect-takes-any-timescale",
        "tests/player/qa/test_conform.py::test_inspect_and_conform_judge_a_timescale_by_one_rule[0]",
        lambda patch: patch.setattr(dash_segments, "timescale_of", lambda _text: 1),
    ),
    Fault(
        "qa-a-late-segment-comes-in-time",
        "tests/player/qa/test_broadcast.py::test_what_comes_late_stalls_and_the_programme_is_named_as_the_cause",
        a_late_segment_comes_in_time,
    ),
    Fault(
        "qa-a-late-programme-is-not-named",
        "tests/player/qa/test_broadcast.py::test_what_comes_late_stalls_and_the_programme_is_named_as_the_cause",
        lambda patch: patch.setattr(explanations, "_UNSENT", "nothing was being fetched"),
    ),
    Fault(
        "qa-a-live-run-is-on-the-day-it-is",
        "tests/player/qa/test_broadcast.py::test_a_live_run_has_its_own_date",
        a_live_run_is_on_the_day_it_is,
    ),
    Fault(
        "qa-a-viewer-sees-all",
        "tests/player/qa/test_picture.py::test_what_a_viewer_jumps_over_is_not_judged_and_the_rest_is",
        a_viewer_sees_all,
    ),
    Fault(
        "qa-small-holes-do-not-count",
        "tests/player/stream/test_continuity.py::test_small_holes_in_audio_add_up",
        a_track_is_followed_in_large_only,
    ),
    Fault(
        "qa-no-segment-is-judged-as-a-whole",
        "tests/player/stream/test_continuity.py::test_frames_whose_durations_nobody_states_last_until_the_next_one",
        no_segment_is_judged_as_a_whole,
    ),
    Fault(
        "qa-tracks-may-start-apart",
        "tests/player/qa/test_lies.py::test_audio_that_starts_later_than_the_video_is_lost",
        tracks_may_start_apart,
    ),
    Fault(
        "qa-video-may-end-before-the-audio",
        "tests/player/qa/test_lies.py::test_a_playlist_of_video_that_ends_before_that_of_audio_loses_video",
        the_end_of_the_audio_is_not_looked_at,
    ),
    Fault(
        "qa-what-comes-twice-passes",
        "tests/player/qa/test_lies.py::test_media_that_comes_twice_does_not_pass",
        what_comes_twice_passes,
    ),
    Fault(
        "qa-a-short-run-is-right",
        "tests/player/qa/test_picture.py::test_a_manifest_that_ends_early_is_found_against_one_that_does_not",
        a_short_run_is_compared_as_far_as_it_goes,
    ),
    Fault(
        "qa-no-reference-is-right",
        "tests/player/qa/test_picture.py::test_a_reference_that_does_not_play_judges_nothing_and_nothing_passes",
        a_run_without_a_reference_is_right,
    ),
    Fault(
        "qa-virtual-time-knows-one-file",
        "tests/player/qa/test_simulation.py::test_a_title_that_changes_its_codec_is_played_on_in_another_file",
        virtual_time_knows_one_file,
    ),
    Fault(
        "qa-tools-are-led-anywhere",
        "tests/ui/cli/test_qa_local_network.py::test_a_manifest_of_the_internet_leads_to_no_local_server[ladder]",
        tools_are_led_anywhere,
    ),
    Fault(
        name="qa-open-gop-is-damage",
        test="tests/player/qa/test_ladder.py::test_pictures_that_need_the_segment_before_are_told_from_damaged_ones",
        apply=lambda patch: patch.setattr(ladder_measure, "_leading", lambda _codec, _samples: 0),
    ),
    Fault(
        "qa-a-lying-server-is-its-own-reference",
        "tests/player/qa/test_picture.py::test_what_a_server_itself_mixes_up_is_found_against_one_that_is_right",
        a_lying_server_is_its_own_reference,
    ),
    Fault(
        "qa-a-muxer-complains-for-a-decoder",
        "tests/player/qa/test_picture.py::test_what_ffmpeg_says_is_read",
        a_muxer_complains_for_a_decoder,
    ),
    Fault(
        "qa-no-buffer-before-a-dash-rung-begins",
        "tests/player/qa/test_ladder.py::test_a_dash_rung_may_take_more_for_as_long_as_its_buffer_lasts",
        no_buffer_before_a_dash_rung_begins,
    ),
    Fault(
        "qa-only-looks-end-a-duration",
        "tests/ui/cli/test_recording.py::test_at_the_highest_speed_a_duration_is_kept_as_well",
        only_looks_end_a_duration,
    ),
    Fault(
        "qa-a-file-has-options-before-it-has-begun",
        "tests/ui/cli/test_recording.py::test_a_duration_is_kept_where_libmpv_begins_late",
        a_file_has_options_before_it_has_begun,
    ),
    Fault(
        "qa-a-run-that-hangs-is-over",
        "tests/player/qa/test_lies.py::test_a_run_that_hangs_until_its_limit_does_not_pass",
        a_run_that_hangs_is_over,
    ),
    Fault(
        "qa-a-trickle-is-an-outage",
        "tests/player/qa/test_lies.py::test_a_body_that_trickles_is_given_up_for_good[video]",
        a_trickle_is_an_outage,
    ),
    Fault(
        "qa-who-waits-for-bytes-is-busy",
        "tests/player/playback/test_stalls.py::test_the_cause_of_a_stall",
        who_waits_for_bytes_is_busy,
    ),
    Fault(
        "qa-restart-long-ago-was-in-vain",
        "tests/player/playback/test_stalls.py::test_a_slow_machine_whose_pictures_come_now_and_then_is_not_given_up",
        a_restart_long_ago_was_in_vain,
    ),
    Fault(
        "qa-slow-decoder-is-dead",
        "tests/player/playback/test_stalls.py::test_a_decoder_that_takes_in_more_is_slow_and_not_dead",
        a_slow_decoder_is_dead,
    ),
    Fault(
        "qa-slow-decoder-is-dead-at-a-look",
        "tests/player/playback/test_progress.py::test_a_slow_decoder_is_told_from_a_dead_one[a slow decoder]",
        a_slow_decoder_is_dead,
    ),
    Fault(
        "qa-subtitles-are-lost-in-silence",
        "tests/player/playback/test_subtitles.py::test_a_segment_that_stays_away_is_told_once_as_lost",
        subtitles_are_lost_in_silence,
    ),
    Fault(
        "qa-any-segment-is-where-it-belongs",
        "tests/player/qa/test_lies.py::test_a_stale_segment_of_one_cdn_is_fetched_from_the_other",
        any_segment_is_where_it_belongs,
    ),
    Fault(
        "qa-a-file-may-change-in-mid-body",
        "tests/player/transfer/test_loader.py::test_a_file_that_becomes_another_one_in_mid_body_is_not_mixed",
        a_file_may_change_in_mid_body,
    ),
    Fault(
        "qa-wrong-bytes-are-not-looked-at",
        "tests/player/qa/test_picture.py::test_wrong_bytes_in_the_right_place_are_found",
        wrong_bytes_are_not_looked_at,
    ),
    Fault(
        "qa-a-part-passes-for-the-whole",
        "tests/player/net/test_faults.py::test_what_cannot_be_used_is_an_error",
        a_part_passes_for_the_whole,
    ),
    Fault(
        "qa-a-trickle-is-waited-for",
        "tests/player/net/test_gate.py::test_a_trickle_is_given_up_like_silence",
        a_trickle_is_waited_for,
    ),
    Fault(
        "qa-why-repeats-itself",
        "tests/player/qa/test_outcome.py::test_what_happens_again_and_again_is_one_line",
        every_failure_has_its_own_line,
    ),
    Fault(
        "qa-watch-blames-parts",
        "tests/player/qa/test_watch.py::test_a_blocking_reload_that_brings_a_part_has_brought_something",
        only_whole_segments_are_news,
    ),
    Fault(
        "qa-lost-audio-passes",
        "tests/player/qa/test_lies.py::test_what_a_cdn_leaves_out_is_lost_and_said",
        nobody_follows_the_tracks,
    ),
    Fault(
        "qa-any-member-of-a-family-is-a-figure",
        "tests/player/qa/test_outcome.py::test_a_figure_that_there_cannot_be_is_refused",
        any_member_of_a_family_is_a_figure,
    ),
    Fault(
        "qa-who-names-an-error-allows-failures",
        "tests/player/qa/test_outcome.py::test_a_failure_breaks_a_plan_that_speaks_of_errors",
        who_names_an_error_allows_failures,
    ),
    Fault(
        "qa-who-names-one-medium-allows-all-losses",
        "tests/player/qa/test_outcome.py::test_who_names_one_medium_has_said_nothing_of_the_others",
        who_names_one_medium_allows_all_losses,
    ),
    Fault(
        "qa-plans-pass-over-losses",
        "tests/player/qa/test_lies.py::test_a_plan_without_a_word_about_it_fails_where_something_is_lost",
        a_plan_says_nothing_of_losses,
    ),
    Fault(
        "qa-resumes-where-the-account-left-off",
        "tests/player/qa/test_state.py::test_a_plan_neither_uses_nor_changes_where_the_viewer_is",
        runs_resume_where_the_account_left_off,
    ),
    Fault(
        "qa-baseline-reddens-no-document",
        "tests/ui/cli/test_qa_verdicts.py::test_what_is_worse_than_the_baseline_is_red_in_each_document",
        the_baseline_reddens_the_exit_code_alone,
    ),
    Fault(
        "qa-any-baseline-fits",
        "tests/ui/cli/test_qa_verdicts.py::test_what_is_worse_than_the_baseline_is_red_in_each_document",
        any_baseline_fits,
    ),
    Fault(
        "qa-baseline-passes-over-losses",
        "tests/ui/cli/test_qa_verdicts.py::test_a_run_that_lost_less_does_not_make_up_for_one_that_lost_more",
        losses_are_not_compared,
    ),
    Fault(
        "qa-documents-of-yesterday-stay",
        "tests/ui/cli/test_qa_verdicts.py::test_a_broken_plan_leaves_no_documents_of_an_earlier_one",
        documents_of_yesterday_stay,
    ),
    Fault(
        "qa-engine-fault-leaves-no-documents",
        "tests/ui/cli/test_qa_verdicts.py::test_runs_that_did_not_run_are_errors",
        an_engine_fault_leaves_no_documents,
    ),
    Fault(
        "qa-browsers-pass-over-what-they-cannot",
        "tests/ui/cli/test_qa_verdicts.py::test_what_a_browser_has_no_form_for_is_refused",
        browsers_pass_over_what_they_cannot,
    ),
    Fault(
        "qa-faults-that-meet-nothing-pass",
        "tests/ui/cli/test_qa_verdicts.py::test_a_fault_that_meets_no_request_breaks_the_plan",
        faults_that_meet_nothing_pass,
    ),
    Fault(
        "qa-steps-that-do-not-take-place-pass",
        "tests/ui/cli/test_qa_verdicts.py::test_a_step_that_does_not_take_place_breaks_the_plan",
        steps_that_do_not_take_place_pass,
    ),
    Fault(
        "qa-any-language-passes",
        "tests/ui/cli/test_qa_verdicts.py::test_a_language_that_the_source_does_not_have_breaks_the_plan",
        any_language_is_the_one_asked_for,
    ),
    Fault(
        "qa-late-subtitles-are-not-read-in-virtual-time",
        "tests/player/qa/test_lies.py::test_subtitles_of_a_long_title_are_followed_to_its_end",
        subtitles_are_not_shown_in_virtual_time,
    ),
    Fault(
        "qa-what-an-mpd-states-is-no-promise",
        "tests/player/qa/test_lies.py::test_what_a_manifest_promises_and_does_not_list_is_lost",
        what_a_manifest_states_is_no_promise,
    ),
    Fault(
        "qa-subtitles-end-too-soon",
        "tests/player/qa/test_lies.py::test_what_a_manifest_promises_and_does_not_list_is_lost",
        subtitles_may_end_when_they_like,
    ),
    Fault(
        "qa-decoder-complaints-have-no-place",
        "tests/player/qa/test_lies_real.py::test_bytes_that_no_decoder_takes_fail_the_run",
        nobody_says_when_decoders_complained,
    ),
    Fault(
        "qa-a-period-without-the-chosen-sound-is-silent",
        "tests/player/qa/test_lies.py::test_where_a_period_lacks_the_language_another_one_is_heard",
        a_period_without_the_chosen_sound_is_silent,
    ),
    Fault(
        "qa-what-stands-in-is-kept-for-each-language",
        "tests/downloads/test_rules.py::test_a_sound_that_stands_in_for_two_languages_is_kept_once",
        what_stands_in_is_kept_for_each_language,
    ),
    Fault(
        "qa-a-field-is-a-picture",
        "tests/player/qa/test_uneven_video.py::test_pictures_of_two_fields_among_whole_frames_are_sound",
        a_field_is_a_picture,
    ),
    Fault(
        "qa-lengths-count-by-when-pictures-are-shown",
        "tests/player/stream/test_continuity.py::"
        "test_pictures_of_different_lengths_that_are_reordered_cover_their_time",
        lengths_count_by_when_pictures_are_shown,
    ),
    Fault(
        "qa-a-frame-of-audio-lasts-as-it-says",
        "tests/player/stream/test_continuity.py::"
        "test_audio_that_is_stated_to_last_longer_than_its_codec_allows_is_lost",
        a_frame_of_audio_lasts_as_it_says,
    ),
    Fault(
        "qa-a-channel-may-jump",
        "tests/player/qa/test_outcome.py::test_a_channel_that_had_to_go_on_elsewhere_does_not_pass",
        a_channel_may_jump,
    ),
    Fault(
        "qa-a-cut-playlist-makes-a-film-live",
        "tests/player/qa/test_cut_playlists.py"
        "::test_a_playlist_without_a_type_and_an_end_beside_whole_ones_was_cut_off",
        a_title_with_one_endless_playlist_is_live,
    ),
    Fault(
        "qa-the-first-quality-ends-the-film",
        "tests/player/qa/test_short_lists.py::test_a_film_is_played_to_its_end_though_one_quality_ends_before",
        the_first_quality_ends_the_film,
    ),
    Fault(
        "qa-a-short-quality-is-never-played",
        "tests/player/qa/test_short_lists.py::test_a_film_is_played_to_its_end_though_one_quality_ends_before",
        lambda patch: patch.setattr("player.stream.main_track.ends_before", lambda _index, _slot: True),
    ),
    Fault(
        "qa-nobody-knows-which-rules-met-a-browser",
        "tests/player/qa/test_proxy.py::test_faults_reach_the_player_and_may_be_changed_while_it_plays",
        lambda patch: patch.setattr(
            "player.qa.proxy.server.FaultyTransport",
            lambda inner, clock, plan, _tried: FaultyTransport(inner, clock, plan),
        ),
    ),
    Fault(
        "qa-the-end-is-where-frames-are-decoded",
        "tests/player/stream/test_continuity.py::test_the_end_is_where_frames_are_shown_and_not_where_they_are_decoded",
        the_end_is_where_frames_are_decoded,
    ),
    Fault(
        "qa-pictures-lost-before-the-packager-pass",
        "tests/player/qa/test_uneven_video.py::test_pictures_that_never_reached_the_packager_fail_a_run_and_a_ladder",
        lambda patch: patch.setattr("player.stream.continuity.PictureFlow._judged", lambda *_: None),
    ),
    Fault(
        "qa-each-other-picture-may-be-missing",
        "tests/player/stream/test_continuity.py::test_frames_cover_their_time_once",
        lambda patch: patch.setattr("player.stream.continuity._SLOWER", math.inf),
    ),
    Fault(
        "qa-a-video-that-ends-before-its-audio-passes",
        "tests/player/qa/test_uneven_video.py::test_pictures_that_never_reached_the_packager_fail_a_run_and_a_ladder",
        lambda patch: patch.setattr("player.stream.emitter._LONGER_S", math.inf),
    ),
    Fault(
        "qa-a-period-without-its-beginning-passes",
        "tests/player/qa/test_borders_in_segments.py::test_a_second_period_whose_offset_is_wrong_by_a_segment_is_red",
        lambda patch: patch.setattr(Emitter, "_judge_border", lambda *_: None),
    ),
    Fault(
        "qa-a-cdn-that-nobody-asked-holds-at-nothing",
        "tests/player/qa/test_outcome.py::test_a_cdn_that_nobody_asked_is_not_judged_unless_the_plan_names_it",
        lambda patch: patch.setattr(thresholds, "cdn_of", lambda _name: ""),
    ),
    Fault(
        "qa-audio-filled-with-silence-is-not-lost",
        "tests/player/qa/test_browser.py::test_audio_that_a_player_fills_with_silence_is_lost",
        lambda patch: patch.setattr("player.qa.browser.run.AUDIO_SLACK_S", math.inf),
    ),
    Fault(
        "qa-a-dead-channel-passes-in-a-short-time",
        "tests/player/qa/test_watch.py::test_a_channel_that_stands_still_does_not_pass_in_a_short_time",
        lambda patch: patch.setattr("player.qa.watch.silent", lambda _found: []),
    ),
    Fault(
        "qa-a-torn-recording-stays",
        "tests/player/qa/test_full_disk.py::test_a_run_whose_recording_finds_no_room_is_played_and_says_so",
        lambda patch: patch.setattr(ArchiveWriter, "_give_up", _raise),
    ),
    Fault(
        "qa-a-torn-tape-is-judged",
        "tests/player/qa/test_full_disk.py::test_a_tape_that_finds_no_room_is_not_judged",
        lambda patch: patch.setattr(TapedStream, "finish", lambda _self: None),
    ),
    Fault(
        "qa-a-cut-list-is-kept-as-a-film",
        "tests/downloads/test_planning.py::test_a_title_is_not_kept_without_its_end",
        a_cut_list_is_kept_as_a_film,
    ),
    Fault(
        "qa-a-channel-is-kept-as-a-film",
        "tests/downloads/test_planning.py::test_a_channel_is_not_kept_for_a_film",
        a_channel_is_kept_as_a_film,
    ),
    Fault(
        "qa-stale-live-list-passes",
        "tests/ui/cli/test_qa_verdicts.py::test_a_stall_that_the_end_of_the_run_ends_is_unfinished",
        the_end_of_a_stall_is_going_on,
    ),
    Fault(
        "qa-two-runs-write-to-one-folder",
        "tests/ui/cli/test_qa_verdicts.py::test_two_runs_do_not_write_to_one_folder",
        any_number_of_runs_writes_to_a_folder,
    ),
    Fault(
        "qa-soak-passes-over-losses",
        "tests/ui/cli/test_qa_verdicts.py::test_a_soak_that_loses_media_is_red",
        a_soak_passes_over_losses,
    ),
    Fault(
        "qa-both-periods-play-the-segment-on-their-border",
        "tests/player/stream/test_emitter.py::test_what_a_segment_holds_beyond_its_period_is_not_heard_twice",
        both_periods_play_the_segment_on_their_border,
    ),
    Fault(
        "qa-a-picture-that-stands-long-is-lost",
        "tests/player/qa/test_uneven_video.py::test_a_picture_that_stands_long_is_no_loss",
        lambda patch: patch.setattr(Emitter, "_goes_on", lambda *_: False),
    ),
    Fault(
        "qa-pictures-cut-off-a-segment-pass",
        "tests/player/qa/test_uneven_video.py::test_pictures_that_are_missing_are_lost",
        lambda patch: patch.setattr(Emitter, "_goes_on", lambda *_: True),
    ),
    Fault(
        "qa-pictures-cut-out-of-a-segment-pass",
        "tests/player/qa/test_uneven_video.py::test_pictures_that_are_missing_are_lost",
        lambda patch: patch.setattr("player.media.ts.follows", lambda *_: True),
    ),
    Fault(
        "qa-the-ladder-takes-a-still-for-a-gap",
        "tests/player/qa/test_uneven_video.py::test_a_picture_that_stands_long_is_no_loss",
        lambda patch: patch.setattr("player.qa.ladder.sweep.standing", lambda facts: facts),
    ),
    Fault(
        "qa-audio-in-a-foreign-format-is-no-loss",
        "tests/player/qa/test_starts_and_formats.py::test_audio_that_nothing_here_reads_is_lost_and_the_video_plays",
        lambda patch: patch.setattr(ts, "_choose", foreign_formats_are_not_there(ts._choose)),
    ),
    Fault(
        "qa-video-in-a-foreign-format-is-damaged",
        "tests/player/qa/test_starts_and_formats.py::test_video_that_nothing_here_reads_is_unsupported_and_not_damaged",
        lambda patch: patch.setattr(ts, "_choose", foreign_formats_are_not_there(ts._choose)),
    ),
    Fault(
        "qa-video-before-the-start-is-lost",
        "tests/player/qa/test_starts_and_formats.py"
        "::test_audio_before_the_first_picture_is_told_and_no_video_is_lost",
        lambda patch: patch.setattr("player.stream.emitter._TITLE_START_S", -math.inf),
    ),
    Fault(
        "qa-losses-at-one-time-are-added-up",
        "tests/player/qa/test_starts_and_formats.py::test_what_is_lost_of_several_media_at_once_counts_once",
        lambda patch: patch.setattr(
            "player.qa.thresholds.at_once_s", lambda told, kind: math.fsum(told[f"{kind}_s"].values())
        ),
    ),
    Fault(
        "qa-a-segment-on-a-border-is-played-twice",
        "tests/player/qa/test_borders_in_segments.py::test_each_moment_is_played_once",
        lambda patch: patch.setattr("player.stream.timeline._once", lambda found: (found, set())),
    ),
    Fault(
        "qa-audio-of-a-segment-on-a-border-is-lost",
        "tests/player/qa/test_borders_in_segments.py::test_each_moment_is_played_once",
        lambda patch: patch.setattr(SegmentLine, "overlapping", only_the_last_of_those_that_begin_together),
    ),
    Fault(
        "qa-reordered-pictures-that-stand-are-misplaced",
        "tests/player/qa/test_uneven_video.py::test_reordered_pictures_that_stand_for_a_second_take_no_audio_away",
        lambda patch: patch.setattr(Emitter, "_is_next", lambda *_: False),
    ),
    Fault(
        "qa-audio-is-looked-for-where-the-video-is-late",
        "tests/player/qa/test_uneven_video.py::test_reordered_pictures_that_stand_for_a_second_take_no_audio_away",
        audio_is_as_late_as_video,
    ),
    Fault(
        "qa-a-slot-has-the-audio-of-its-own-time-only",
        "tests/player/qa/test_uneven_video.py::test_reordered_pictures_that_stand_for_a_second_take_no_audio_away",
        lambda patch: patch.setattr("player.stream.feed._reaching", lambda slot, *_: slot),
    ),
    Fault(
        "qa-a-period-moves-its-audio-unseen",
        "tests/player/qa/test_borders_in_segments.py"
        "::test_a_second_period_whose_audio_is_a_second_from_its_video_is_red",
        lambda patch: patch.setattr("player.stream.sources.audio_moved_s", lambda *_: 0.0),
    ),
    Fault(
        "qa-the-ladder-lets-a-period-move-its-audio",
        "tests/player/qa/test_borders_in_segments.py"
        "::test_a_second_period_whose_audio_is_a_second_from_its_video_is_red",
        the_ladder_lets_a_period_move_its_audio,
    ),
    Fault(
        "qa-audio-that-begins-late-passes",
        "tests/player/qa/test_starts_and_formats.py::test_audio_that_starts_behind_the_first_picture_is_lost",
        lambda patch: patch.setattr("player.stream.emitter.APART_S", TAIL_SLACK_S),
    ),
    Fault(
        "qa-the-ladder-lets-audio-begin-late",
        "tests/player/qa/test_starts_and_formats.py::test_audio_that_starts_behind_the_first_picture_is_lost",
        lambda patch: patch.setattr(ladder_rules, "APART_S", ladder_rules.AV_FAR_S),
    ),
    Fault(
        "qa-a-second-audio-track-in-a-segment-is-not-looked-at",
        "tests/player/qa/test_ladder.py::test_a_second_audio_track_that_a_segment_lacks_is_an_error",
        lambda patch: patch.setattr("player.qa.ladder.measure.Ruler._other", lambda *_: None),
    ),
    Fault(
        "qa-two-pictures-of-five-missing-throughout-pass",
        "tests/player/stream/test_continuity.py"
        "::test_pictures_that_are_missing_at_one_rate_throughout_stand_where_the_pace_shows_it",
        lambda patch: patch.setattr("player.stream.continuity._step_s", median_low),
    ),
    Fault(
        "qa-what-ended-a-browsers-player-is-its-decoder",
        "tests/player/qa/test_browser.py::test_a_player_that_gives_up_has_failed_where_it_says[drm-drm.licence_refused]",
        lambda patch: patch.setattr("player.qa.browser.run._CODES", dict.fromkeys(("media", "drm"), "media.decoder")),
    ),
    Fault(
        "qa-audio-in-the-video-that-is-not-played-passes",
        "tests/player/qa/test_unplayed_audio.py::test_what_an_audio_track_lacks_that_is_not_played_is_lost",
        lambda patch: patch.setattr("player.stream.beside.Beside.numbers", lambda *_: range(0)),
    ),
    Fault(
        "qa-soak-passes-while-a-playback-hangs",
        "tests/ui/cli/test_qa_verdicts.py::test_a_soak_that_hangs_when_its_time_is_up_is_red[30.0-1]",
        lambda patch: patch.setattr("player.qa.limit.stood_s", lambda _report: 0.0),
    ),
    Fault(
        "cli-an-error-on-a-full-disk-is-a-traceback",
        "tests/ui/cli/test_main.py::test_an_error_is_told_though_its_document_cannot_be_written",
        lambda patch: patch.setattr("ui.cli.main._tell_file", raised),
    ),
]
