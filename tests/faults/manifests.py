"""Faults of the manifest readers."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from player.manifest.dash import (
    cut,
    descriptors,
    events,
    imports,
    live,
    mpd,
    periods,
    preselections,
    query,
    remote,
    representation,
    segments,
    timeline,
)
from player.manifest.dash.query import Queries
from player.manifest.hls import build, media, multivariant, tracks
from player.media import timed_metadata
from player.net import local_network
from player.net.local_network import LocalServers
from player.playback import session
from player.playback.ending import PlaybackEnding
from player.playback.live import LivePlayback
from player.playback.session import Session
from player.reporting import rows
from player.stream import header, inband, main_track
from player.title import opening
from player.title.opening import PlaybackSource, TitleAddresses, failure_of
from player.tracks import selection
from tests.faults.model import Fault
from ui.cli import inspect, inspect_table

_READER = "tests/player/manifest"


def _screen_without_bounds(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(inspect_table, "SCREEN_ROWS", 1000)


def _media_events_without_payload(patch: pytest.MonkeyPatch) -> None:
    from player.manifest.dump import document

    original = document.timed_events_to_json
    patch.setattr(document, "timed_events_to_json", lambda given: [{**row, "payload": ""} for row in original(given)])


def _wide_plot(patch: pytest.MonkeyPatch) -> None:
    from ui.cli import inspect_plot

    original = inspect_plot.plot
    patch.setattr(inspect_plot, "plot", lambda presentation: original(presentation, 72))


def _no_parameters(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Queries, "extend", lambda self, _element: self)


def _no_patterns(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(timeline, "_patterns", lambda _element, _trouble: {})


def _long_patterns_not_there(patch: pytest.MonkeyPatch) -> None:
    read = timeline._patterns
    patch.setattr(
        timeline, "_patterns", lambda element, trouble: {k: v for k, v in read(element, trouble).items() if v}
    )


def _schemes_letter_by_letter(patch: pytest.MonkeyPatch) -> None:
    for module in (imports, query, live):
        patch.setattr(module, "folded", lambda text: (text or "").strip())
    patch.setattr(descriptors.Descriptor, "known", property(lambda item: item.scheme))


def _sequences_not_understood(patch: pytest.MonkeyPatch) -> None:
    known = descriptors._UNDERSTOOD_ESSENTIAL
    patch.setattr(descriptors, "_UNDERSTOOD_ESSENTIAL", known - {"urn:mpeg:dash:ssr:2023"})


def _each_essential_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        descriptors,
        "misunderstood",
        lambda essential: [item for item in essential if not descriptors.essential_understood(item)],
    )


def _last_number_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(descriptors, "last_number", lambda _properties: None)


def _led_anywhere(patch: pytest.MonkeyPatch) -> None:
    async def everywhere(*_everything: object) -> bool:
        return False

    patch.setattr(LocalServers, "leads_outside", everywhere)


def _hosts_as_written(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(local_network, "_host_of", lambda url: urlsplit(url).hostname or "")


def _redirected_anywhere(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(LocalServers, "is_public", lambda *_everything: False)


def _no_splices_in_transport_streams(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(timed_metadata, "splices_in_transport_stream", lambda _data: iter(()))


def _report_shows_all(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rows, "_said", lambda text: text)


def _terminal_steered(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(inspect, "printable", lambda line: line)


def _long_lines_on_the_first_screen(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(inspect_table, "_cut", lambda line: line)


def _only_plain_addresses_redacted(patch: pytest.MonkeyPatch) -> None:
    from player.net import redact

    patch.setattr(redact, "_redact_reference", lambda word: word)


def _queries_of_any_length(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(query, "MAX_URL_CHARACTERS", 1 << 60)


def _preselections_without_bound(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(preselections, "MAX_RENDITIONS", 1 << 30)


def _sequences_joined(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(selection, "_in_sequences", lambda _track: False)


def _preselections_taken_unread(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(preselections, "_is_not_understood", lambda *_everything: False)


def _events_as_written(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(events, "_decoded", lambda _event, _scheme, payload: payload)


def _back_in_time(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(timeline._Runs, "_goes_back", lambda *_everything: False)


def _starts_believed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(periods, "_repaired", lambda _context, starts, total_s: (starts, total_s))


def _for_all_screens(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(tracks, "_restricted", lambda _source, _folded: {})


def _one_file_refuses_all(patch: pytest.MonkeyPatch) -> None:
    def whole(self: multivariant._MultivariantReader, reference: str, line: int) -> str:
        url = self.resolve(reference)
        self.notes.check_url(url, self.url, data_allowed=True, line=line)
        return url

    patch.setattr(multivariant._MultivariantReader, "_url", whole)


def _imports_only_reported(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(remote, "_resolve_imports", lambda *_everything: False)


def _one_name_for_chaining(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(imports, "CHAINING", frozenset({"urn:mpeg:dash:mpd-chaining:2016"}))


def _nothing_follows(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(mpd, "_following", lambda *_everything: "")


def _no_fallback_later(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PlaybackEnding, "go_on", lambda self, *_addresses: self._monitor.fail(failure_of(self.failure)))


def _fallback_from_the_start(patch: pytest.MonkeyPatch) -> None:
    original = session.TitleAddresses

    def start(places: Any, offer: Any, _place_s: float, name: str) -> TitleAddresses:
        return original(places, offer, 0.0, name)

    patch.setattr(session, "TitleAddresses", start)


def _chained_without_end(patch: pytest.MonkeyPatch) -> None:
    def always(self: Session) -> PlaybackSource | None:
        found = self._parts.ending.following
        return replace(self._parts.source, url=found[0]) if found and not self._stopping.is_set() else None

    patch.setattr(Session, "_following", always)


def _over_only_by_news(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(LivePlayback, "_has_ended", lambda self: not self._programme.presentation.live)


def _no_fallback(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(opening, "_is_playable", lambda _presentation: True)
    _no_fallback_later(patch)  # else the playback itself finds it


def _piece_by_piece(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(inspect, "_print_json", lambda document: json.dump(document, sys.stdout))


def _systems_by_number(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(inspect_table, "system_name", lambda system_id: system_id)


def _each_warning(patch: pytest.MonkeyPatch) -> None:
    original = inspect_table._warnings
    patch.setattr(inspect_table, "_warnings", lambda warnings, **_whole: original(warnings, whole=True))


def _cues_dropped(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(build, "_placed", lambda known, _playlist: known)


def _bare_cues(patch: pytest.MonkeyPatch) -> None:
    original = media.CueTag

    def bare(*values: Any) -> media.CueTag:
        return replace(original(*values), attributes={})

    patch.setattr(media, "CueTag", bare)


def _failed_media_played(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(segments, "failures", lambda _addressing, _start_s: [])


def _no_preselections(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(periods, "with_preselections", lambda _period, tracks: list(tracks))


def _switched_anywhere(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(main_track, "may_switch_to", lambda _rendition, _slot: True)


def _entered_anywhere(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(header, "may_enter", lambda _rendition, _slot: True)


def _no_subsets(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(selection, "within_subsets", lambda presentation, _rank: presentation)


def _each_period_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(selection, "in_all_periods", lambda _presentation: frozenset())
    patch.setattr(selection, "sharing", lambda tracks, _lead: tracks)


def _no_components(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(representation, "component_codecs", lambda _element: ())


def _no_operating_range(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(selection, "outside", lambda *_everything: frozenset())


def _no_target(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(selection, "target_bps", lambda *_everything: None)


def _one_clock(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(mpd, "with_reference", lambda info, *_everything: info)


def _no_events_in_media(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(inband, "events_of", lambda *_everything: ())


def _auxiliary_streams_offered(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(preselections, "_parts", lambda _period: set())


def _no_holders(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(preselections, "_holders", lambda _period: {})


def _always_read_whole(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(build, "grown", lambda *_everything: None)


def _timelines_in_the_tree(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(cut, "read_plain", lambda _content: None)


_STREAM, _CHOICE = "tests/player/stream/test_access.py", "tests/player/tracks/test_combinations.py"

FAULTS = [
    Fault(
        "manifest-switching-ignored",
        f"{_STREAM}::test_a_better_rung_waits_for_a_switching_point",
        _switched_anywhere,
    ),
    Fault(
        "manifest-random-access-ignored",
        f"{_STREAM}::test_jumps_lead_to_where_decoding_may_begin",
        _entered_anywhere,
    ),
    Fault("manifest-subset-ignored", f"{_CHOICE}::test_only_what_is_in_one_subset_is_played_together", _no_subsets),
    Fault(
        "manifest-initialization-set-ignored",
        f"{_CHOICE}::test_periods_are_played_with_the_sets_of_one_initialization_set",
        _each_period_alone,
    ),
    Fault(
        "manifest-sub-representation-ignored",
        f"{_CHOICE}::test_sound_inside_the_video_is_known_from_its_components",
        _no_components,
    ),
    Fault(
        "manifest-operating-range-ignored",
        f"{_CHOICE}::test_auto_and_downloads_keep_to_the_operating_range",
        _no_operating_range,
    ),
    Fault(
        "manifest-operating-target-ignored",
        f"{_CHOICE}::test_an_unknown_network_starts_where_the_service_expects_it",
        _no_target,
    ),
    Fault(
        "manifest-latency-reference-ignored",
        f"{_CHOICE}::test_the_latency_counts_by_the_clock_that_it_refers_to",
        _one_clock,
    ),
    Fault(
        "manifest-events-in-the-media-dropped",
        "tests/e2e/test_dash_editions.py::test_events_in_the_media_stand_in_the_report_once",
        _no_events_in_media,
    ),
    Fault(
        "manifest-preselection-of-content-components",
        f"{_READER}/test_preselections.py::test_components_of_one_stream_are_named_too",
        _no_holders,
    ),
    Fault(
        "manifest-auxiliary-stream-offered",
        f"{_READER}/test_preselections.py::test_streams_that_only_complete_others_are_not_chosen",
        _auxiliary_streams_offered,
    ),
    Fault(
        "manifest-live-playlist-read-whole",
        f"{_READER}/test_grown.py::test_what_is_kept_is_the_same_and_only_the_rest_is_read",
        _always_read_whole,
    ),
    Fault(
        "manifest-timelines-in-the-tree",
        f"{_READER}/test_cut.py::test_a_long_plain_timeline_is_taken_out_and_lines_stay",
        _timelines_in_the_tree,
    ),
    Fault(
        "manifest-request-parameters-ignored",
        f"{_READER}/test_request_parameters.py::test_lists_and_timelines_take_them_too",
        _no_parameters,
    ),
    Fault(
        "manifest-request-parameters-not-played",
        "tests/e2e/test_dash_editions.py::test_a_token_in_the_query_opens_every_segment",
        _no_parameters,
    ),
    Fault(
        "manifest-pattern-ignored",
        f"{_READER}/test_patterns.py::test_a_repetition_repeats_the_whole_pattern",
        _no_patterns,
    ),
    Fault(
        "manifest-pattern-too-long-not-there",
        f"{_READER}/test_patterns.py::test_a_pattern_that_is_too_long_is_refused_as_such",
        _long_patterns_not_there,
    ),
    Fault(
        "manifest-schemes-letter-by-letter",
        f"{_READER}/test_schemes.py::test_a_chain_is_followed",
        _schemes_letter_by_letter,
    ),
    Fault(
        "manifest-segment-sequences-not-understood",
        f"{_READER}/test_essential.py::test_a_segment_sequence_representation_is_played",
        _sequences_not_understood,
    ),
    Fault(
        "manifest-essential-properties-one-by-one",
        f"{_READER}/test_essential.py::test_of_several_with_one_id_one_is_enough",
        _each_essential_alone,
    ),
    Fault(
        "manifest-last-segment-number-ignored",
        f"{_READER}/test_essential.py::test_the_number_of_the_last_segment_may_stand_in_a_descriptor",
        _last_number_ignored,
    ),
    Fault(
        "net-manifest-leads-to-the-local-network",
        "tests/player/net/test_local_network.py::test_a_name_is_taken_by_where_it_leads",
        _led_anywhere,
    ),
    Fault(
        "net-redirect-leads-to-the-local-network",
        "tests/player/net/test_local_network.py::test_a_redirect_of_the_internet_leads_to_no_local_server",
        _redirected_anywhere,
    ),
    Fault(
        "net-international-names-of-two-spellings",
        "tests/player/net/test_local_network.py::test_an_international_name_is_one_in_both_spellings",
        _hosts_as_written,
    ),
    Fault(
        "media-splices-in-transport-streams-dropped",
        "tests/player/media/test_timed_metadata.py"
        "::test_splice_information_in_a_transport_stream_is_placed_by_its_time",
        _no_splices_in_transport_streams,
    ),
    Fault(
        "report-shows-signed-addresses-of-events",
        "tests/player/media/test_timed_metadata.py::test_the_report_shows_no_secret_of_an_address_in_an_event",
        _report_shows_all,
    ),
    Fault(
        "inspect-names-steer-the-terminal",
        "tests/ui/cli/test_inspect.py::test_names_of_a_stream_do_not_steer_the_terminal",
        _terminal_steered,
    ),
    Fault(
        "inspect-long-lines-on-the-first-screen",
        "tests/ui/cli/test_inspect.py::test_what_is_said_at_length_has_two_rows_of_the_first_screen",
        _long_lines_on_the_first_screen,
    ),
    Fault(
        "report-shows-relative-addresses-of-events",
        "tests/player/net/test_redact.py::test_what_a_stream_says_is_shown_without_its_secrets",
        _only_plain_addresses_redacted,
    ),
    Fault(
        "manifest-query-without-bound",
        f"{_READER}/test_hostile.py::test_little_text_that_stands_for_very_much_is_refused[query]",
        _queries_of_any_length,
    ),
    Fault(
        "manifest-preselections-without-bound",
        f"{_READER}/test_hostile.py::test_little_text_that_stands_for_very_much_is_refused[preselections]",
        _preselections_without_bound,
    ),
    Fault(
        "tracks-segment-sequences-as-rungs",
        f"{_CHOICE}::test_sequences_beside_an_ordinary_set_are_left_out",
        _sequences_joined,
    ),
    Fault(
        "manifest-segment-sequences-not-played",
        "tests/e2e/test_dash_editions.py::test_a_title_of_segment_sequences_plays_to_its_end",
        _sequences_not_understood,
    ),
    Fault(
        "manifest-preselection-with-unknown-essential",
        f"{_READER}/test_preselections.py::test_a_preselection_that_asks_for_what_is_not_known_is_left_out",
        _preselections_taken_unread,
    ),
    Fault(
        "manifest-events-in-base64-not-decoded",
        f"{_READER}/test_timed_events.py::test_text_in_base64_is_decoded",
        _events_as_written,
    ),
    Fault(
        "manifest-timeline-goes-back",
        f"{_READER}/test_repairs.py::test_time_does_not_go_back_in_a_timeline",
        _back_in_time,
    ),
    Fault(
        "manifest-period-start-after-the-end",
        f"{_READER}/test_repairs.py::test_a_first_period_that_starts_after_the_end_starts_at_zero",
        _starts_believed,
    ),
    Fault(
        "manifest-stereo-on-a-flat-screen",
        f"{_READER}/test_repairs.py::test_a_variant_for_other_devices_is_not_chosen",
        _for_all_screens,
    ),
    Fault(
        "manifest-one-local-file-refuses-all",
        f"{_READER}/test_repairs.py::test_one_variant_that_names_a_local_file_is_left_out",
        _one_file_refuses_all,
    ),
    Fault(
        "inspect-json-written-piece-by-piece",
        "tests/ui/cli/test_inspect.py::test_a_document_is_written_in_one_piece",
        _piece_by_piece,
    ),
    Fault(
        "inspect-protection-by-number",
        "tests/ui/cli/test_inspect.py::test_the_first_screen_says_what_protects_a_rung_and_is_80_characters_wide",
        _systems_by_number,
    ),
    Fault(
        "inspect-warnings-repeated",
        "tests/ui/cli/test_inspect.py::test_what_is_said_several_times_stands_once_on_the_first_screen",
        _each_warning,
    ),
    Fault(
        "manifest-cues-dropped",
        f"{_READER}/test_timed_events.py::test_cues_have_the_times_of_their_segments",
        _cues_dropped,
    ),
    Fault(
        "manifest-cue-without-its-attributes",
        f"{_READER}/test_timed_events.py::test_a_cue_keeps_what_its_tag_says",
        _bare_cues,
    ),
    Fault(
        "manifest-failover-content-is-no-gap",
        f"{_READER}/test_timed_events.py::test_failed_stretches_are_gaps",
        _failed_media_played,
    ),
    Fault(
        "manifest-preselection-in-extra-only",
        f"{_READER}/test_preselections.py::test_a_preselection_gives_its_track_language_label_and_role",
        _no_preselections,
    ),
    Fault(
        "manifest-imported-mpd-not-followed",
        f"{_READER}/test_imports.py::test_an_imported_mpd_becomes_its_period",
        _imports_only_reported,
    ),
    Fault(
        "manifest-chaining-2016-dropped",
        f"{_READER}/test_imports.py::test_a_chained_mpd_follows_the_last_period",
        _one_name_for_chaining,
    ),
    Fault(
        "manifest-live-chain-not-followed",
        "tests/e2e/test_chaining.py::test_an_advertisement_leads_to_a_live_programme_and_that_to_a_recording",
        _nothing_follows,
    ),
    Fault(
        "manifest-fallback-not-after-a-failure",
        "tests/e2e/test_chaining.py::test_a_presentation_that_fails_is_replaced_by_its_fallback",
        _no_fallback_later,
    ),
    Fault(
        "manifest-fallback-from-the-start",
        "tests/player/playback/test_session.py::"
        "test_what_fails_in_its_midst_goes_on_at_the_same_place_in_its_fallback",
        _fallback_from_the_start,
    ),
    Fault(
        "manifest-chain-without-end",
        "tests/e2e/test_chaining.py::test_a_chain_that_comes_back_ends",
        _chained_without_end,
    ),
    Fault(
        "live-event-that-is-over-never-ends",
        "tests/e2e/test_chaining.py::test_an_advertisement_leads_to_a_live_programme_and_that_to_a_recording",
        _over_only_by_news,
    ),
    Fault(
        "manifest-fallback-not-followed",
        "tests/e2e/test_dash_editions.py::test_an_mpd_of_which_nothing_can_be_played_has_its_fallback_played",
        _no_fallback,
    ),
    Fault(
        "inspect-first-screen-longer-than-a-terminal",
        "tests/ui/cli/test_inspect.py::test_the_first_screen_is_cut_to_what_a_terminal_shows[many-tracks]",
        _screen_without_bounds,
    ),
    Fault(
        "inspect-plot-wider-than-a-terminal",
        "tests/ui/cli/test_inspect.py::test_a_plot_is_80_characters_wide",
        _wide_plot,
    ),
    Fault(
        "inspect-media-events-without-payload",
        "tests/ui/cli/test_inspect.py::test_events_in_the_media_are_listed_as_the_golden_file_says",
        _media_events_without_payload,
    ),
]
