"""The settings page and what it changes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from player.base.errors import ErrorCode, MatineeError
from tests.kit.fake_client import FakeClient, cards
from ui.app.profile.preferences import Preferences
from ui.app.system.volumes import Volume
from ui.app.viewmodels.setting_choices import KEYS, Deed, SettingsSection
from ui.app.viewmodels.settings import SettingsViewModel
from ui.app.viewmodels.tasks import Tasks

K = Qt.Key
QML = Path(__file__).parents[3] / "ui" / "app" / "qml"


class Keeper:
    """Keeps preferences in memory, or refuses to."""

    def __init__(self, *, writable: bool = True) -> None:
        self.preferences = Preferences()
        self.writable = writable

    def save(self, preferences: Preferences) -> bool:
        self.preferences = preferences
        return self.writable


@pytest.fixture
def client(qapp):
    made = FakeClient()
    yield made
    made.close()


@pytest.fixture
def tasks(client):
    made = Tasks(client)
    yield made
    made.close()


@pytest.mark.parametrize("section", [section for section in SettingsSection if KEYS[section]])
def test_every_setting_can_be_every_one_of_its_choices(client, tasks, section):
    keeper = Keeper()
    disk = Volume(Path("/media/films/Matinee"), "Films", 8 * 10**11)
    settings = SettingsViewModel(client, tasks, keeper, disks=lambda: [disk])
    settings.showSection(section)
    for key in [row.key for row in settings.property("rows").records if row.key not in list(Deed)]:
        settings.offer(key)
        options = list(settings.property("choices").records)
        assert len(options) > 1
        for option in options:
            settings.choose(key, option.key)
            row = next(row for row in settings.property("rows").records if row.key == key)
            assert row.value == option.label
            settings.offer(key)
            assert [o.key for o in settings.property("choices").records if o.chosen] == [option.key]
    assert keeper.preferences == settings.preferences


def test_a_choice_that_is_none_changes_nothing(client, tasks):
    settings = SettingsViewModel(client, tasks, Keeper())
    settings.choose("text_size", "9000")
    assert settings.preferences == Preferences()


def test_data_use_is_told_in_gigabytes(client, tasks):
    settings = SettingsViewModel(client, tasks)
    settings.offer("data_limit_bps")
    assert [option.label for option in settings.property("choices").records][:2] == [
        "No limit",
        "6.0 Mbit/s, 2.7 GB an hour",
    ]


def test_the_network_is_metered_where_the_viewer_says_so(client, tasks):
    keeper = Keeper()
    settings = SettingsViewModel(client, tasks, keeper)
    settings.choose("metered", "true")
    assert keeper.preferences == Preferences(metered=True)


def test_consent_is_told_at_once_and_deeds_are_done_when_they_are_chosen_only(client, tasks, qtbot):
    settings = SettingsViewModel(client, tasks, Keeper())
    asked = []
    settings.asked.connect(asked.append)
    settings.choose("telemetry", "true")
    qtbot.waitUntil(lambda: client.consent is True)
    settings.choose(Deed.FORGET_HISTORY, "false")
    assert asked == []
    settings.choose(Deed.FORGET_HISTORY, "true")
    assert asked == [Deed.FORGET_HISTORY]
    assert settings.preferences == Preferences(telemetry=True)


def test_settings_that_cannot_be_kept_say_so(client, tasks):
    settings = SettingsViewModel(client, tasks, Keeper(writable=False))
    settings.choose("text_size", "115")
    assert "could not be kept" in settings.property("notice")
    assert settings.property("textScale") == 1.15


def test_the_installation_is_looked_at(client, tasks, qtbot):
    settings = SettingsViewModel(client, tasks)
    settings.showSection("about")
    assert settings.property("partsMessage")
    qtbot.waitUntil(lambda: settings.property("parts").property("count") == 3)
    assert settings.property("partsMessage") == ""
    client.failure = MatineeError(ErrorCode.INPUT_FILE, "It cannot be looked at.")
    settings.examine()
    qtbot.waitUntil(lambda: settings.property("partsMessage") == "It cannot be looked at.")


# --- the page


def open_settings(stage) -> None:
    stage.client.titles = cards(6)
    stage.sign_in()
    stage.until(lambda: stage.focus_name == "playFeatured")
    stage.key(K.Key_Up, *[K.Key_Right] * 6)
    assert stage.focus_name == "openSettings"
    stage.key(K.Key_Return)
    assert stage.page == "settings"
    assert stage.focus_name == "section_appearance"


def test_a_setting_is_changed_by_arrows_and_enter_only(stage):
    open_settings(stage)
    before = stage.item("section_appearance").height()
    stage.key(K.Key_Right, K.Key_Down)
    assert stage.focus_name == "setting_text_size"
    stage.key(K.Key_Return)
    stage.until(lambda: stage.focus_name == "settingMenu")
    stage.key(K.Key_Down, K.Key_Down, K.Key_Return)
    assert stage.app.settings.preferences.text_size == 130
    assert stage.focus_name == "setting_text_size"
    stage.wait(20)
    assert stage.item("section_appearance").height() >= before
    stage.key(K.Key_Down, K.Key_Return, K.Key_Down, K.Key_Return)
    assert stage.app.settings.preferences.high_contrast
    corner = stage.shot().pixelColor(3, 3)
    assert corner.name() == "#000000"
    stage.key(K.Key_Left)
    assert stage.focus_name == "section_appearance"
    stage.key(K.Key_Escape)
    assert stage.page == "home"
    assert stage.focus_name == "openSettings"


def test_a_menu_of_choices_is_left_without_a_choice(stage):
    open_settings(stage)
    stage.key(K.Key_Down, K.Key_Right, K.Key_Down, K.Key_Return)
    stage.until(lambda: stage.focus_name == "settingMenu")
    stage.key(K.Key_Down, K.Key_Escape)
    assert stage.focus_name == "setting_tone_mapping"
    assert stage.app.settings.preferences == Preferences()
    stage.key(K.Key_Escape)
    assert stage.focus_name == "section_playback"


def test_the_menu_of_choices_stays_within_a_small_window(stage):
    open_settings(stage)
    stage.window.resize(860, 540)
    stage.until(lambda: stage.item("settingsPage").height() == 540)
    stage.app.settings.choose("text_size", "130")
    stage.key(*[K.Key_Down] * 3, K.Key_Right, K.Key_Return)
    menu = stage.item("settingMenu")
    stage.until(lambda: stage.focus_name == "settingMenu" and menu.height() > 200)
    assert menu.y() + menu.height() <= 540
    assert menu.x() >= 0


def test_the_preview_of_subtitles_follows_the_choices(stage):
    open_settings(stage)
    stage.key(K.Key_Down, K.Key_Down)
    words = stage.item("previewWords")
    stage.until(words.isVisible)
    small = words.height()
    stage.app.settings.choose("subtitle_size", "170")
    stage.app.settings.choose("subtitle_colour", "#ffe04d")
    stage.until(lambda: words.height() > 1.5 * small)
    assert words.property("color").name() == "#ffe04d"


def test_about_can_be_read_and_left(stage):
    open_settings(stage)
    stage.key(*[K.Key_Down] * 9, K.Key_Right)
    assert stage.focus_name == "examineAgain"
    stage.until(lambda: stage.item("parts").property("count") == 3)
    stage.key(K.Key_Down, K.Key_Up, K.Key_Return, K.Key_Left)
    assert stage.focus_name == "section_about"


def test_a_device_is_removed_and_the_focus_stays(stage):
    open_settings(stage)
    stage.key(*[K.Key_Down] * 8)
    lines = stage.item("deviceLines")
    stage.until(lambda: lines.property("count") == 2)
    assert stage.app.settings.device_list.lines.records[0].here, "this one stands first"
    stage.key(K.Key_Right, K.Key_Down, K.Key_Down, K.Key_Return)
    stage.until(lambda: stage.focus_name == "settingMenu")
    stage.key(K.Key_Down, K.Key_Return)
    stage.until(lambda: lines.property("count") == 1)
    assert [one.id for one in stage.client.machines] == ["d2"]
    assert stage.focus is not None
    stage.key(K.Key_Left)
    assert stage.focus_name == "section_devices"


def test_whoever_presses_what_changes_nothing_sees_that_it_was_done(stage):
    """The devices, the parts and the keys may be those of before."""
    open_settings(stage)
    places = ((8, "devicesAgain", "devicesFound"), (1, "examineAgain", "parts"), (-2, "keysReset", "keysNotice"))
    for steps, button, shown in places:
        stage.key(*[K.Key_Down if steps > 0 else K.Key_Up] * abs(steps), K.Key_Right)
        assert stage.focus_name == button
        stage.until(lambda: not stage.app.settings._looking and stage.app.settings.device_list._asking is None)
        found = stage.item(shown)
        assert found.property("opacity") == 1
        stage.key(K.Key_Return)
        stage.until(lambda found=found: found.property("opacity") < 1)
        stage.until(lambda found=found: found.property("opacity") == 1)
        stage.key(K.Key_Left)


def test_what_was_watched_and_searched_for_is_deleted_when_the_viewer_says_so(stage):
    stage.memory.keep_search("rivers")
    open_settings(stage)
    stage.client.titles = cards(6, begun=2)
    stage.app.settings.choose(Deed.FORGET_SEARCHES, "true")
    assert stage.memory.now.searches == ()
    stage.app.settings.choose(Deed.FORGET_HISTORY, "true")
    stage.until(lambda: not any(card.progress.position_s for card in stage.client.titles))
    stage.until(lambda: "deleted" in stage.item("settingsNotice").property("text"))


def test_settings_are_there_without_a_sign_in(stage):
    stage.client.service_name = ""
    stage.start()
    stage.key(K.Key_Down, K.Key_Right, K.Key_Right)
    assert stage.focus_name == "openStreamButton"
    stage.key(K.Key_Right, K.Key_Return)
    assert stage.page == "settings"
    stage.key(K.Key_Up)
    assert stage.focus_name == "leaveSettings"
    stage.key(K.Key_Return)
    assert stage.page == "signIn"
    assert stage.focus_name == "signInSettings"


def test_damaged_settings_are_told_until_the_viewer_has_looked(stage):
    stage.client.titles = cards(2)
    stage.sign_in()
    stage.until(lambda: stage.focus_name == "playFeatured")
    trouble = stage.item("settingsTrouble")
    assert not trouble.isVisible()
    stage.app.settings._notice = "The settings were damaged."
    stage.app.settings.changed.emit()
    assert trouble.isVisible()
    stage.app.showSettings()
    assert stage.item("settingsNotice").property("text") == "The settings were damaged."
    stage.key(K.Key_Escape)
    assert stage.page == "home"
    assert not trouble.isVisible()


def test_colours_and_sizes_of_type_stand_in_the_theme_only():
    colour, size = re.compile(r'"#[0-9a-fA-F]{3,8}"'), re.compile(r"pixelSize:\s*\d")
    for path in QML.rglob("*.qml"):
        if path.name != "Theme.qml":
            text = path.read_text(encoding="utf-8")
            assert not colour.search(text), path
            assert not size.search(text), path


def test_downloads_go_to_a_disk_that_is_chosen(stage):
    open_settings(stage)
    stage.app.settings.showSection("downloads")
    stage.app.settings.offer("download_folder")
    assert [one.key for one in stage.app.settings.choices.records] == ["", "/media/films/Matinee"]
    stage.app.settings.choose("download_folder", "/media/films/Matinee")
    assert stage.app.settings.preferences.download_folder == "/media/films/Matinee"
    assert stage.app.settings.rows.records[-1].value == "Films, 800.0 GB"
    stage.disks = []
    stage.app.settings.offer("download_folder")
    assert stage.app.settings.choices.records[-1].label == "/media/films/Matinee, not connected"
