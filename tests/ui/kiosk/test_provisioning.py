"""The provisioning file: what it may say, and that each mistake is named with its line."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from player.base.errors import InputError
from ui.kiosk.kept_titles import streamed
from ui.kiosk.operator import code_record
from ui.kiosk.provisioning import NetworkRules, Orientation, load, parse
from ui.kiosk.schedule import Hours, PlayTime
from ui.kiosk.toml_tables import TableError

EXAMPLE = Path(__file__).parents[3] / "packaging" / "kiosk.example.toml"
SMALL = 'format = 1\n[[entry]]\nurl = "https://streams.test/a.m3u8"\n'
SERVED = 'format = 1\n[service]\nurl = "https://service.test"\n'


def test_a_title_is_played_as_what_it_is() -> None:
    entries = parse(SERVED + '[[entry]]\ntitle = "news"\n[[entry]]\ntitle = "film"\nvariant = "live"\n').entries
    assert [streamed(entry).variant for entry in entries] == ["", "live"]


def test_the_example_is_good() -> None:
    found = load(EXAMPLE)
    assert found.name == "foyer-1"
    assert found.volume == 60
    assert found.screen_on == Hours(8 * 60, 22 * 60)
    assert [entry.name for entry in found.entries] == ["Welcome", "News"]
    news = found.entries[1]
    assert news.slot == PlayTime(frozenset({"mon", "tue", "wed", "thu", "fri"}), Hours(7 * 60, 9 * 60))
    assert news.play_s == 1800.0
    assert found.entries[0].max_height == 1080
    assert found.network.allows("streams.example.org")
    assert not found.network.allows("elsewhere.test")


def test_what_is_left_out_has_a_meaning() -> None:
    found = parse(SMALL)
    assert found.entries[0].name == "streams.test"
    assert found.entries[0].slot.is_always
    assert found.orientation is Orientation.LANDSCAPE
    assert found.screen_on is None
    assert found.operator_code == ""


def test_everything_can_be_said() -> None:
    record = code_record("4711")
    found = parse(
        f"""format = 1
[service]
url = "https://service.test"
[screen]
orientation = "portrait"
switch_off = ["/bin/true", "now"]
[operator]
code = "{record}"
[network]
ca_file = "/etc/ca.pem"
max_kbps = 8000
[limits]
kept_mb = 10
[health]
port = 0
[[entry]]
title = "film-1"
variant = "clear"
keep = true
loops = 3
max_kbps = 2000
"""
    )
    assert found.orientation.degrees == 90
    assert found.switch_off == ("/bin/true", "now")
    assert found.operator_code == record
    assert found.network == NetworkRules(ca_file=Path("/etc/ca.pem"), max_bps=8_000_000)
    assert found.kept_bytes == 10_000_000
    entry = found.entries[0]
    assert (entry.title, entry.variant, entry.keep, entry.loops, entry.max_bps) == (
        "film-1",
        "clear",
        True,
        3,
        2_000_000,
    )


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (1, SMALL.replace("format = 1", "format = 2")),
        (1, SMALL.replace("format = 1\n", "")),
        (4, SMALL + "loops = 0\n"),
        (4, SMALL + f"minutes = {'9' * 400}\n"),
        (1, SMALL + f"minutes = {'9' * 5000}\n"),
        (4, SMALL + "loops = true\n"),
        (4, SMALL + 'days = ["monday"]\n'),
        (4, SMALL + 'hours = { from = "8:00", to = "09:00" }\n'),
        (4, SMALL + 'hours = { from = "08:60", to = "09:00" }\n'),
        (4, SMALL + 'hours = "08:00"\n'),
        (4, SMALL + "colour = 1\n"),
        (4, SMALL + "keep = true\n"),
        (6, SERVED + '[[entry]]\ntitle = "news"\nkeep = true\nvariant = "live"\n'),
        (4, SMALL + 'variant = "secret"\n'),
        (3, SMALL.replace("https:", "file:")),
        (3, SMALL.replace("https:", "ht!tp:")),
        (3, SMALL.replace("streams.test", "streams.test:99999")),
        (2, 'format = 1\n[[entry]]\nname = "a"\n'),
        (2, 'format = 1\n[[entry]]\nurl = "https://a.test/"\ntitle = "b"\n'),
        (3, 'format = 1\n[[entry]]\ntitle = "../b"\n'),
        (3, 'format = 1\n[[entry]]\ntitle = "b"\n'),
        (2, 'format = 1\nname = "no entry"\n'),
        (5, SMALL + "[screen]\nvolume = 101\n"),
        (5, SMALL + '[screen]\norientation = "up"\n'),
        (5, SMALL + '[screen]\nswitch_off = ["reboot"]\n'),
        (5, SMALL + '[operator]\ncode = "4711"\n'),
        (5, SMALL + '[network]\nhosts = ["https://a.test"]\n'),
        (5, SMALL + '[network]\nhosts = ["elsewhere.test"]\n'),
        (5, SMALL + "[limits]\nlogs_mb = 0\n"),
        (5, SMALL + "[health]\nport = 65536\n"),
        (5, SMALL + "[health\nport = 1\n"),
        (4, SMALL + "name = \n"),
    ],
)
def test_a_mistake_is_named_with_its_line(line: int, text: str) -> None:
    with pytest.raises(TableError) as refused:
        parse(text)
    assert refused.value.line in (line, line - 1), str(refused.value)
    assert str(refused.value).startswith(f"line {refused.value.line}: ")


def test_the_line_is_that_of_the_right_entry() -> None:
    text = SMALL + '[[entry]]\nurl = "https://streams.test/b.m3u8"\nminutes = 1\n[[entry]]\nminutes = -1\n'
    with pytest.raises(TableError) as refused:
        parse(text)
    assert refused.value.line == 7


def test_a_newer_format_is_refused_with_a_sentence() -> None:
    with pytest.raises(TableError, match=r"format 7.*update the program.*Nothing was changed"):
        parse("format = 7\n")


@pytest.mark.parametrize("content", [b"\xff\xfe", b"format = 1\n" + b"#" * 300_000])
def test_a_file_that_is_no_text_or_too_long_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_bytes(content)
    with pytest.raises(InputError) as refused:
        load(file)
    assert "kiosk.toml" in refused.value.sentence


def test_a_file_may_begin_with_the_mark_of_an_editor(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.toml"
    path.write_text(SMALL, encoding="utf-8-sig")
    assert load(path) == parse(SMALL)


def test_a_file_that_is_missing_is_an_error_of_the_input(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        load(tmp_path / "none.toml")


def test_secrets_are_in_no_repr() -> None:
    found = parse(SMALL.replace("a.m3u8", "a.m3u8?token=hunter2"))
    assert "hunter2" not in repr(found)


@given(st.text(max_size=300))
def test_whatever_the_text_only_named_mistakes_come_out(text: str) -> None:
    with contextlib.suppress(TableError):
        assert parse(text).entries


@pytest.mark.parametrize(
    ("rule", "host", "allowed"),
    [
        ("a.test", "a.test", True),
        ("a.test", "A.test.", True),
        ("a.test", "b.a.test", False),
        ("*.a.test", "b.a.test", True),
        ("*.a.test", "a.test", False),
        ("*.a.test", "xa.test", False),
    ],
)
def test_hosts(rule: str, host: str, *, allowed: bool) -> None:
    assert NetworkRules((rule,)).allows(host) is allowed
