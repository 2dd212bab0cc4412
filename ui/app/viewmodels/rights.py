"""How long a kept title may still be watched, in the viewer's language."""

from __future__ import annotations

from collections.abc import Callable

from player.reporting.state import PlaybackFailure, PlaybackState
from ui.app.ports.downloads import KeptTitle
from ui.app.viewmodels import text
from ui.app.viewmodels.sentences import sentence_of

Translate = Callable[[str], str]

_DAY_S, _HOUR_S, _MINUTE_S = 86_400, 3_600, 60


def rights_words(state: PlaybackState) -> str:
    """What the player says: empty where nothing limits it; the licence's own sentence where the time is over. Rounded
    down in the steps in which the state tells it again (:func:`drm_client.rights.duration_words`)."""
    left_s = state.rights_left_s
    if left_s is None:
        return ""
    if left_s <= 0:
        return state.rights
    return _left_words(left_s, text.tr)


def kept_rights_words(title: KeptTitle) -> str:
    """What the lists of downloads say: in English the licence's own sentence, else in short what it comes to."""
    if "." in title.rights_state:
        return sentence_of(PlaybackFailure(title.rights_state, title.rights))
    words = _standing_words(title, text.tr)
    return title.rights if words == _standing_words(title, str) else words


def _standing_words(title: KeptTitle, tr: Translate) -> str:
    words = _state_words(title, tr)
    return tr("{standing}. Connect to renew it.").format(standing=words) if words and title.renewal_due else words


def _state_words(title: KeptTitle, tr: Translate) -> str:
    """By :class:`drm_client.rights.RightsState`, and what :class:`ui.app.ports.downloads.KeptTitle` adds to those."""
    ended = {
        "expired": tr("The licence has run out"),
        "played_out": tr("The licence has run out"),
        "revoked": tr("The licence was withdrawn"),
        "released": tr("The licence was given back"),
        "wrong_device": tr("The licence is for another device"),
        "unconfirmed": tr("Connect once to confirm the licence"),
        "unclear_date": tr("Connect once to check the date"),
        "no_service": tr("Its service is not set up"),
    }
    if title.rights_state not in ("ready", "started", "grace"):
        return ended.get(title.rights_state, "")
    if title.rights_left_s is None:
        return tr("Can be watched without a time limit")
    return _left_words(title.rights_left_s, tr)


def left_words(left_s: float) -> str:
    """How long a title may still be watched."""
    return _left_words(left_s, text.tr)


def _left_words(left_s: float, tr: Translate) -> str:
    days, hours, minutes = int(left_s // _DAY_S), int(left_s // _HOUR_S), int(left_s // _MINUTE_S)
    if days > 1:
        return tr("Can be watched for {count} days").format(count=days)
    if hours > 1:
        return tr("Can be watched for {count} hours").format(count=hours)
    if hours == 1:
        return tr("Can be watched for 1 hour")
    if minutes > 1:
        return tr("Can be watched for {count} minutes").format(count=minutes)
    return tr("Can be watched for 1 minute") if minutes else tr("Can be watched for less than a minute")
