"""Plans: what they ask for, and how they say what is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from abr.model import Rung
from player.base.errors import InputError, MediaError
from player.qa import schema
from player.qa.document import MAX_BYTES, load, read
from player.qa.plan import QaPlan, load_plan, plan_of
from player.qa.script import Do
from player.reporting.cmcd import CmcdSettings, Mode
from player.tracks.capabilities import DecodeLimits

BASE = """version: 1
name: A plan
sources:
  - {name: film, url: "http://a.test/t.mpd"}
"""


def parsed(text: str, folder: Path = Path(), **values: str) -> QaPlan:
    return plan_of(read(text, "plan.yaml"), folder, values)


def refused(text: str, folder: Path = Path()) -> InputError:
    with pytest.raises(InputError) as raised:
        parsed(text, folder)
    return raised.value


def test_a_plan_of_one_source_is_one_run() -> None:
    plan = parsed(BASE)
    (run,) = plan.runs
    assert (plan.name, plan.virtual, run.labels.text) == ("A plan", True, "film / seed 1")
    assert (run.source.url, run.network, run.faults, run.settings.seed) == ("http://a.test/t.mpd", None, None, 1)


def test_everything_is_combined_with_everything() -> None:
    plan = parsed(
        BASE
        + """
seeds: [1, 2]
repeats: 2
policies: [bola, planner]
networks:
  - {name: slow, constant: {kbps: 800, latency_ms: 50}}
  - {name: shaky, model: {kind: jumps, mean_kbps: 2000}}
devices:
  - {name: phone, max_height: 480, buffer_s: 12, memory_mb: 64}
  - {name: tv, max_kbps: 3000}
faults:
  - {name: none, rules: []}
  - {name: bad, rules: [{match: {kind: segment}, fault: {type: status, status: 503}}]}
script:
  - {at_s: 5, do: seek, to_s: 20}
  - {at_s: 9, do: rung, rung: 1}
play: {start_s: 4, duration_s: 30, limit_s: 90}
"""
    )
    assert len(plan.runs) == 2 * 2 * 2 * 2 * 2 * 2
    assert len({run.labels for run in plan.runs}) == len(plan.runs)
    run = next(each for each in plan.runs if each.labels.device == "phone" and each.labels.network == "slow")
    assert run.network is not None
    assert (run.network.at(0).bps, run.network.at(0).latency_s) == (800_000, 0.05)
    assert (run.settings.max_height, run.settings.buffer_s, run.settings.memory_bytes) == (480, 12, 64 * 2**20)
    assert [(step.do, step.value) for step in run.script] == [(Do.SEEK, 20), (Do.RUNG, 1)]
    assert (run.settings.start_s, run.settings.play_for_s, run.limit_s) == (4, 30, 90)
    assert run.settings.fresh


def test_a_plan_states_its_account_and_what_is_known_to_be_right(tmp_path: Path) -> None:
    text = (
        'version: 1\nname: n\naccount: "${WHO:-a@b.test}"\nsources: [{name: s, url: x.mpd, reference: right.mpd}]\n'
    )
    plan = plan_of(read(text, "plan.yaml"), tmp_path, {})
    assert plan.account == "a@b.test"
    (run,) = plan.runs
    assert run.reference is not None
    assert run.reference.url == (tmp_path / "right.mpd").as_uri()
    (plain,) = parsed(BASE).runs
    assert (parsed(BASE).account, plain.reference) == (None, None)


def test_a_run_starts_at_its_beginning_unless_it_says_otherwise() -> None:
    (run,) = parsed(BASE).runs
    assert (run.settings.start_s, run.settings.live_start_s, run.settings.fresh) == (0.0, None, True)
    (kept,) = parsed(BASE + "play: {state: kept}").runs
    assert (kept.settings.start_s, kept.settings.fresh) == (None, False)


def test_a_device_is_a_profile_and_what_is_stated_on_top() -> None:
    plan = parsed(
        BASE
        + """
devices:
  - {name: tv, profile: tv-1080p-no-hevc}
  - {name: own, profile: phone, display: 854x480, decode: {max_frame_rate: 30}, codecs: [h264, aac], memory_mb: 20}
  - {name: any, replace_buffered: true}
cmcd: [{mode: "off"}, {mode: headers, version: 2}]
"""
    )
    tv, own, plain = (run.settings for run in plan.runs if run.labels.cmcd == "CMCD off")
    assert (tv.max_height, tv.limits.max_height, tv.memory_bytes) == (1080, 1080, 64 * 2**20)
    assert "hevc" not in tv.limits.codecs
    assert "h264" in tv.limits.codecs
    assert (own.max_height, own.limits, own.buffer_s) == (480, DecodeLimits(("h264", "aac"), 1440, 30), 20)
    assert (plain.max_height, plain.limits) == (None, DecodeLimits())
    assert [each.replace_buffered for each in (tv, plain)] == [False, True]
    sent = {run.settings.cmcd for run in plan.runs}
    assert sent == {None, CmcdSettings(Mode.HEADERS, 2, third_parties=True)}


def test_what_a_device_decodes_bounds_codecs_and_rungs() -> None:
    limits = DecodeLimits(("h264", "aac"), 1080, 30)
    assert limits.decoders(("h264", "hevc", "aac")) == {"h264", "aac"}
    assert limits.decoders(()) == {"h264", "aac"}
    assert DecodeLimits().decoders(("av1",)) == {"av1"}
    rungs = [
        Rung(str(n), n, height=height, frame_rate=rate)
        for n, (height, rate) in enumerate([(540, 29.97), (1080, 30.0), (1080, 59.94), (2160, 30.0)], 1)
    ]
    assert limits.excluded(rungs) == {2, 3}
    with pytest.raises(MediaError, match="up to 1080 lines and up to 30 pictures a second"):
        limits.excluded(rungs[2:])


def test_a_model_is_the_same_for_the_same_seed() -> None:
    text = BASE + "seeds: [1, 2]\nrepeats: 2\nnetworks: [{name: n, model: {kind: jumps, mean_kbps: 900}}]\n"
    links = [run.network.periods for run in parsed(text).runs if run.network is not None]
    assert links[0] == links[1] != links[2] == links[3]


def test_files_are_looked_for_beside_the_plan(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text('[{"duration_ms": 1000, "bandwidth_kbps": 700}]')
    (tmp_path / "f.json").write_text('{"version": 1, "rules": [{"fault": {"type": "refuse"}}]}')
    (tmp_path / "plan.yaml").write_text(
        BASE.replace("http://a.test/t.mpd", "t.mpd")
        + "networks: [{name: n, trace: t.json}]\nfaults: [{name: f, file: f.json}]\n"
    )
    (run,) = load_plan(tmp_path / "plan.yaml").runs
    assert run.network is not None
    assert run.faults is not None
    assert run.network.at(0).bps == 700_000
    assert len(run.faults.rules) == 1
    assert run.source.url == (tmp_path / "t.mpd").resolve().as_uri()


def test_values_are_filled_in() -> None:
    text = BASE.replace("http://a.test", "${WHERE}")
    assert parsed(text, WHERE="http://b.test").runs[0].source.url == "http://b.test/t.mpd"
    default = BASE.replace("http://a.test", "${WHERE:-http://c.test}")
    assert [parsed(default, **values).runs[0].source.url for values in ({}, {"WHERE": "http://b.test"})] == [
        "http://c.test/t.mpd",
        "http://b.test/t.mpd",
    ]
    assert refused(text).sentence == (
        "plan.yaml, line 4: sources[0].url: ${WHERE} has no value: give it with --set WHERE=VALUE."
    )


@pytest.mark.parametrize(
    ("more", "line", "path", "words"),
    [
        ("networks:\n  - {name: n}\n", 6, "networks[0]", 'one of "trace"'),
        ("networks:\n  - name: n\n    constant: {kbps: 0}\n", 7, "networks[0].constant.kbps", "from 1 to"),
        ("networks:\n  - name: n\n    constant: {kpbs: 5}\n", 7, "networks[0].constant.kpbs", "not known"),
        ("networks:\n  - name: n\n    trace: none.json\n", 7, "networks[0].trace", "cannot be read"),
        (
            "faults:\n  - name: f\n    rules:\n      - {fault: {type: melt}}\n",
            8,
            "faults[0].rules[0]",
            "unknown type",
        ),
        ("faults:\n  - {name: f}\n", 6, "faults[0]", 'either "file" or "rules"'),
        ("seeds: [1, -1]\n", 5, "seeds[1]", "from 0"),
        ("devices: [{name: d, replace_buffered: 1}]\n", 5, "devices[0].replace_buffered", "true or false"),
        ("seeds: [yes]\n", 5, "seeds[0]", "a whole number"),
        ("policies: [magic]\n", 5, "policies[0]", "'magic' is not known"),
        ("thresholds:\n  - stalls == 0\n  - speed > 3\n", 7, "thresholds[1]", "no figure is called 'speed'"),
        ("thresholds:\n  - stalls maybe 0\n", 6, "thresholds[0]", "METRIC"),
        ("script:\n  - {at_s: 1, do: seek}\n", 6, "script[0]", "to_s"),
        ("script:\n  - {at_s: 1, do: pause, rung: 1}\n", 6, "script[0].rung", "rung only"),
        ("devices:\n  - {name: d}\n  - {name: d}\nplay: 3\n", 8, "play", "names with values"),
        ("repeats: 1000\nseeds: [1,2,3,4,5,6,7,8,9,10,11]\n", 1, "", "more than 10000 runs"),
        ("mode: fast\n", 5, "mode", "virtual, real"),
        ('name: ""\n', 5, "", "stands here twice"),
        ("a: &x 1\n", 5, "", "anchors"),
        ("a: [1\n", 6, "", "not YAML"),
        ("seeds: [.inf]\n", 5, "seeds[0]", "not a number"),
        ("description: !!binary aGVsbG8=\n", 5, "", "tags"),
        ("seeds: !!python/tuple [1]\n", 5, "", "tags"),
        ("devices:\n  - {name: d, max_kbps: 1.0e+308}\n", 6, "devices[0].max_kbps", "from 1 to 1e+09"),
        (
            "networks:\n  - {name: n, model: {kind: jumps, mean_kbps: 900, duration_s: 1000000000000}}\n",
            6,
            "networks[0].model.duration_s",
            "from 1 to 100000",
        ),
        (f"thresholds: [{'a' * 100_000}]\n", 5, "thresholds[0]", "more than 200 characters"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(more: str, line: int, path: str, words: str, tmp_path: Path) -> None:
    error = refused(BASE + more, tmp_path)
    assert error.sentence.startswith(f"plan.yaml, line {line}: ")
    assert error.fields.get("path", "") == path
    assert words in error.sentence


def test_two_of_one_name_and_a_missing_member_are_refused() -> None:
    double = BASE + '  - {name: film, url: "http://b.test/t.mpd"}\n'
    assert refused(double).sentence == 'plan.yaml, line 5: sources[1].name: "film" stands here twice.'
    assert '"sources" is missing' in refused("version: 1\nname: x\n").sentence
    assert 'either "url" or "title"' in refused("version: 1\nname: x\nsources: [{name: y}]\n").sentence


def test_files_that_cannot_be_plans_are_refused(tmp_path: Path) -> None:
    for name, content in (("binary", b"\xff\xfe\x00"), ("large", b"#" * (MAX_BYTES + 1)), ("deep", b"[" * 30)):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError):
            load(tmp_path / name)
    with pytest.raises(InputError, match="cannot be read"):
        load(tmp_path / "missing")
    with pytest.raises(InputError):
        plan_of(read("", "empty"), tmp_path, {})


def test_the_schema_is_published_as_it_is() -> None:
    published = Path(__file__).parents[3] / "docs" / "plans" / "plan.schema.json"
    assert json.loads(published.read_text(encoding="utf-8")) == json.loads(json.dumps(schema.PLAN))
