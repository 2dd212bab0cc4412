"""Which runs of a plan a browser player can do. Pure.

They get the address, the link, the faults and the duration. They cannot apply the rest of a plan. A run that ignored
it silently would be green for something that was never tried.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from abr.registry import DEFAULT
from player.base.errors import ErrorCode, InputError
from player.playback.settings import PlaybackSettings
from player.qa.browser.players import PLAYERS, plays
from player.qa.plan import QaPlan
from player.qa.run_spec import RunSpec

OURS = "matinee"
_NONE = PlaybackSettings()


def _bounds(settings: PlaybackSettings) -> bool:
    """Whether a device bounds more than how much is kept in memory."""
    return (settings.rung, settings.max_bps, settings.max_height, settings.limits, settings.replace_buffered) != (
        *(_NONE.rung, _NONE.max_bps, _NONE.max_height, _NONE.limits, _NONE.replace_buffered),
    )


_NO_FORM: Mapping[str, Callable[[RunSpec], object]] = {
    "policies": lambda spec: spec.settings.policy != DEFAULT or spec.labels.policy,
    "cdns": lambda spec: spec.labels.cdns,
    "cmcd": lambda spec: spec.settings.cmcd,
    "devices": lambda spec: _bounds(spec.settings),
    "script": lambda spec: spec.script,
    "play.start_s": lambda spec: spec.settings.start_s,
    "play.audio": lambda spec: spec.settings.audio_language,
    "play.subtitles": lambda spec: spec.settings.text_language,
    "play.state": lambda spec: not spec.settings.fresh,
    "keys": lambda spec: spec.source.keys or spec.source.licence_url,
    "live": lambda spec: spec.live,
    "--record": lambda spec: spec.record,
}
_BUFFER = "how much a device keeps in memory (buffer_s, memory_mb)"


def for_players(plan: QaPlan, names: Sequence[str]) -> QaPlan:
    """The runs of the plan for each player, ours first; ``left_out`` names those that a player has no form for.
    Raises InputError where the plan says what no browser does, or a player plays none of its sources."""
    if not names:
        return plan
    others = [name for name in dict.fromkeys(names) if name != OURS]
    if others:
        _refuse_formless(plan, others[0])
    runs: list[RunSpec] = []
    left_out: list[tuple[str, str]] = []
    for name in dict.fromkeys(names):
        own = [replace(spec, labels=replace(spec.labels, player=name)) for spec in plan.runs]
        played = [spec for spec in own if name == OURS or plays(PLAYERS[name], spec.source.url)]
        if not played:
            raise InputError(ErrorCode.INPUT_USAGE, f"{name} plays none of the plan's sources.")
        left_out += [(spec.labels.text, _why_not(spec)) for spec in own if spec not in played]
        runs += [spec if name == OURS else _with_what_is_left(spec) for spec in played]
    runs.sort(key=lambda spec: not spec.labels.is_ours)
    return replace(plan, runs=tuple(runs), left_out=(*plan.left_out, *left_out))


def _refuse_formless(plan: QaPlan, name: str) -> None:
    said = [member for member, says in _NO_FORM.items() if any(says(spec) for spec in plan.runs)]
    if plan.judges_media:
        said.append("judge: media")
    if said:
        raise InputError(
            ErrorCode.INPUT_USAGE, f"{name} has no form for {', '.join(said)}: run such a plan on our player alone."
        )


def _why_not(spec: RunSpec) -> str:
    if not spec.source.url:
        return f"{spec.labels.player} plays addresses, not titles of the service."
    return f"{spec.labels.player} plays {' and '.join(PLAYERS[spec.labels.player].plays)} alone."


def _with_what_is_left(spec: RunSpec) -> RunSpec:
    settings = spec.settings
    kept = (settings.buffer_s, settings.memory_bytes) == (_NONE.buffer_s, _NONE.memory_bytes)
    return spec if kept else replace(spec, labels=replace(spec.labels, not_applied=(_BUFFER,)))
