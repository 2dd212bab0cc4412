"""Faults of the planner: what broke it on the easiest links."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from abr import constraints, estimator, explain
from abr.core import Choice
from abr.model import Estimate, Snapshot
from abr.planning import Problem, _Grid, rung_values
from abr.policies import planner
from abr.regime import part
from abr.simulator import session
from player.playback import session as session_module
from tests.faults.model import Fault

LINKS = "tests/abr/test_links.py"


def every_link_is_unsteady(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(estimator, "steadiness", lambda _recent: 0.0)


def headroom_on_a_constant_link(patch: pytest.MonkeyPatch) -> None:
    def headroom(view: Snapshot) -> float:
        if view.estimate.usual_bps is None:
            return 0.0
        times = math.log(view.estimate.usual_bps / view.rungs[0].bitrate_bps)
        telling = part(view.estimate.gain, planner.HEADROOM_GAIN, planner.HEADROOM_GAIN_SPAN)
        return telling * part(times, planner.HEADROOM_LOG, planner.HEADROOM_SPAN_LOG)

    patch.setattr(planner, "_headroom", headroom)


def a_plan_fills_the_buffer_to_its_brim(patch: pytest.MonkeyPatch) -> None:
    made = _Grid.__init__

    def init(grid: _Grid, problem: Problem) -> None:
        made(grid, problem)
        grid.most_s = problem.buffer_max_s

    patch.setattr(_Grid, "__init__", init)


def fewer_sizes_than_the_plan_takes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(session, "LOOKAHEAD", 14)


def explain_names_no_terms(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(explain, "_terms", lambda _snapshot: iter(()))


def the_rate_of_the_last_transfer_rules_rungs_out(patch: pytest.MonkeyPatch) -> None:
    made = planner.PlannerCore.choose

    def choose(core: planner.PlannerCore, view: Snapshot) -> Choice:
        choice, estimate = made(core, view), view.estimate
        last = estimate.recent[-1] if estimate.recent else None
        if estimate.mean_bps is None or last is None or last.body_s < view.segment_s:
            return choice
        values = rung_values(planner.problem_of(view, estimate.mean_bps))
        return replace(choice, rung=planner._best_that_fits(view, values, last.size * 8 / last.body_s))

    patch.setattr(planner.PlannerCore, "choose", choose)


def a_second_of_stall_costs_a_segment(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(planner, "UNIT_S", 0.0)


def a_change_costs_as_much_before_few_segments(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(planner, "STEADY_CHANGES_S", math.inf)


def a_manifest_tells_nothing_of_the_link(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(session_module, "glimpse_of", lambda _transfer: None)


def a_start_counts_audio_to_the_video(patch: pytest.MonkeyPatch) -> None:
    share = constraints._video_share

    def without(snapshot: Snapshot) -> Estimate:
        return snapshot.estimate if snapshot.estimate.mean_bps is None else share(snapshot)

    patch.setattr(constraints, "_video_share", without)


def explain_knows_no_rate_before_media(patch: pytest.MonkeyPatch) -> None:
    on_a_link = Estimate.on_a_link
    patch.setattr(
        Estimate, "on_a_link", lambda known, times: replace(on_a_link(known, times), shown_bps=known.shown_bps)
    )


FAULTS = [
    Fault(
        name="abr-explain-has-no-counterfactual-for-the-first-rung",
        test="tests/abr/test_reports.py::test_the_first_rung_is_explained_by_what_the_manifest_has_shown",
        apply=explain_knows_no_rate_before_media,
    ),
    Fault(
        name="abr-starts-lowest-on-a-fast-link",
        test="tests/player/playback/test_first_rung.py"
        "::test_a_fast_link_starts_at_most_one_rung_below_what_it_carries[20.0]",
        apply=a_manifest_tells_nothing_of_the_link,
    ),
    Fault(
        name="abr-first-rung-forgets-the-audio",
        test="tests/abr/test_constraints.py::test_audio_takes_its_share_of_what_the_manifest_has_shown",
        apply=a_start_counts_audio_to_the_video,
    ),
    Fault(
        name="abr-stays-below-a-rung-on-a-constant-link",
        test=f"{LINKS}::test_a_link_near_the_top_rung[3-0.85-False]",
        apply=every_link_is_unsteady,
    ),
    Fault(
        name="abr-headroom-on-a-constant-link",
        test="tests/abr/test_planner.py::test_a_link_that_gives_the_same_each_time_needs_no_headroom",
        apply=headroom_on_a_constant_link,
    ),
    Fault(
        name="abr-plans-with-more-buffer-than-there-is",
        test=f"{LINKS}::test_a_plan_counts_on_no_more_buffer_than_there_is_when_it_is_asked_again",
        apply=a_plan_fills_the_buffer_to_its_brim,
    ),
    Fault(
        name="abr-long-segments-never-change",
        test=f"{LINKS}::test_with_long_segments_a_change_is_still_worth_it",
        apply=a_change_costs_as_much_before_few_segments,
    ),
    Fault(
        name="abr-fewer-sizes-than-planned",
        test=f"{LINKS}::test_what_a_policy_is_shown_is_what_the_planner_plans",
        apply=fewer_sizes_than_the_plan_takes,
    ),
    Fault(
        name="abr-explain-hides-the-terms",
        test="tests/abr/test_reports.py::test_an_explanation_names_the_terms_of_the_plan_with_their_sizes",
        apply=explain_names_no_terms,
    ),
    Fault(
        name="abr-stalls-are-cheap-with-short-segments",
        test=f"{LINKS}::test_short_segments_do_not_make_a_stall_cheap[0.5-3.0]",
        apply=a_second_of_stall_costs_a_segment,
    ),
    Fault(
        name="abr-follows-the-last-transfer-on-a-flickering-link",
        test=f"{LINKS}::test_a_flickering_link_with_a_short_buffer",
        apply=the_rate_of_the_last_transfer_rules_rungs_out,
    ),
]
