"""Faults of the manifest readers."""

from __future__ import annotations

import json
import sys

import pytest

from player.manifest.dash import imports, periods, remote, segments, timeline
from player.manifest.dash.query import Queries
from player.manifest.hls import build, multivariant, tracks
from player.title import opening
from tests.faults.model import Fault
from ui.cli import inspect

_READER = "tests/player/manifest"


def _no_parameters(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Queries, "extend", lambda self, _element: self)


def _no_patterns(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(timeline, "read_patterns", lambda _element: {})


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


def _no_fallback(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(opening, "_is_playable", lambda _presentation: True)


def _piece_by_piece(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(inspect, "_print_json", lambda document: json.dump(document, sys.stdout))


def _cues_dropped(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(build, "_placed", lambda known, _playlist: known)


def _failed_media_played(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(segments, "failures", lambda _addressing, _start_s: [])


def _no_preselections(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(periods, "with_preselections", lambda _period, tracks: list(tracks))


FAULTS = [
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
        "manifest-cues-dropped",
        f"{_READER}/test_timed_events.py::test_cues_have_the_times_of_their_segments",
        _cues_dropped,
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
        "manifest-fallback-not-followed",
        "tests/e2e/test_dash_editions.py::test_an_mpd_of_which_nothing_can_be_played_has_its_fallback_played",
        _no_fallback,
    ),
]
