"""The pure rules: when downloads run, how much is chosen, what smart downloads do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downloads import smart
from downloads.model import ALL, DownloadChoice, DownloadSummary, State
from downloads.rendition_choice import choose, speaks
from downloads.schedule import QueueConditions, WaitReason, decide, retry_delay_s
from downloads.settings import DownloadSettings, Metered, Window
from downloads.smart import SmartRule
from player.manifest import parse
from player.manifest.model import Presentation, TrackType
from tests.kit.media import packager_clear

SETTINGS = DownloadSettings()
NOW = QueueConditions(now_s=1000.0, minute=720)


def item(name: str, **changes: object) -> DownloadSummary:
    made = DownloadSummary(
        id=name,
        name=name,
        title_id=name,
        state=State.QUEUED,
        running=False,
        priority=0,
        created_at=1.0,
        items=10,
        items_done=0,
        size=1000,
        fetched=0,
        duration_s=60.0,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_the_urgent_one_goes_first_and_the_rest_wait_their_turn() -> None:
    held = item("held", state=State.PAUSED)
    queue = [item("late", created_at=3.0), item("first"), item("urgent", priority=5), held]
    decision = decide(queue, SETTINGS, NOW)
    assert decision.run == ("urgent",)
    assert decision.waiting == {"first": WaitReason.TURN, "late": WaitReason.TURN}
    assert decide(queue, replace(SETTINGS, titles=2), NOW).run == ("urgent", "first")


def test_metered_playback_and_the_window_hold_everything_back() -> None:
    queue = [item("one")]
    assert decide(queue, SETTINGS, replace(NOW, metered=True)).waiting == {"one": WaitReason.METERED}
    assert decide(queue, replace(SETTINGS, metered=Metered.ALLOW), replace(NOW, metered=True)).run == ("one",)
    assert decide(queue, SETTINGS, replace(NOW, metered=None)).run == ("one",)
    assert decide(queue, SETTINGS, replace(NOW, playing=True)).waiting == {"one": WaitReason.PLAYBACK}
    assert decide(queue, replace(SETTINGS, yield_to_playback=False), replace(NOW, playing=True)).run == ("one",)
    night = replace(SETTINGS, window=Window(60, 360))
    assert decide(queue, night, NOW).waiting == {"one": WaitReason.WINDOW}
    assert decide(queue, night, replace(NOW, minute=60)).run == ("one",)


def test_one_that_runs_elsewhere_or_has_just_failed_waits() -> None:
    queue = [item("theirs", running=True), item("failed"), item("mine", running=True)]
    decision = decide(queue, SETTINGS, NOW, mine=["mine"], not_before={"failed": 1002.0})
    assert decision.run == ("mine",)
    assert decision.waiting == {"theirs": WaitReason.ELSEWHERE, "failed": WaitReason.RETRY}
    assert decision.again_s == pytest.approx(2.0)
    assert [retry_delay_s(n) for n in (1, 2, 3, 20)] == [10.0, 20.0, 40.0, 600.0]


@given(st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 1439))
def test_a_window_opens_when_it_says(start: int, end: int, minute: int) -> None:
    window = Window(start, end)
    wait_s = window.wait_s(minute)
    assert (wait_s == 0) == window.holds(minute)
    assert window.holds(int(minute + wait_s / 60) % 1440)
    assert 0 <= wait_s < 24 * 3600


def test_settings_that_make_no_sense_are_refused() -> None:
    for wrong in ({"titles": 0}, {"parallel": 0}, {"limit_bps": 0.0}):
        with pytest.raises(ValueError, match="at least"):
            DownloadSettings(**wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="minute"):
        Window(0, 1440)


@pytest.fixture(scope="module")
def presentation() -> Presentation:
    media = packager_clear()
    return parse((media.folder / "manifest.mpd").read_bytes(), "https://example.org/manifest.mpd", now_s=0.0)


def picked(presentation: Presentation, choice: DownloadChoice) -> list[tuple[TrackType, object]]:
    found = choose(presentation, choice, 24.0)
    return [(one.type, one.rendition.height or one.track.language) for one in found]


def test_the_choice_of_rung_and_languages(presentation: Presentation) -> None:
    best = picked(presentation, DownloadChoice())
    assert best == [(TrackType.VIDEO, 540), (TrackType.AUDIO, "en")]
    assert picked(presentation, DownloadChoice(max_height=400))[0] == (TrackType.VIDEO, 360)
    assert picked(presentation, DownloadChoice(max_height=10))[0] == (TrackType.VIDEO, 180)
    assert picked(presentation, DownloadChoice(max_bytes=2_500_000))[0] == (TrackType.VIDEO, 360)
    many = picked(presentation, DownloadChoice(audio=(ALL,), subtitles=("en-GB",)))
    assert {language for type_, language in many if type_ is TrackType.AUDIO} == {"en", "fr"}
    assert (TrackType.TEXT, "en") in many
    assert picked(presentation, DownloadChoice(audio=("fr",)))[1] == (TrackType.AUDIO, "fr")
    assert picked(presentation, DownloadChoice(audio=("xx",)))[1] == (TrackType.AUDIO, "en")


def test_languages_match_by_their_main_part() -> None:
    assert speaks("en-US", "en")
    assert speaks("en", "en-US")
    assert not speaks("en-US", "en-GB")
    assert not speaks(None, "en")
    assert speaks(None, ALL)


def test_smart_downloads_take_the_next_in_and_the_watched_out() -> None:
    episodes = ["s1", "s2", "s3", "s4"]
    have = [item("d1", title_id="s1"), item("d2", title_id="s2")]
    step = smart.decide(episodes, {"s1": 1.0, "s2": 0.4}, have, {"d1", "d2"}, SmartRule(ahead=2))
    assert step.add == ("s3", "s4")
    assert step.remove == ("d1",)
    assert smart.decide(episodes, {"s1": 1.0}, have, {"d2"}, SmartRule()).remove == ()  # not made by the rule
    assert smart.decide(episodes, {"s1": 1.0}, have, {"d1"}, SmartRule(), playing="s1").remove == ()
    assert smart.decide(episodes, {}, [], set(), SmartRule()).add == ()  # nothing was begun
    assert smart.decide(episodes, {"s4": 1.0}, [], set(), SmartRule()).add == ()  # the last one


def test_smart_downloads_stay_within_their_room() -> None:
    have = [item("d1", title_id="s1", size=600, fetched=600)]
    rule = SmartRule(ahead=2, max_bytes=1000)
    step = smart.decide(["s1", "s2", "s3"], {"s1": 0.5}, have, {"d1"}, rule, episode_bytes=400)
    assert step.add == ("s2",)


def test_the_preview_of_an_eviction_takes_the_least_missed_first() -> None:
    old = item("old", created_at=1.0, fetched=500, state=State.COMPLETE)
    new = item("new", created_at=2.0, fetched=500, state=State.COMPLETE)
    seen = item("seen", created_at=3.0, fetched=500, state=State.COMPLETE)
    failed = item("failed", created_at=4.0, fetched=100, state=State.FAILED)
    busy = item("busy", running=True, fetched=9000)
    kept = [new, old, seen, failed, busy]
    names = [one.id for one in smart.eviction_preview(kept, {"seen": 1.0}, 700)]
    assert names == ["failed", "seen", "old"]
    assert smart.eviction_preview(kept, {}, 10_000) == ()


def test_a_sound_that_stands_in_for_two_languages_is_kept_once() -> None:
    def sound(name: str, language: str = "") -> str:
        lang = f'lang="{language}"' if language else ""
        return (
            f'<AdaptationSet mimeType="audio/mp4" {lang}><SegmentTemplate media="{name}-$Number$.m4s" duration="5"/>'
            f'<Representation id="{name}" bandwidth="64000" codecs="mp4a.40.2"/></AdaptationSet>'
        )

    film, advertisement = sound("en", "en") + sound("fr", "fr"), sound("ad")
    body = "".join(f'<Period duration="PT10S">{period}</Period>' for period in (film, advertisement, film))
    mpd = parse(f'<MPD xmlns="urn:mpeg:dash:schema:mpd:2011">{body}</MPD>', "https://example.org/m.mpd")
    found = choose(mpd, DownloadChoice(audio=(ALL,)), 30.0)
    assert sorted((each.period, each.rendition.id) for each in found) == [
        *((0, "en"), (0, "fr")),
        (1, "ad"),
        *((2, "en"), (2, "fr")),
    ]
