"""How long a kept title may still be watched, as the player says it in the viewer's language."""

from __future__ import annotations

from player.state import PlaybackState
from ui.viewmodels.text import tr

_DAY_S, _HOUR_S, _MINUTE_S = 86_400, 3_600, 60


def rights_words(state: PlaybackState) -> str:
    """Empty where nothing limits it; the licence's own sentence where the time is over. Rounded down in the steps in
    which the state tells it anew (:func:`drm_client.rights.duration_words`)."""
    left_s = state.rights_left_s
    if left_s is None:
        return ""
    if left_s <= 0:
        return state.rights
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
