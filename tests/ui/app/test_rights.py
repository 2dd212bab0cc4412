"""How long a kept title may still be watched, in the player."""

from __future__ import annotations

import pytest

from drm_client.rights import duration_words
from tests.kit.fake_client import playing
from ui.app.ports.downloads import KeptTitle
from ui.app.viewmodels.rights import kept_rights_words, rights_words


@pytest.mark.parametrize(
    ("left_s", "words"),
    [
        (2.5 * 86_400, "Can be watched for 2 days"),
        (47.9 * 3600, "Can be watched for 47 hours"),
        (119 * 60, "Can be watched for 1 hour"),
        (59.9 * 60, "Can be watched for 59 minutes"),
        (61, "Can be watched for 1 minute"),
        (0.5, "Can be watched for less than a minute"),
        (None, ""),
    ],
)
def test_the_words_name_the_largest_whole_unit(left_s, words):
    assert rights_words(playing(rights="A sentence.", rights_left_s=left_s)) == words
    if left_s is not None:
        assert words.endswith(duration_words(left_s)), "the state tells it again whenever these words change"


def test_what_is_over_has_the_sentence_of_the_licence():
    assert rights_words(playing(rights="Connect once.", rights_left_s=0.0)) == "Connect once."


def test_the_player_shows_it_and_follows_it(stage):
    session = stage.play(playing())
    assert not stage.item("rights").isVisible()
    session.publish(playing(rights="a", rights_left_s=7200.0))
    stage.until(lambda: stage.item("rights").property("text") == "Can be watched for 2 hours")
    assert stage.item("rights").isVisible()
    session.publish(playing(rights="b", rights_left_s=5000.0))
    stage.until(lambda: stage.item("rights").property("text") == "Can be watched for 1 hour")


def test_in_english_a_download_says_all_that_the_licence_says():
    kept = KeptTitle("d", "Harbour", rights="You have 2 days.", rights_state="ready", rights_left_s=2.5 * 86_400)
    assert kept_rights_words(kept) == "You have 2 days."
