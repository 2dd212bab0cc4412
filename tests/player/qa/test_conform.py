"""Every rule of conformance has a manifest that breaks it and one that just keeps it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from backend_stub.encoding import tools
from player.manifest import parse
from player.qa.conform import hls_authoring, hls_delivery, hls_refreshes, hls_together
from player.qa.conform.account import every_rule
from player.qa.conform.hls_refreshes import broken_by
from player.qa.conform.media import MEDIA_RULES
from player.qa.conform.model import BIS, ConformanceRule, PresentationRule, RefreshRule, Severity
from player.qa.conform.musts import MUSTS
from player.qa.conform.rules import RULES, findings
from player.qa.ladder.rules import LadderRule
from tests.kit import media
from tests.kit.fileserver import FileServer
from ui.cli import qa_watch
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
    assert len(json.loads(capsys.readouterr().out)) == len(every_rule()) > len(RULES) + len(MEDIA_RULES)


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


@pytest.mark.parametrize("rule", [*hls_together.RULES, *hls_authoring.RULES], ids=lambda rule: rule.code)
def test_a_rule_of_several_playlists_is_broken_by_one_presentation_and_kept_by_the_other(
    rule: PresentationRule,
) -> None:
    rules = hls_authoring.RULES if rule in hls_authoring.RULES else hls_together.RULES
    assert [each.code for each in rules if list(each.check(rule.breaks))] == [rule.code]
    assert [each.code for each in rules if list(each.check(rule.keeps))] == []
    assert [each.rule.code for each in findings(rule.keeps) if each.rule.severity is Severity.MUST] == []


@pytest.mark.parametrize("rule", hls_refreshes.RULES, ids=lambda rule: rule.code)
def test_a_rule_of_refreshes_is_broken_by_one_pair_and_kept_by_the_other(rule: RefreshRule) -> None:
    assert [each.code for each in broken_by(*rule.breaks)] == [rule.code]
    assert broken_by(*rule.keeps) == ()
    assert [
        each.rule.code for text in rule.keeps for each in findings({"it": text}) if each.rule.severity == "must"
    ] == []


def test_delta_updates_are_not_compared_as_whole_playlists() -> None:
    (rule,) = [each for each in hls_refreshes.RULES if each.code == "hls.daterange_removed"]
    before, after = rule.breaks
    assert broken_by(before, after.replace("#EXTINF", "#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n#EXTINF", 1)) == ()


def test_refreshes_of_an_mpd_are_not_compared_as_playlists() -> None:
    (rule,) = [each for each in RULES if each.code == "dash.timeline_order"]
    lines = rule.keeps.replace("><", ">\n<")
    assert broken_by(lines, lines.replace('d="2"', 'd="3"')) == ()


def test_each_demand_has_a_rule_that_is_there_or_a_reason() -> None:
    codes = {rule.code for rule in every_rule()}
    assert [each for each in MUSTS if not set(each.rules) <= codes] == []
    assert [each for each in MUSTS if bool(each.rules) is bool(each.why)] == []
    assert len([each for each in MUSTS if each.source == BIS and each.clause.startswith("6.2")]) == 70
    assert len([each for each in MUSTS if each.source == BIS and each.clause.split(".")[0] == "4"]) == 199
    judged = {code for each in MUSTS for code in each.rules}
    assert {rule.code for rule in (*hls_together.RULES, *hls_authoring.RULES, *hls_refreshes.RULES)} <= judged
    assert {rule.code for rule in hls_delivery.RULES} <= judged


def test_apples_rules_are_judged_where_they_are_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in hls_together.RULES[0].keeps.items():
        (tmp_path / name.rpartition("/")[2]).write_text(text)
    source = str(tmp_path / "m.m3u8")
    assert main(["qa", "conform", source, "--segments", "0"]) == 0
    assert main(["qa", "conform", source, "--segments", "0", "--authoring", "--json"]) == 1
    found = json.loads(capsys.readouterr().out.partition("{")[2].join(("{", "")))["findings"]
    assert {each["code"] for each in found} >= {"authoring.codecs", "authoring.average"}


def test_playlists_that_are_left_out_are_named_and_fail_unless_that_was_chosen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["#EXTM3U"]
    for number in range(201):
        lines += ['#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.64001f"', f"{number}.m3u8"]
        (tmp_path / f"{number}.m3u8").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n1.ts\n")
    (tmp_path / "m.m3u8").write_text("\n".join([*lines, ""]))
    command = ["qa", "conform", str(tmp_path / "m.m3u8"), "--segments", "0"]
    assert main([*command, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["findings"] == []
    assert told["not_judged"][0] == "2 of 202 playlists (--playlists)"
    assert main([*command, "--playlists", "202"]) == 0
    assert "playlists (--playlists)" not in capsys.readouterr().out
    assert main([*command, "--playlists", "100"]) == 0
    assert "Not judged: 102 of 202 playlists (--playlists)." in capsys.readouterr().out


def still_live(made: Path, tmp_path: Path) -> Path:
    """A copy of a title whose playlists have not ended."""
    folder = tmp_path / "live"
    shutil.copytree(made, folder)
    for each in folder.rglob("*.m3u8"):
        text = each.read_text().replace("#EXT-X-ENDLIST\n", "").replace("#EXT-X-PLAYLIST-TYPE:VOD\n", "")
        each.write_text(text)
    return folder


def test_a_live_programme_without_a_refresh_is_not_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = media.ffmpeg_hls_ts()
    folder = still_live(made.folder, tmp_path)
    with FileServer(folder) as server:
        command = ["qa", "conform", server.url(made.hls), "--segments", "1", "--json"]
        assert main([*command, "--for", "0.1"]) == 1
        told = json.loads(capsys.readouterr().out)
        assert [each for each in told["findings"] if each["severity"] == "must"] == []
        assert told["not_judged"] == ["the live programme: no refresh came in 0.1 s (--for)"]
        assert main([*command, "--for", "0"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["not_judged"] == ["the live programme: no refresh was wanted (--for)"]


def test_refreshes_that_fail_are_not_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = media.ffmpeg_hls_ts()
    folder = still_live(made.folder, tmp_path)

    async def followed(*_values: object, at_most_s: float) -> list[object]:
        return [SimpleNamespace(trouble="It is gone.", broken=(), name="")]

    monkeypatch.setattr(qa_watch, "followed", followed)
    assert main(["qa", "conform", str(folder / str(made.hls)), "--segments", "1", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [each for each in told["findings"] if each["severity"] == "must"] == []
    assert told["not_judged"] == [
        "the live programme: no refresh came in 60 s (--for)",
        "1 of 1 refreshes, which failed: It is gone.",
    ]


FFMPEG = {
    "plain": ["-hls_list_size", "0"],
    "event": ["-hls_playlist_type", "event", "-hls_flags", "program_date_time+independent_segments"],
    "one-file": ["-hls_list_size", "0", "-hls_flags", "single_file"],
    "fmp4": ["-hls_list_size", "0", "-hls_segment_type", "fmp4"],
    "fmp4-one-file": ["-hls_list_size", "0", "-hls_segment_type", "fmp4", "-hls_flags", "single_file"],
    "window": ["-hls_list_size", "3", "-hls_flags", "delete_segments"],
    "rounded": ["-hls_list_size", "0", "-hls_flags", "round_durations+discont_start+split_by_time"],
    "encrypted": ["-hls_list_size", "0", "-hls_enc", "1"],
}


@pytest.mark.parametrize("options", FFMPEG.values(), ids=FFMPEG)
def test_what_ffmpeg_makes_of_hls_breaks_no_rule_that_must_hold(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = media.elementary()
    command = [tools.locate().ffmpeg, "-v", "error", "-i", source / "v0.mp4", "-i", source / "en.m4a", "-t", "12"]
    subprocess.run(
        [*command, "-c", "copy", "-f", "hls", "-hls_time", "4", *options, tmp_path / "i.m3u8"],
        check=True,
        cwd=tmp_path,
        timeout=60,
    )
    assert main(["qa", "conform", str(tmp_path / "i.m3u8"), "--segments", "1"]) == 0, capsys.readouterr().out
