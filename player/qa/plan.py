"""A QA plan: from its YAML to the runs that it asks for. Pure but for the files that it names."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from abr.registry import DEFAULT
from abr.simulator import synthetic
from player.base.errors import InputError
from player.net.faults import FaultPlan, load_faults, rule_of
from player.net.shaping import LinkTrace, TracePeriod, load_trace
from player.playback.settings import PlaybackSettings
from player.qa import schema
from player.qa.broadcast.recorded import RecordedBroadcast, channel_of
from player.qa.broadcast.script import BroadcastScript, script_of
from player.qa.devices import bounds_of, display_height
from player.qa.document import Place, PlanDocument, load
from player.qa.run_spec import Labels, RunSpec
from player.qa.script import Do, ScriptStep
from player.qa.thresholds import Condition, parse
from player.reporting.cmcd import CmcdSettings, Mode
from player.title.opening import PlaybackSource
from player.tracks.capabilities import DecodeLimits

_VARIABLE = re.compile(r"\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}")
_MOST_RUNS = 10_000
_LIMIT_S = 600.0


@dataclass(frozen=True, slots=True)
class QaPlan:
    """``runs`` in the order of the report; ``virtual`` tells whether they take place in virtual time."""

    name: str
    description: str
    virtual: bool
    runs: tuple[RunSpec, ...]
    thresholds: tuple[Condition, ...]
    judges_media: bool = False  # picture and sound, on decoded frames
    stills: bool = False  # pictures may stand: slides
    account: str | None = None  # of the service, in which titles are played
    left_out: tuple[tuple[str, str], ...] = ()  # runs that a chosen player has no form for, each with the reason


def load_plan(path: Path, values: Mapping[str, str] | None = None) -> QaPlan:
    """The plan in a file; ``values`` stand for ``${NAME}`` (or ``${NAME:-DEFAULT}``) in it. Raises InputError with
    the line."""
    return plan_of(load(path), path.parent, values or {})


def plan_of(document: PlanDocument, folder: Path, values: Mapping[str, str]) -> QaPlan:
    """The plan in a document; files that it names are looked for in ``folder``. Raises InputError."""
    schema.check(document)
    return _PlanReader(document, folder, values).plan()


@dataclass(slots=True)
class _PlanReader:
    """Takes a document apart that fits the schema."""

    document: PlanDocument
    folder: Path
    values: Mapping[str, str]
    _rest: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self._rest = self.document.value

    def plan(self) -> QaPlan:
        rest = self._rest
        runs = tuple(itertools.islice(self._runs(), _MOST_RUNS + 1))
        if len(runs) > _MOST_RUNS:
            raise self.document.error((), f"these are more than {_MOST_RUNS} runs.")
        return QaPlan(
            rest["name"],
            rest.get("description", ""),
            rest.get("mode", "virtual") == "virtual",
            runs,
            tuple(self._condition(number, text) for number, text in enumerate(rest.get("thresholds", ()))),
            rest.get("judge", "continuity") == "media",
            rest.get("play", {}).get("stills") == "allowed",
            self._filled(("account",), rest["account"]) if "account" in rest else None,
        )

    def _runs(self) -> Iterator[RunSpec]:
        rest, play = self._rest, self._rest.get("play", {})
        script = tuple(self._step(number) for number in range(len(rest.get("script", ()))))
        sources = self._named("sources", self._source)
        references = self._named("sources", self._reference)
        scripts = self._named("sources", self._live)
        networks = self._named("networks", self._network) or {"": lambda _seed: None}
        faults = self._named("faults", self._faults) or {"": lambda _seed: None}
        devices = self._named("devices", lambda _number, item: bounds_of(item)) or {"": bounds_of({})}
        cdns = {item["name"]: tuple(item["order"]) for item in rest.get("cdns", ())} or {"": ()}
        for (source, what), (cdn, order), (network, link), (fault, wrong), policy, (
            device,
            bounds,
        ), cmcd, seed, repeat in itertools.product(
            sources.items(),
            cdns.items(),
            networks.items(),
            faults.items(),
            rest.get("policies", [DEFAULT]),
            devices.items(),
            rest.get("cmcd", [{"mode": "off"}]),
            rest.get("seeds", [1]),
            range(1, rest.get("repeats", 1) + 1),
        ):
            shown = policy if len(rest.get("policies", ())) > 1 else ""
            data = f"CMCD {cmcd['mode']}" if len(rest.get("cmcd", ())) > 1 else ""
            yield RunSpec(
                Labels(source, network, fault, shown, device, seed, repeat, cdn, data),
                replace(what, cdns=order),
                replace(_settings(policy, seed, play, bounds), cmcd=_cmcd(cmcd)),
                link(seed),
                wrong(seed),
                script,
                _limit_s(play, scripts[source]),
                reference=references[source],
                live=scripts[source],
            )

    def _named(self, name: str, make: Callable[[int, dict[str, Any]], Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for number, item in enumerate(self._rest.get(name, ())):
            if item["name"] in found:
                raise self.document.error((name, number, "name"), f'"{item["name"]}" stands here twice.')
            found[item["name"]] = make(number, item)
        return found

    def _source(self, number: int, item: dict[str, Any]) -> PlaybackSource:
        place: Place = ("sources", number)
        recorded = self._recorded(number, item)
        if ("url" in item) + ("title" in item) + (recorded is not None) != 1:
            raise self.document.error(place, 'a source has either "url" or "title", or a recording of live.')
        keys = tuple(
            _key(self._filled((*place, "keys", index), text))
            or self._refuse((*place, "keys", index), "a key is KID:KEY, each of 32 hexadecimal digits.")
            for index, text in enumerate(item.get("keys", ()))
        )
        shared = {"name": item["name"], "keys": keys}
        if recorded is not None or "url" in item:
            url = channel_of(recorded).url if recorded is not None else self._address((*place, "url"), item["url"])
            licence_url = item.get("licence_url")
            if licence_url is not None:
                licence_url = self._filled((*place, "licence_url"), licence_url)
            return PlaybackSource(url=url, licence_url=licence_url, **shared)
        title = self._filled((*place, "title"), item["title"])
        return PlaybackSource(title_id=title, variant=item.get("variant", ""), **shared)

    def _reference(self, number: int, item: dict[str, Any]) -> PlaybackSource | None:
        if "reference" not in item:
            return None
        url = self._address(("sources", number, "reference"), item["reference"])
        own = self._source(number, item)
        return PlaybackSource(name=own.name, url=url, keys=own.keys, licence_url=own.licence_url)

    def _live(self, number: int, item: dict[str, Any]) -> BroadcastScript | RecordedBroadcast | None:
        if "live" not in item:
            return None
        place: Place = ("sources", number, "live")
        rest = self._rest
        recorded = self._recorded(number, item)
        away = "url" not in item and recorded is None
        if away or rest.get("mode", "virtual") != "virtual" or rest.get("judge") == "media":
            raise self.document.error(
                place, "a live script goes with a url or a recording, in virtual time and without judge: media."
            )
        return script_of(item["live"]) if recorded is None else recorded

    def _recorded(self, number: int, item: dict[str, Any]) -> RecordedBroadcast | None:
        live = item.get("live", {})
        if "recording" not in live:
            return None
        place: Place = ("sources", number, "live")
        if set(live) - {"recording", "begun_s"}:
            raise self.document.error(place, "a recording comes as it was: it goes with begun_s alone.")
        path = self.folder / self._filled((*place, "recording"), live["recording"])
        found = RecordedBroadcast(path, live.get("begun_s", 0.0))
        self._told((*place, "recording"), lambda: channel_of(found))
        return found

    def _address(self, place: Place, text: str) -> str:
        """An address, or that of a file beside the plan."""
        url = self._filled(place, text)
        return url if "://" in url else (self.folder / url).resolve().as_uri()

    def _network(self, number: int, item: dict[str, Any]) -> Callable[[int], LinkTrace]:
        place: Place = ("networks", number)
        kinds = [kind for kind in ("trace", "constant", "model") if kind in item]
        if len(kinds) != 1:
            raise self.document.error(place, 'a network has one of "trace", "constant" and "model".')
        if "model" in item:
            model = item["model"]
            return lambda seed: _modelled(model, seed)
        if "constant" in item:
            constant = item["constant"]
            trace = LinkTrace.constant(constant["kbps"] * 1000, constant.get("latency_ms", 0) / 1000)
        else:
            trace = self._told((*place, "trace"), lambda: load_trace(self.folder / item["trace"]))
        return lambda _seed: trace

    def _faults(self, number: int, item: dict[str, Any]) -> Callable[[int], FaultPlan]:
        place: Place = ("faults", number)
        if ("file" in item) == ("rules" in item):
            raise self.document.error(place, 'faults have either "file" or "rules".')
        if "file" in item:
            plan = self._told((*place, "file"), lambda: load_faults(self.folder / item["file"]))
        else:
            rules = (
                self._told((*place, "rules", index), partial(rule_of, rule, f"fault rule {index + 1}"))
                for index, rule in enumerate(item["rules"])
            )
            plan = FaultPlan(tuple(rules))
        return lambda seed: FaultPlan(plan.rules, seed)

    def _step(self, number: int) -> ScriptStep:
        item, place = self._rest["script"][number], ("script", number)
        do = Do(item["do"])
        if (do is Do.SEEK) != ("to_s" in item):
            raise self.document.error(place, '"to_s" goes with seek, and with nothing else.')
        if "rung" in item and do is not Do.RUNG:
            raise self.document.error((*place, "rung"), '"rung" goes with rung only.')
        return ScriptStep(item["at_s"], do, item.get("to_s", item.get("rung")))

    def _condition(self, number: int, text: str) -> Condition:
        try:
            return parse(text)
        except ValueError as error:
            raise self.document.error(("thresholds", number), f"{error}.") from error

    def _filled(self, place: Place, text: str) -> str:
        def value(match: re.Match[str]) -> str:
            name, default = match.groups()
            found = self.values.get(name, default)
            if found is None:
                raise self.document.error(place, f"${{{name}}} has no value: give it with --set {name}=VALUE.")
            return str(found)

        return _VARIABLE.sub(value, text)

    def _told(self, place: Place, make: Callable[[], Any]) -> Any:  # noqa: ANN401  (what make gives)
        """What ``make`` gives; an error of its own gets the line."""
        try:
            return make()
        except InputError as error:
            raise self.document.error(place, error.sentence) from error

    def _refuse(self, place: Place, sentence: str) -> Any:  # noqa: ANN401  (never returns)
        raise self.document.error(place, sentence)


def _settings(policy: str, seed: int, play: Mapping[str, Any], bounds: Mapping[str, Any]) -> PlaybackSettings:
    base = PlaybackSettings(policy=policy, seed=seed)
    max_kbps = bounds.get("max_kbps")
    fresh = play.get("state", "fresh") == "fresh"
    return PlaybackSettings(
        policy=policy,
        seed=seed,
        buffer_s=bounds.get("buffer_s", base.buffer_s),
        replace_buffered=bounds.get("replace_buffered", False),
        memory_bytes=bounds["memory_mb"] * 2**20 if "memory_mb" in bounds else base.memory_bytes,
        rung=bounds.get("rung"),
        max_bps=None if max_kbps is None else round(max_kbps * 1000),
        max_height=display_height(bounds),
        limits=DecodeLimits(
            tuple(bounds.get("codecs", ())),
            bounds["decode"].get("max_height"),
            bounds["decode"].get("max_frame_rate"),
        ),
        start_s=play.get("start_s", 0.0 if fresh else None),
        live_at_edge="start_s" not in play,
        fresh=fresh,
        play_for_s=play.get("duration_s"),
        audio_language=play.get("audio"),
        text_language=play.get("subtitles"),
    )


def _limit_s(play: Mapping[str, Any], live: BroadcastScript | RecordedBroadcast | None) -> float:
    """A recorded channel is over when its recording is."""
    told: float = play.get("limit_s", _LIMIT_S)
    return min(told, channel_of(live).seconds) if isinstance(live, RecordedBroadcast) else told


def _cmcd(item: Mapping[str, Any]) -> CmcdSettings | None:
    if item["mode"] == "off":
        return None
    return CmcdSettings(Mode(item["mode"]), item.get("version", 1), third_parties=True)


def _modelled(model: Mapping[str, Any], seed: int) -> LinkTrace:
    made = synthetic.trace(
        model["kind"],
        mean_kbps=model["mean_kbps"],
        duration_s=model.get("duration_s", 600.0),
        latency_s=model.get("latency_ms", 50.0) / 1000,
        seed=seed,
    )
    return LinkTrace([TracePeriod(duration_s, bps, latency_s) for duration_s, bps, latency_s in made.periods])


def _key(text: str) -> tuple[bytes, bytes] | None:
    kid, _, key = text.partition(":")
    try:
        pair = bytes.fromhex(kid.replace("-", "")), bytes.fromhex(key)
    except ValueError:
        return None
    return pair if len(pair[0]) == len(pair[1]) == 16 else None
