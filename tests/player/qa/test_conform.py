"""Every rule of conformance has a manifest that breaks it and one that just keeps it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from player.manifest import parse
from player.qa.conform.media import MEDIA_RULES
from player.qa.conform.model import ConformanceRule, Severity
from player.qa.conform.rules import RULES, findings
from player.qa.ladder.rules import LadderRule
from tests.kit import media
from ui.cli.main import main


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_is_broken_by_one_manifest_and_kept_by_the_other(rule: ConformanceRule) -> None:
    broken = [each.rule.code for each in findings({"it": rule.breaks})]
    kept = [each for each in findings({"it": rule.keeps}) if each.rule.severity is Severity.MUST or each.rule is rule]
    assert rule.code in broken
    assert kept == [], "what just keeps a rule breaks no other that must hold"


def test_the_early_spelling_of_the_namespace_is_read_as_the_later_one() -> None:
    (rule,) = [each for each in RULES if each.code == "dash.namespace"]
    found = findings({"it": rule.keeps.replace("urn:mpeg:dash:schema:mpd", "urn:mpeg:DASH:schema:MPD")})
    assert [each for each in found if each.rule.severity is Severity.MUST] == []


def test_rules_have_codes_and_clauses_of_their_own() -> None:
    assert len({rule.code for rule in RULES}) == len(RULES) >= 160
    assert all(re.fullmatch(r"(hls|dash)\.[a-z0-9_]+", rule.code) for rule in RULES)
    assert all(re.search(r" \d+(\.\d+)*$", rule.clause) for rule in RULES)
    assert set(MEDIA_RULES) == set(LadderRule)


@pytest.mark.parametrize(
    "title",
    [media.ffmpeg_dash, media.packager_clear, media.packager_cenc, media.dash_on_demand],
    ids=lambda f: f.__name__,
)
def test_what_others_make_breaks_no_rule_that_must_hold(title, capsys: pytest.CaptureFixture[str]) -> None:
    made = title()
    for name in (made.dash, made.hls):
        assert main(["qa", "conform", str(made.folder / name), "--segments", "1"]) == 0, capsys.readouterr().out


def test_a_broken_manifest_fails_and_says_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "v.m3u8").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:9,\n1.ts\n#EXTINF:9,\n2.ts\n")
    (tmp_path / "master.m3u8").write_text("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n")
    assert main(["qa", "conform", str(tmp_path / "master.m3u8"), "--json", "--segments", "0"]) == 1
    found = json.loads(capsys.readouterr().out)["findings"]
    assert [(each["code"], each["severity"], each["count"]) for each in found] == [
        ("hls.extinf", str(Severity.MUST), 2),
        ("hls.codecs", str(Severity.SHOULD), 1),
    ]
    assert found[0]["manifest"].endswith("v.m3u8")


def test_the_rules_are_listed_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["qa", "conform", "--rules"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == len(RULES) + len(MEDIA_RULES)


@pytest.mark.parametrize(
    "text", ["", "<html>", "<MPD", "\0" * 100, "#EXTM3U\n#EXT-X-MEDIA:\n", "<MPD><Period></MPD>"]
)
def test_anything_may_be_held_against_the_rules(text: str) -> None:
    findings({"it": text})


@pytest.mark.parametrize("told", ["0", "-1", "1.5", "x", ""])
def test_inspect_and_conform_judge_a_timescale_by_one_rule(told: str) -> None:
    (rule,) = [each for each in RULES if each.code == "dash.timescale"]
    text = rule.breaks.replace('timescale="0"', f'timescale="{told}"')
    stream = text.replace("<AdaptationSet", f'<EventStream schemeIdUri="urn:x" timescale="{told}"/><AdaptationSet', 1)
    for each, places in ((text, 1), (stream, 2)):
        (found,) = [finding for finding in findings({"it": each}) if finding.rule is rule]
        warnings = parse(each.encode(), "http://a.test/a.mpd", now_s=0.0).warnings
        assert found.count == places
        assert [warning.code for warning in warnings].count("dash.timescale") == places
    assert "dash.timescale" not in {
        each.code for each in parse(rule.keeps.encode(), "http://a.test/a.mpd", now_s=0.0).warnings
    }
