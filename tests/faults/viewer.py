"""Faults that a viewer met in an evening with the app."""

from __future__ import annotations

import re
import shutil
import tempfile
import weakref
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import and_

from backend_stub.encoding import probe, tiles
from backend_stub.live import guide
from backend_stub.services import continue_watching, search, title_relations
from backend_stub.titles import FILM, LISTED
from player.manifest.dash import representation
from player.playback.monitor import Monitor
from player.reporting.state import PlaybackFailure, PlaybackStatus
from player.service import discovery
from player.service.model import Title, TitleRow
from player.title.opening import PlaybackSource
from tests.faults.model import Fault
from ui.app.downloads import titles
from ui.app.system import translation
from ui.app.system.garbage import GarbageCollector
from ui.app.viewmodels import posters, sentences, sign_in, tasks, tracks, trouble
from ui.app.viewmodels.application import ApplicationViewModel
from ui.app.viewmodels.channels import ChannelsViewModel
from ui.app.viewmodels.clips import ClipsViewModel
from ui.app.viewmodels.data_use import DataUseViewModel
from ui.app.viewmodels.details import DetailsViewModel
from ui.app.viewmodels.downloads import Speed
from ui.app.viewmodels.home import HomeViewModel
from ui.app.viewmodels.my_list import MyListViewModel
from ui.app.viewmodels.pages import Page, PageStack
from ui.app.viewmodels.profiles import ProfilesViewModel
from ui.app.viewmodels.programmes import PlayingProgrammes, programme_at
from ui.app.viewmodels.rows import RowsModel
from ui.app.viewmodels.titles import PosterModel
from ui.app.window import scene

_EVENING = "tests/ui/app/test_evening.py::"


def _titles_do_not_wait_for_their_sign_in(patch: pytest.MonkeyPatch) -> None:
    start = ApplicationViewModel.start

    def at_once(self: ApplicationViewModel, *, source: PlaybackSource | None = None, **given: Any) -> None:
        start(self, **given)
        if source is not None:
            self._play(source)

    patch.setattr(ApplicationViewModel, "start", at_once)


_NO_HOVER = "function hover(item: Item) {}"


def _show_any_clip(self: ClipsViewModel, _turn: int) -> None:
    self._title_id = self._wanted
    self.changed.emit()


def replaced(file: str, *pairs: tuple[str, str]) -> Callable[[pytest.MonkeyPatch], None]:
    """Load the QML from a copy in which each text of ``file`` is replaced by its other."""

    def apply(patch: pytest.MonkeyPatch) -> None:
        folder = tempfile.mkdtemp(prefix="matinee-fault-")
        weakref.finalize(patch, shutil.rmtree, folder)
        copy = Path(folder) / "qml"
        shutil.copytree(scene.QML_FOLDER, copy)
        path = copy / file
        source = path.read_text()
        for now, then in pairs:
            if source.count(now) != 1:
                raise ValueError(f"{file} has no single {now!r}")
            source = source.replace(now, then)
        path.write_text(source)
        patch.setattr(scene, "QML_FOLDER", copy)

    return apply


def _jumps_before_the_first_picture(patch: pytest.MonkeyPatch) -> None:
    start_seek = Monitor.start_seek

    def seeking(self: Monitor, target_s: float) -> None:
        start_seek(self, target_s)
        self.update(status=PlaybackStatus.SEEKING)

    patch.setattr(Monitor, "start_seek", seeking)


_NO_WAY_BACK = replaced("Main.qml", ("            Qt.callLater(takeFocusBack)", "            {}"))


def both(
    first: Callable[[pytest.MonkeyPatch], None], second: Callable[[pytest.MonkeyPatch], None]
) -> Callable[[pytest.MonkeyPatch], None]:
    """Two faults at once: each of them alone is caught by what the other takes away."""

    def apply(patch: pytest.MonkeyPatch) -> None:
        first(patch)
        second(patch)

    return apply


FOCUS_DEAD_AFTER_PLAYBACK = both(
    _NO_WAY_BACK,
    replaced(
        "Matinee/Pages/PlayerPage.qml",
        ("onVisibleChanged: if (!visible) hideLater.stop()", ""),
        ("onOverlayStaysChanged: if (visible) show()", "onOverlayStaysChanged: show()"),
        ("if (enabled && !covered && !entry.visible)", "if (!covered && !entry.visible)"),
    ),
)


def _news_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ApplicationViewModel, "_refresh_shown", ApplicationViewModel._ask_for_news)


def _who_watches_cannot_be_chosen(patch: pytest.MonkeyPatch) -> None:
    accept = ProfilesViewModel._accept
    patch.setattr(ProfilesViewModel, "_accept", lambda self, person, **_chosen: accept(self, person))


def _sheets_as_long_as_the_title(patch: pytest.MonkeyPatch) -> None:
    whole = tiles._adaptation_set

    def cut_short(made: tiles.TileSheets) -> str:
        return whole(made).replace('d="100000"', 'd="40000"')

    patch.setattr(tiles, "_adaptation_set", cut_short)


def _lenient_discovery(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(discovery, "is_loopback", lambda _host: False)


def _no_episodes_found(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(search, "_SEARCHED", and_(search._SEARCHED, search.Title.kind.in_(LISTED)))


def _dates_of_another_language(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(translation.QLocale, "setDefault", lambda _locale: None)


_SIGN_IN = "Matinee/Pages/SignInPage.qml"

_CLIPS = "tests/ui/app/test_clips.py::"


def _start_over_from_the_earliest(patch: pytest.MonkeyPatch) -> None:
    """A programme whose start has left the window is started over too, somewhere in its midst."""

    def at(found: PlayingProgrammes, time_s: float) -> tuple[str, float | None]:
        one = programme_at(found._placed, time_s)
        return ("", None) if one is None else (one.title, one.start_s)

    patch.setattr(PlayingProgrammes, "at", at)


def _try_again_without_a_plan(patch: pytest.MonkeyPatch) -> None:
    pages = trouble._service

    def changed() -> dict[str, trouble.PlaybackTrouble]:
        found = pages()
        return {**found, "service.not_entitled": replace(found["service.not_entitled"], again=True)}

    patch.setattr(trouble, "_service", changed)


def _tell_of_all(model: PosterModel) -> None:
    model._tells_new = True


def _a_model_for_each_answer(patch: pytest.MonkeyPatch) -> None:
    show = RowsModel.show

    def show_and_make(self: RowsModel, rows: Sequence[TitleRow]) -> None:
        PosterModel(self._posters, self)
        show(self, rows)

    patch.setattr(RowsModel, "show", show_and_make)


def _put_above_once(stack: PageStack, page: Page) -> None:
    if page not in stack._above:
        stack._above.append(page)


def _only_of_the_network(failure: PlaybackFailure) -> str:
    general = failure.code.startswith("net.")
    return sentences.service_sentence(failure) if general else sentences.sentence_of(failure)


def _not_taken_in_silence(view: MyListViewModel, failure: PlaybackFailure, before: tuple[Title, ...]) -> None:
    view._show(before, failure.sentence)


_CHOICES = "tests/ui/app/test_home_choices.py::"
_BRIGHT = "tests/ui/app/test_contrast.py::test_text_can_be_read_over_white_pictures"


def _speed_of_the_newest_second(self: Speed, now_s: float, fetched: int) -> None:
    last_s, last = self._arrivals[-1] if self._arrivals else (now_s - 1, fetched)
    self._arrivals.append((now_s, fetched))
    self.bytes_per_s += 0.4 * ((fetched - last) / (now_s - last_s) - self.bytes_per_s)


FAULTS = [
    Fault(
        name="viewer-channel-among-the-films",
        test="tests/backend_stub/api/test_series.py::test_a_channel_is_no_film",
        apply=lambda patch: patch.setattr(title_relations, "CHANNEL", FILM),
    ),
    Fault(
        name="viewer-picture-of-the-title-before",
        test="tests/ui/app/test_player_page.py::"
        "test_the_picture_of_the_title_before_is_not_shown_while_one_is_loaded",
        apply=replaced("Main.qml", ("curtain.down = visible && curtain.waits", "curtain.down = false")),
    ),
    Fault(
        name="viewer-picture-of-the-title-before-at-a-jump",
        test="tests/player/playback/test_monitor.py::test_a_jump_before_the_first_picture_leaves_it_loading",
        apply=_jumps_before_the_first_picture,
    ),
    Fault(
        name="viewer-a-packagers-name-in-the-audio-menu",
        test="tests/ui/app/test_tracks.py::test_a_packager_s_name_of_a_second_track_is_no_label",
        apply=lambda patch: patch.setattr(tracks, "_NUMBER", re.compile("never")),
    ),
    Fault(
        name="viewer-guide-of-seconds",
        test="tests/backend_stub/live/test_live.py::test_a_channel_of_a_short_loop_has_programmes_of_minutes",
        apply=lambda patch: patch.setattr(guide, "_LEAST_S", 0.1),
    ),
    Fault(
        name="viewer-everything-is-new",
        test=_CHOICES + "test_a_badge_that_most_would_carry_is_shown_on_none",
        apply=lambda patch: patch.setattr(PosterModel, "_weigh_new", _tell_of_all),
    ),
    Fault(
        name="viewer-way-back-over-the-genres",
        test=_CHOICES + "test_what_the_way_back_is_called_lies_over_no_genre",
        apply=replaced("Matinee/Controls/PageTop.qml", ("        plain: true\n", "")),
    ),
    Fault(
        name="viewer-tries-again-in-silence",
        test="tests/ui/app/test_channels.py::test_who_tries_again_in_vain_sees_that_it_was_tried",
        apply=replaced("Matinee/Controls/StateMessage.qml", ("fadesIn.restart()", "{}")),
    ),
    Fault(
        name="viewer-guide-says-a-second-time-in-silence",
        test="tests/ui/app/test_channels.py::test_the_guide_is_walked_by_keys_and_the_cursor_keeps_its_time",
        apply=replaced("Matinee/Pages/ChannelsPage.qml", ("        fadesIn.restart()\n", "")),
    ),
    Fault(
        name="viewer-a-film-with-an-odd-rate-is-not-published",
        test="tests/backend_stub/encoding/test_probe.py"
        "::test_the_mean_of_a_rate_that_changes_is_a_fraction_of_small_numbers",
        apply=lambda patch: patch.setattr(probe, "_MOST_PARTS", 10**9),
    ),
    Fault(
        name="viewer-a-film-that-lacks-a-frame-stutters",
        test="tests/backend_stub/encoding/test_probe.py::test_a_film_that_lacks_a_frame_keeps_its_rate",
        apply=lambda patch: patch.setattr(probe, "_LACKS_FRAMES", 1),
    ),
    Fault(
        name="viewer-page-of-a-title-is-black-without-a-service",
        test="tests/ui/app/test_details.py::test_the_picture_of_its_card_stands_in_while_the_wide_one_does_not_come",
        apply=replaced("Matinee/Pages/DetailsPage.qml", ("source: root.details.still", 'source: ""')),
    ),
    Fault(
        name="viewer-profile-refused-twice-says-nothing",
        test="tests/ui/app/test_people.py::test_who_is_refused_twice_sees_it_twice",
        apply=replaced("Matinee/Controls/NoticeLine.qml", ("if (visible) fadesIn.restart()", "{}")),
    ),
    Fault(
        name="viewer-click-in-the-guide-is-about-another",
        test="tests/ui/app/test_channels.py::test_a_click_on_a_programme_of_another_channel_is_about_that_programme",
        apply=replaced("Matinee/Controls/ChannelLine.qml", ("!hasTheFocus()", "!cards.itemAt(current)?.activeFocus")),
    ),
    Fault(
        name="viewer-click-brings-no-keys",
        test="tests/ui/app/test_account.py::test_across_a_room_a_card_and_a_password_are_typed_by_six_keys",
        apply=replaced(
            "Matinee/Controls/Field.qml",
            ("(Qt.MouseFocusReason)\n            root.openKeys()", "(Qt.MouseFocusReason)"),
        ),
    ),
    Fault(
        name="viewer-guide-complains-of-what-leaves",
        test="tests/ui/app/test_channels.py::test_channels_that_go_off_air_leave_the_guide_without_a_trace",
        apply=replaced("Matinee/Controls/ChannelLine.qml", ("parent?.height ?? 0", "parent.height")),
    ),
    Fault(
        name="viewer-letter-of-a-child-faint",
        test="tests/ui/app/test_contrast.py::test_text_can_be_read_on_whatever_it_stands_on[normal-young]",
        apply=replaced("Matinee/Theme/Theme.qml", ('young ? "#37507f"', 'young ? "#3a5488"')),
    ),
    Fault(
        name="viewer-focus-on-a-sliver",
        test="tests/ui/app/test_channels.py::test_the_focus_does_not_stay_on_what_has_left_the_guide",
        apply=replaced(
            "Matinee/Controls/ChannelLine.qml",
            ("one.cut && (one.to - one.from) * timeWidth < Theme.px(48)", "false"),
        ),
    ),
    Fault(
        name="viewer-cut-heading-above-a-row",
        test="tests/ui/app/test_rows.py::test_no_heading_is_cut_in_two_above_the_row_that_has_the_focus",
        apply=replaced(
            "Matinee/Pages/HomePage.qml", ("above + height >= top + row.height ? above : centred", "centred")
        ),
    ),
    Fault(
        name="viewer-row-shows-titles-of-another",
        test="tests/ui/app/test_rows.py::test_each_row_shows_its_own_titles_however_rows_come_and_go",
        apply=lambda patch: patch.setattr(RowsModel, "identity", ""),
    ),
    Fault(
        name="viewer-titles-under-the-genres",
        test=_CHOICES + "test_genres_that_come_after_the_titles_do_not_lie_over_them",
        apply=replaced(
            "Matinee/Controls/PosterGrid.qml",
            (
                "onHighestChanged: {",
                "function unused() {",
            ),
        ),
    ),
    Fault(
        name="viewer-reads-host-and-port-in-the-player",
        test="tests/ui/app/test_trouble.py::test_no_host_and_port_are_named_where_a_playback_fails",
        apply=lambda patch: patch.setattr(trouble, "service_sentence", sentences.sentence_of),
    ),
    Fault(
        name="viewer-reads-host-and-port",
        test="tests/ui/app/test_viewmodels.py::test_no_page_names_hosts",
        apply=lambda patch: patch.setattr(tasks, "service_sentence", sentences.sentence_of),
    ),
    Fault(
        "viewer-reads-host-and-port-of-a-missing-file",
        "tests/ui/app/test_trouble.py::test_no_host_and_port_are_named_where_a_playback_fails",
        lambda patch: patch.setattr(trouble, "service_sentence", _only_of_the_network),
    ),
    Fault(
        "viewer-enter-on-the-chosen-genre-does-nothing",
        _CHOICES + "test_enter_on_the_genre_that_is_chosen_goes_into_its_titles",
        replaced("Matinee/Pages/BrowsePage.qml", ("if (chosen) //", "if (false) //")),
    ),
    Fault(
        "viewer-notice-over-the-buttons-of-a-title",
        _CHOICES + "test_what_went_wrong_is_said_beside_the_buttons_of_a_title",
        replaced("Main.qml", ("y: window.page === details ? Theme.px(136) :", "y: ")),
    ),
    Fault(
        "viewer-trouble-of-a-download-faint-for-a-child",
        "tests/ui/app/test_contrast.py::test_text_can_be_read_on_whatever_it_stands_on[normal-young]",
        replaced("Matinee/Theme/Theme.qml", ('young ? "#ffb9b3"', 'young ? "#ffa9a2"')),
    ),
    Fault(
        name="viewer-genre-does-not-open",
        test=_CHOICES + "test_a_genre_opens_from_a_title_that_was_found_by_browsing",
        apply=lambda patch: patch.setattr(PageStack, "put_above", _put_above_once),
    ),
    Fault(
        name="viewer-list-refuses-without-a-word",
        test=_CHOICES + "test_a_title_that_the_list_does_not_take_is_told_where_it_was_pressed",
        apply=lambda patch: patch.setattr(MyListViewModel, "_not_taken", _not_taken_in_silence),
    ),
    Fault(
        name="viewer-notice-without-an-end",
        test=_CHOICES + "test_why_something_was_not_done_is_shown_for_a_moment_only",
        apply=replaced("Main.qml", ("            onTriggered: window.app.choices.noticeSeen()\n", "")),
    ),
    Fault(
        name="viewer-languages-named-in-english",
        test=_EVENING + "test_languages_are_named_in_the_language_of_the_words",
        apply=lambda patch: patch.setattr(tracks, "_common_languages", dict),
    ),
    Fault(
        name="viewer-no-service-where-it-is-only-away",
        test=_EVENING + "test_a_service_that_cannot_be_reached_is_not_called_none",
        apply=lambda patch: patch.setattr(sign_in, "tr", lambda _words: "There is no Matinee service here. {why}"),
    ),
    Fault(
        name="viewer-account-made-to-a-service",
        test=_EVENING + "test_a_new_viewer_makes_an_account",
        apply=replaced(_SIGN_IN, ('qsTr("at %1")', 'qsTr("to %1")')),
    ),
    Fault(
        "viewer-a-title-does-not-wait-for-its-sign-in",
        "tests/ui/app/test_desktop.py::test_a_title_waits_for_the_sign_in_that_comes_with_it",
        _titles_do_not_wait_for_their_sign_in,
    ),
    Fault(
        name="viewer-without-a-plan-tries-again",
        test="tests/ui/app/test_trouble.py::test_a_viewer_without_a_plan_is_led_to_the_plans",
        apply=_try_again_without_a_plan,
    ),
    Fault(
        name="viewer-length-faint-over-a-bright-film",
        test=_BRIGHT + "[player-desk]",
        apply=replaced(
            "Matinee/Pages/PlayerPage.qml",
            (
                "durationText\n                color: Theme.soft",
                "durationText\n                color: Theme.muted",
            ),
        ),
    ),
    Fault(
        name="viewer-waiting-words-faint-over-a-bright-film",
        test=_BRIGHT + "[player, buffering-tv]",
        apply=replaced("Matinee/Pages/WaitingPanel.qml", ("color: Theme.scrim", "color: Theme.shade")),
    ),
    Fault(
        name="viewer-place-faint-over-a-bright-poster",
        test=_BRIGHT + "[home, rows-tv]",
        apply=replaced(
            "Matinee/Controls/PosterCard.qml",
            (
                "GradientStop { position: 0; color: Theme.shadeDeep }",
                "GradientStop { position: 0; color: Theme.shade }",
            ),
            ("                GradientStop { position: 0.6; color: Theme.shade }\n", ""),
        ),
    ),
    Fault(
        name="viewer-programme-by-this-clock",
        test="tests/ui/app/test_channels.py::test_what_was_on_plays_from_its_start[1-1799999100.0]",
        apply=lambda patch: patch.setattr(ChannelsViewModel, "date_of", lambda _view, _title_id, begins: begins),
    ),
    Fault(
        name="viewer-start-over-in-the-midst",
        test="tests/ui/app/test_programmes.py::test_it_is_not_offered_where_the_start_is_not_there_any_more",
        apply=_start_over_from_the_earliest,
    ),
    Fault(
        name="viewer-clip-not-by-the-mouse",
        test=_CLIPS + "test_a_card_under_the_mouse_plays_its_clip_though_another_has_the_focus",
        apply=replaced("Matinee/Controls/Resting.qml", ("function hover(item: Item) { card = item }", _NO_HOVER)),
    ),
    Fault(
        name="viewer-clip-in-the-card-before",
        test=_CLIPS + "test_two_cards_of_one_title_play_it_each_in_its_own_place",
        apply=replaced("Matinee/Controls/CardClip.qml", ("onCardChanged: settle()", "")),
    ),
    Fault(
        name="viewer-card-without-a-title",
        test="tests/ui/app/test_pages.py::test_a_card_whose_title_has_gone_cannot_be_pressed",
        apply=replaced("Matinee/Controls/PosterGrid.qml", ("visible: index >= 0", "visible: true")),
    ),
    Fault(
        name="viewer-clip-where-data-is-saved",
        test=_CLIPS + "test_nothing_plays_by_itself_where_little_moves_or_data_is_saved",
        apply=lambda patch: patch.setattr(DataUseViewModel, "metered", False),
    ),
    Fault(
        name="viewer-clip-of-the-card-before",
        test=_CLIPS + "test_the_next_card_takes_the_clip_along",
        apply=lambda patch: patch.setattr(ClipsViewModel, "_show", _show_any_clip),
    ),
    Fault(
        name="viewer-focus-on-another-title",
        test="tests/ui/app/test_home_choices.py"
        "::test_the_focus_stays_with_its_title_when_the_page_comes_again_in_another_order",
        apply=lambda patch: patch.setattr(PosterModel, "identity", ""),
    ),
    Fault(
        name="viewer-held-key-chooses-in-its-menu",
        test="tests/ui/app/test_home_choices.py::test_a_key_that_is_held_on_chooses_nothing_in_the_menu_that_it_opened",
        apply=replaced("Main.qml", ("titleChoices.openHeld(card)", "titleChoices.openAt(card)")),
    ),
    Fault(
        name="viewer-reads-of-encryption",
        test=_EVENING + "test_details_say_what_it_is_and_who_made_it",
        apply=replaced("Matinee/Pages/DetailsPage.qml", ('[qsTr("Genre"), root.details.genres], ', "")),
    ),
    Fault(
        name="viewer-search-finds-no-episodes",
        test="tests/backend_stub/api/test_series.py::TestTheCatalogue"
        "::test_a_series_stands_in_lists_and_its_episodes_do_not",
        apply=_no_episodes_found,
    ),
    Fault(
        name="viewer-search-opened-early-suggests-nothing",
        test=_EVENING + "test_a_search_page_that_was_opened_before_the_titles_came_suggests_them",
        apply=lambda patch: patch.setattr(ApplicationViewModel, "_suggest_again", lambda _self: None),
    ),
    Fault(
        name="viewer-empty-search-suggests-nothing",
        test=_EVENING + "test_an_empty_search_suggests_something",
        apply=lambda patch: patch.setattr(HomeViewModel, "suggestions", lambda _self: []),
    ),
    Fault(
        name="viewer-statistics-over-the-seek-bar",
        test=_EVENING + "test_the_statistics_end_above_the_seek_bar",
        apply=replaced(
            "Matinee/Pages/PlayerPage.qml",
            ("scale: Math.min(1, (root.height - y - bottomShade.height) / height)", "scale: 1"),
        ),
    ),
    Fault(
        name="viewer-english-notice-in-german",
        test=_EVENING + "test_a_notice_is_in_the_language_of_the_app",
        apply=lambda patch: patch.setattr(sentences.text, "tr", str),
    ),
    Fault(
        name="viewer-dates-of-another-language",
        test=_EVENING + "test_dates_are_in_the_language_of_the_words",
        apply=_dates_of_another_language,
    ),
    Fault(
        name="viewer-no-way-to-a-service",
        test=_EVENING + "test_a_first_start_without_a_service_leads_to_one",
        apply=replaced(_SIGN_IN, ("            signIn.useService(address.text)", "            signIn.cancel()")),
    ),
    Fault(
        name="viewer-picture-stays-away-after-an-outage",
        test="tests/ui/app/test_viewmodels.py::test_a_picture_comes_once_the_service_is_back",
        apply=lambda patch: patch.setattr(posters, "_LATER", ("none",)),
    ),
    Fault(
        name="viewer-publish-loses-chapters",
        test="tests/backend_stub/encoding/test_graph.py::"
        "test_the_manifests_name_what_a_title_has_besides_pictures_and_sound",
        apply=lambda patch: patch.setattr(probe, "_chapters", lambda _found, _duration_s: ()),
    ),
    Fault(
        name="viewer-guide-loses-its-place",
        test="tests/ui/app/test_channels.py::test_the_focus_stays_with_its_programme_when_the_one_before_it_ends",
        apply=replaced(
            "Matinee/Controls/ChannelLine.qml",
            (
                "const found = Math.max(0, programmes.findIndex(one => one.begins === begins))",
                "const found = current",
            ),
        ),
    ),
    Fault(
        name="viewer-no-way-to-a-new-password",
        test=_EVENING + "test_a_forgotten_password_is_set_by_a_mailed_code_with_keys_alone",
        apply=replaced(_SIGN_IN, ('onPressed: root.signIn.goTo("forgotten")', "")),
    ),
    Fault(
        name="viewer-no-pictures-on-a-full-disk",
        test=_EVENING + "test_pictures_are_shown_while_the_disk_is_full",
        apply=lambda patch: patch.setattr(posters, "MOST_HELD_BYTES", 0),
    ),
    Fault(
        name="viewer-a-wrong-pin-leads-to-back",
        test="tests/ui/app/test_people.py::test_a_pin_is_entered_by_arrows_or_by_digits",
        apply=replaced(
            "Matinee/Pages/ProfilesPage.qml",
            (
                "if (!enabled && pinActions.activeFocus) pad.enter()",
                "if (!enabled && pinActions.activeFocus) pinActions.enter()",
            ),
        ),
    ),
    Fault(
        name="viewer-large-text-leaves-a-small-window",
        test=_EVENING + "test_large_text_fits_in_a_small_window",
        apply=replaced(
            _SIGN_IN, ("scale: Math.min(1, (root.height", "readonly property real unused: Math.min(1, (root.height")
        ),
    ),
    Fault(
        name="viewer-offline-words-over-what-is-kept",
        test=_EVENING + "test_what_is_kept_lies_below_the_words_in_a_small_window",
        apply=replaced("Matinee/Pages/HomePage.qml", ("compact: kept.visible && ", "compact: false && ")),
    ),
    Fault(
        name="viewer-an-account-on-its-way-is-an-empty-page",
        test=_EVENING + "test_what_is_on_its_way_has_its_layout_at_once",
        apply=replaced(
            "Matinee/Pages/AccountPage.qml", ('visible: root.account.state === "loading"', "visible: false")
        ),
    ),
    Fault(
        name="viewer-what-is-in-a-cycle-stays-for-ever",
        test="tests/ui/app/test_garbage.py::test_what_counted_as_there_to_stay_goes_when_all_is_collected",
        apply=lambda patch: patch.setattr(GarbageCollector, "collect_all", lambda _self: None),
    ),
    Fault(
        name="viewer-a-model-for-each-answer",
        test="tests/ui/app/test_rows.py::test_rows_that_come_again_make_no_models",
        apply=_a_model_for_each_answer,
    ),
    Fault(
        name="viewer-what-was-glimpsed-goes-on",
        test="tests/backend_stub/api/test_rows.py::TestTheRows::test_a_title_that_was_only_glimpsed_does_not_go_on",
        apply=lambda patch: patch.setattr(continue_watching, "_GLIMPSED_SHARE", 0.0),
    ),
    Fault(
        name="viewer-ways-out-of-sight-in-a-small-window",
        test="tests/ui/app/test_details.py::test_every_way_on_is_seen_when_the_keys_come_to_it",
        apply=replaced("Matinee/Controls/FocusRow.qml", ("onCurrentChanged: if (current) seen = current", "")),
    ),
    Fault(
        name="viewer-the-name-leaves-a-small-window",
        test="tests/ui/app/test_details.py::test_the_name_stays_in_sight_in_a_small_window_with_large_text",
        apply=replaced("Matinee/Pages/DetailsPage.qml", (".slice(0, Math.max(0, about.mostFacts))", "")),
    ),
    Fault(
        name="viewer-the-focus-goes-with-a-question",
        test="tests/ui/app/test_recordings.py::test_a_recording_is_deleted_after_a_question",
        apply=both(
            _NO_WAY_BACK,
            replaced(
                "Matinee/Controls/ConfirmDialog.qml",
                ("root.close() // the page has the focus again, whatever becomes of it", "root.visible = false"),
            ),
        ),
    ),
    Fault(
        name="viewer-back-is-dead-on-the-forms",
        test=_EVENING + "test_back_leads_from_each_form_to_the_sign_in",
        apply=replaced(_SIGN_IN, ('event.accepted = withForm && step !== "signIn"', "event.accepted = false")),
    ),
    Fault(
        name="viewer-no-way-from-a-chosen-service",
        test=_EVENING + "test_a_service_that_was_chosen_here_can_be_left",
        apply=replaced(_SIGN_IN, ("onPressed: root.signIn.leaveService()", "")),
    ),
    Fault(
        name="viewer-focus-in-a-password-that-is-not-there",
        test=_EVENING + "test_the_focus_stays_in_sight_when_no_code_can_be_sent",
        apply=replaced(_SIGN_IN, ("[address, password].find(field => field.visible)", "password")),
    ),
    Fault(
        name="viewer-a-refused-address-is-typed-into-nothing",
        test=_EVENING + "test_an_address_that_was_refused_is_typed_anew",
        apply=replaced(_SIGN_IN, ("[address, password].find(", "[password].find(")),
    ),
    Fault(
        name="viewer-takes-another-machine-for-its-own",
        test="tests/player/service/test_discovery.py::"
        "test_an_address_on_this_machine_is_taken_from_this_machine_alone",
        apply=_lenient_discovery,
    ),
    Fault(
        name="viewer-no-sign-up",
        test=_EVENING + "test_a_new_viewer_makes_an_account",
        apply=replaced(_SIGN_IN, ('onPressed: root.signIn.goTo(root.step === "signIn" ? "register" : "signIn")', "")),
    ),
    Fault(
        name="viewer-password-never-shown",
        test=_EVENING + "test_a_password_can_be_shown",
        apply=replaced(_SIGN_IN, ("reveal.checked ? TextInput.Normal : TextInput.Password", "TextInput.Password")),
    ),
    Fault(
        name="viewer-signs-out-at-one-press",
        test=_EVENING + "test_signing_out_asks_first",
        apply=replaced("Main.qml", ("onSignOut: signOutDialog.open()", "onSignOut: window.app.signOut()")),
    ),
    Fault(
        name="viewer-icons-without-words",
        test=_EVENING + "test_an_icon_without_words_says_what_it_does",
        apply=replaced("Matinee/Controls/Tooltip.qml", ("            root.shown = true\n", "")),
    ),
    Fault(
        name="viewer-a-row-takes-the-focus-with-it",
        test="tests/ui/app/test_home_choices.py"
        "::test_a_row_that_went_while_its_title_was_open_takes_no_focus_with_it[kids]",
        apply=replaced("Matinee/Pages/HomePage.qml", ("            header.hold()", "            {}")),
    ),
    Fault(
        name="viewer-a-page-that-was-left-keeps-the-focus",
        test="tests/ui/app/test_channels.py::test_a_page_that_is_not_shown_gets_no_focus",
        apply=_NO_WAY_BACK,
    ),
    Fault(
        name="viewer-the-guide-takes-the-focus-after-it-was-left",
        test="tests/ui/app/test_channels.py"
        "::test_a_guide_that_is_left_while_its_programmes_change_gives_the_focus_away",
        apply=both(
            _NO_WAY_BACK, replaced("Matinee/Controls/ChannelLine.qml", ("callLater(hold)", "callLater(keep)"))
        ),
    ),
    Fault(
        name="viewer-an-address-from-two-sets-of-keys",
        test="tests/ui/app/test_account.py::test_across_a_room_an_email_address_is_typed_from_one_set_of_keys",
        apply=replaced("Matinee/Controls/KeyboardPanel.qml", ('0123456789" + root.often', '0123456789"')),
    ),
    Fault(
        name="viewer-looking-again-is-not-seen",
        test="tests/ui/app/test_settings.py::test_whoever_presses_what_changes_nothing_sees_that_it_was_done",
        apply=replaced("Matinee/Pages/DevicesPanel.qml", ("            fadesIn.restart()", "            {}")),
    ),
    Fault(
        name="viewer-default-keys-again-are-not-seen",
        test="tests/ui/app/test_settings.py::test_whoever_presses_what_changes_nothing_sees_that_it_was_done",
        apply=replaced(
            "Matinee/Pages/KeysPanel.qml", ("fadesIn.restart() // they may have been", "{} // they may have been")
        ),
    ),
    Fault(
        name="viewer-parts-again-are-not-seen",
        test="tests/ui/app/test_settings.py::test_whoever_presses_what_changes_nothing_sees_that_it_was_done",
        apply=replaced("Matinee/Pages/AboutPanel.qml", ("            fadesIn.restart()", "            {}")),
    ),
    Fault(
        name="viewer-focus-left-on-a-button-that-has-gone",
        test="tests/ui/app/test_player_page.py::test_the_button_out_of_picture_in_picture_takes_no_focus_with_it",
        apply=replaced("Matinee/Pages/PlayerPage.qml", ("onSmallChanged: Qt", "onSmallChanged: if (small) Qt")),
    ),
    Fault(
        name="viewer-no-click-ends-the-keys",
        test="tests/ui/app/test_player_page.py::test_a_click_anywhere_ends_the_keys",
        apply=replaced(
            "Matinee/Pages/KeysOverlay.qml",
            ("height: Math.max(flick.height, flick.contentHeight)\n", "height: 0\n"),
        ),
    ),
    Fault(
        name="viewer-a-list-cuts-its-tooltips",
        test="tests/ui/app/test_series.py::TestThePage::test_what_a_button_says_is_not_cut_off_by_its_list",
        apply=replaced("Matinee/Controls/Tooltip.qml", ("if (item.clip)", "if (false)")),
    ),
    Fault(
        name="viewer-two-tooltips-over-each-other",
        test=_EVENING + "test_two_tooltips_never_lie_over_each_other",
        apply=replaced("Matinee/Controls/Tooltip.qml", ("focused && Theme.pointedTip === null", "focused")),
    ),
    Fault(
        name="viewer-a-wrong-address-again-shows-nothing",
        test="tests/ui/app/test_pages.py::test_a_stream_can_be_opened_by_its_address",
        apply=replaced("Matinee/Pages/OpenStreamDialog.qml", ("            comes.restart()", "            {}")),
    ),
    Fault(
        name="viewer-a-button-shrinks-under-the-pointer",
        test="tests/ui/app/test_downloads_page.py::test_a_title_is_downloaded_in_the_quality_that_was_chosen",
        apply=replaced(
            "Matinee/Pages/DetailsPage.qml", ("width: Math.max(implicitWidth, widest)", "width: implicitWidth")
        ),
    ),
    Fault(
        name="viewer-avatar-does-nothing",
        test=_EVENING + "test_the_avatar_leads_somewhere_with_one_profile",
        apply=replaced(
            "Matinee/Pages/HomeBar.qml",
            (
                "onPressed: root.severalProfiles ? root.switchProfile() : root.showAccount()",
                "enabled: root.severalProfiles",
            ),
        ),
    ),
    Fault(
        name="viewer-subtitles-under-the-controls",
        test=_EVENING + "test_subtitles_stand_above_the_controls",
        apply=replaced(
            "Matinee/Pages/PlayerPage.qml", ("onControlsShareChanged: player.coverBottom(controlsShare)", "")
        ),
    ),
    Fault(
        name="viewer-preview-sheets-as-long-as-the-title",
        test="tests/backend_stub/encoding/test_tiles.py::test_the_player_finds_the_picture_of_a_time",
        apply=_sheets_as_long_as_the_title,
    ),
    Fault(
        name="viewer-preview-of-another-time",
        test="tests/player/thumbnails/test_thumbnails.py"
        "::test_a_sheet_that_the_title_cuts_short_still_has_all_its_places",
        apply=lambda patch: patch.setattr(representation, "_tile_s", lambda _tiles, _segments: None),
    ),
    Fault(
        name="viewer-focus-dead-after-playback",
        test=_EVENING + "test_keys_work_after_a_playback_however_it_was_left",
        apply=FOCUS_DEAD_AFTER_PLAYBACK,
    ),
    Fault(
        name="viewer-finished-film-resumes",
        test=_EVENING + "test_a_film_watched_to_its_end_is_not_offered_to_go_on_with",
        apply=_news_at_once,
    ),
    Fault(
        "viewer-play-of-a-series-only-shows-its-page",
        "tests/ui/app/test_series.py::TestPlayAtHome::test_it_goes_on_with_the_series_and_back_is_its_page",
        lambda patch: patch.setattr("ui.app.viewmodels.application.episode_to_go_on_with", lambda _seasons: None),
    ),
    Fault(
        "viewer-heads-under-the-bar-of-home",
        "tests/ui/app/test_rows.py::test_no_head_of_the_large_title_lies_under_the_bar[0.2-False]",
        replaced("Matinee/Pages/HomeHeader.qml", ("covered: bar.height", "covered: 0")),
    ),
    Fault(
        "viewer-reads-host-and-port-of-a-download",
        "tests/ui/app/test_downloads_page.py::test_words_for_every_state",
        lambda patch: patch.setattr("ui.app.viewmodels.downloads.service_sentence", sentences.sentence_of),
    ),
    Fault(
        "viewer-keys-dead-at-skip-intro",
        "tests/ui/app/test_series.py::TestThePlayer"
        "::test_over_hidden_controls_the_keys_of_the_button_show_them[Down-seekBar]",
        replaced(
            "Matinee/Pages/PlayerPage.qml",
            ("Keys.onDownPressed: { root.show(); seekBar", "Keys.onDownPressed: { seekBar"),
        ),
    ),
    Fault(
        "viewer-menu-outside-of-a-small-window",
        "tests/ui/app/test_player_page.py::test_picture_in_picture_shows_what_can_be_done_and_no_menu[fails]",
        replaced("Matinee/Pages/PlayerPage.qml", ("onSmallChanged: Qt.callLater(settle)", "")),
    ),
    Fault(
        "viewer-trouble-outside-of-a-small-window",
        "tests/ui/app/test_player_page.py::test_picture_in_picture_shows_what_can_be_done_and_no_menu[fails]",
        replaced(
            "Matinee/Pages/PlayerPage.qml", ("        compact: root.small\n        onRetried", "        onRetried")
        ),
    ),
    Fault(
        "viewer-menu-stays-open",
        "tests/ui/app/test_player_page.py::test_a_press_on_something_else_ends_a_menu[statistics]",
        replaced("Matinee/Pages/PlayerPage.qml", ("if (root.activeFocus && !activeFocus) visible = false", "")),
    ),
    Fault(
        "viewer-words-in-the-graph",
        "tests/ui/app/test_player_page.py::test_statistics_come_and_go_and_follow_the_history",
        replaced("Matinee/Controls/Graph.qml", ("baseline: caption.baseline", "top: caption.bottom")),
    ),
    Fault(
        "viewer-mark-waits-for-the-service",
        "tests/ui/app/test_home_choices.py"
        "::test_a_title_is_marked_before_the_service_has_answered_and_not_where_it_refuses",
        lambda patch: patch.setattr(DetailsViewModel, "expect", lambda *_: None),
    ),
    Fault(
        "viewer-who-watches-cannot-go-on",
        "tests/ui/app/test_people.py::test_who_watches_already_goes_on[True]",
        _who_watches_cannot_be_chosen,
    ),
    Fault(
        "viewer-series-without-episodes-does-nothing",
        "tests/ui/app/test_series.py::TestPlayAtHome::test_on_its_page_without_its_episodes_the_service_is_asked_again",
        replaced(
            "Main.qml",
            (
                "onPlay: window.app.openTitle(window.app.details.playId)",
                "onPlay: if (window.app.details.playPlace) window.app.openTitle(window.app.details.playId)",
            ),
        ),
    ),
    Fault(
        "viewer-large-title-is-black-without-a-service",
        "tests/ui/app/test_details.py::test_the_picture_of_a_card_stands_in_for_the_wide_one_of_the_large_title",
        replaced("Matinee/Pages/HomeHeader.qml", ("still: root.home.featuredStill", 'still: ""')),
    ),
    Fault(
        "viewer-on-a-plane-a-kept-title-has-no-connection",
        "tests/ui/app/test_downloads_page.py"
        "::test_without_a_network_a_title_plays_from_this_machine_where_it_is_there[True-3-True]",
        lambda patch: patch.setattr(ApplicationViewModel, "_play_download", lambda *_: None),
    ),
    Fault(
        "viewer-who-watches-needs-no-pin-to-go-on",
        "tests/ui/app/test_people.py::test_who_watches_already_is_asked_for_a_pin_and_goes_on",
        lambda patch: patch.setattr(ProfilesViewModel, "_asks_pin", lambda *_: False),
    ),
    Fault(
        "viewer-the-speed-of-downloads-cannot-be-limited",
        "tests/ui/app/test_kept_titles.py"
        "::test_the_limit_that_is_set_holds_for_downloads_that_run_and_for_nothing_else",
        lambda patch: patch.setattr(titles, "CappedTransport", lambda inner, _clock, _limit_bps: inner),
    ),
    Fault(
        "viewer-the-speed-of-downloads-falls-between-parts",
        "tests/ui/app/test_downloads_page.py"
        "::test_the_speed_of_a_slow_download_is_that_of_the_network_between_its_parts_too",
        lambda patch: patch.setattr(Speed, "see", _speed_of_the_newest_second),
    ),
]
