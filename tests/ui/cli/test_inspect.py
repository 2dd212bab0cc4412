"""``matinee inspect``: from a file, standard input and a server; tables, JSON and differences."""

from __future__ import annotations

import base64
import io
import json
import re
import subprocess
import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from drm_client.pssh import build_pssh
from drm_client.systems import PLAYREADY, WIDEVINE
from player.manifest.dump import SCHEMA, SCHEMA_VERSION
from player.net.http import HttpTransport
from player.net.model import Body, Request
from tests.kit import media
from tests.kit.fileserver import FileServer
from ui.cli.main import main

MULTIVARIANT = (
    "#EXTM3U\n"
    '#EXT-X-DEFINE:NAME="v",VALUE="one"\n'
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",LANGUAGE="en",URI="audio/en.m3u8"\n'
    '#EXT-X-STREAM-INF:BANDWIDTH=100000,CODECS="avc1.4d401f,mp4a.40.2",RESOLUTION=640x360,AUDIO="a"\nv.m3u8\n'
    '#EXT-X-STREAM-INF:BANDWIDTH=200000,CODECS="avc1.4d401f,mp4a.40.2",RESOLUTION=1280x720,AUDIO="a"\nmissing.m3u8\n'
)
MEDIA = (
    '#EXTM3U\n#EXT-X-DEFINE:IMPORT="v"\n#EXT-X-TARGETDURATION:4\n'
    "#EXTINF:4,\n{$v}.ts\n#EXTINF:2.5,\n2.ts\n#EXT-X-ENDLIST\n"
)
AUDIO = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n1.aac\n#EXT-X-ENDLIST\n"

FIELDS = {
    "document": (
        "protocol kind version live duration target_duration media_sequence discontinuity_sequence playlist_type "
        "independent_segments start_offset part_target skipped minimum_update_period window_depth suggested_delay "
        "steering session_keys session_data variables date_ranges preload_hints rendition_reports locations events "
        "warnings periods"
    ),
    "rendition": (
        "type id url bandwidth average_bandwidth width height frame_rate sample_rate codecs supplemental_codecs "
        "video_range lang name label group audio_group subtitle_group default autoselect forced characteristics "
        "channels instream_id pathway roles index protection segments"
    ),
    "segment": (
        "url start duration title byte_range init key sequence number discontinuity gap program_date_time parts"
    ),
}


@pytest.fixture
def title(tmp_path: Path) -> Path:
    (tmp_path / "audio").mkdir()
    (tmp_path / "master.m3u8").write_text(MULTIVARIANT)
    (tmp_path / "v.m3u8").write_text(MEDIA)
    (tmp_path / "audio" / "en.m3u8").write_text(AUDIO)
    return tmp_path


def inspect(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    assert main(["inspect", "--json", *arguments]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return json.loads(captured.out)


def renditions(document: dict) -> dict[str, dict]:
    return {row["id"]: row for period in document["periods"] for row in period["renditions"]}


def test_json_has_every_field_of_the_schema(title: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = inspect(capsys, str(title / "master.m3u8"))
    assert (document["schema"], document["schema_version"]) == (SCHEMA, SCHEMA_VERSION)
    assert set(FIELDS["document"].split()) <= set(document)
    row = renditions(document)["variant-0"]
    assert set(FIELDS["rendition"].split()) <= set(row)
    assert set(FIELDS["segment"].split()) <= set(row["segments"][0])
    text = (Path(__file__).parents[3] / "docs" / "inspect-schema.md").read_text(encoding="utf-8")
    for field in {*document, *row, *row["segments"][0], *row["playlist"]}:
        assert re.search(rf"\b{field}\b", text), field


def test_children_of_a_local_multivariant_are_read(title: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A child that is not available is printed without segments, with a warning, and the exit code is 0."""
    document = inspect(capsys, str(title / "master.m3u8"))
    rows = renditions(document)
    assert [item["url"].rpartition("/")[2] for item in rows["variant-0"]["segments"]] == ["one.ts", "2.ts"]
    assert [item["start"] for item in rows["variant-0"]["segments"]] == [0, 4]
    assert rows["audio/a/en"]["segments"][0]["url"].endswith("/audio/1.aac")
    assert rows["variant-1"]["segments"] == []
    assert not rows["variant-1"]["loaded"]
    assert [item["code"] for item in document["warnings"]] == ["child_not_loaded"]
    assert document["duration"] == 6.5


def test_base_moves_the_addresses_but_not_the_files(title: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = inspect(capsys, str(title / "master.m3u8"), "--base", "https://cdn.example.org/t/master.m3u8?k=1")
    row = renditions(document)["variant-0"]
    assert row["url"] == "https://cdn.example.org/t/v.m3u8"
    assert row["segments"][0]["url"] == "https://cdn.example.org/t/one.ts"


def test_children_outside_the_folder_are_not_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "v.m3u8").write_text(AUDIO)
    (inner / "link.m3u8").symlink_to(tmp_path / "v.m3u8")
    (inner / "m.m3u8").write_text(
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n../v.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=2\nlink.m3u8\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=3\nhttp://127.0.0.1:1/v.m3u8\n"
    )
    document = inspect(capsys, str(inner / "m.m3u8"))
    assert not any(row["loaded"] for row in renditions(document).values())
    assert len(document["warnings"]) == 3


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Input:
        buffer = io.BytesIO(AUDIO.encode())

    monkeypatch.setattr(sys, "stdin", Input())
    document = inspect(capsys, "-", "--base", "http://example.org/x/y.m3u8")
    assert renditions(document)["media"]["segments"][0]["url"] == "http://example.org/x/1.aac"


def test_now_makes_a_live_window_repeatable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "live.mpd"
    path.write_text(
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="dynamic" availabilityStartTime="2024-01-01T00:00:00Z" '
        'timeShiftBufferDepth="PT8S"><Period start="PT0S"><AdaptationSet mimeType="video/mp4"><SegmentTemplate '
        'duration="4" media="$Number$.m4s"/><Representation id="v"/></AdaptationSet></Period></MPD>'
    )
    document = inspect(capsys, str(path), "--now", "2024-01-01T00:01:01Z")
    assert [item["number"] for item in renditions(document)["v"]["segments"]] == [14, 15]
    assert main(["inspect", str(path), "--now", "yesterday"]) == 2


def test_from_a_server_with_children_and_index(capsys: pytest.CaptureFixture[str]) -> None:
    """Playlists and sidx ranges are fetched; a child that is not there is a warning."""
    on_demand = media.dash_on_demand()
    assert on_demand.dash is not None
    with FileServer(on_demand.folder) as server:
        document = inspect(capsys, server.url(on_demand.dash))
        asked = {request.range for request in server.requests}
    for row in renditions(document).values():
        assert row["loaded"]
        assert row["segments"][-1]["byte_range"]["length"] > 0
        assert f"bytes={row['index']['range']['start']}-{row['index']['range']['end']}" in asked


def test_every_further_request_says_which_manifest_led_to_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "all.m3u8").write_text("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=3\nv.m3u8\n")
    (tmp_path / "v.m3u8").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n1.ts\n#EXT-X-ENDLIST\n")
    asked: list[Request] = []
    opened = HttpTransport.open

    def heard(transport: HttpTransport, request: Request) -> AbstractAsyncContextManager[Body]:
        asked.append(request)
        return opened(transport, request)

    monkeypatch.setattr(HttpTransport, "open", heard)
    with FileServer(tmp_path) as server:
        inspect(capsys, server.url("all.m3u8"))
        assert {request.initiator for request in asked} == {server.url("all.m3u8")}
    assert len(asked) > 1


def test_from_a_server_with_a_missing_child(title: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with FileServer(title) as server:
        document = inspect(capsys, server.url("master.m3u8"))
    rows = renditions(document)
    assert len(rows["variant-0"]["segments"]) == 2
    assert [item["code"] for item in document["warnings"]] == ["child_not_loaded"]


def test_diff_names_what_changed_and_the_broken_rule(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:{}\n#EXTINF:4,\n{}\n#EXTINF:4,\n{}\n"
    one, two, three = tmp_path / "1.m3u8", tmp_path / "2.m3u8", tmp_path / "3.m3u8"
    one.write_text(text.format(7, "7.ts", "8.ts"))
    two.write_text(text.format(8, "8.ts", "9.ts"))
    three.write_text(text.format(7, "7.ts", "eight.ts"))
    document = inspect(capsys, str(one), "--diff", str(two))
    assert document["renditions"] == [{"id": "media", "added": [9], "removed": [7], "changed": [], "missed": 0}]
    assert document["broken_rules"] == []
    assert main(["inspect", str(one), "--diff", str(three)]) == 1
    shown = capsys.readouterr().out
    assert "Segment 8 is not the same as before" in shown
    assert "RFC 8216bis 6.2.1" in shown


def test_table_for_people(title: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(title / "master.m3u8")]) == 0
    shown = capsys.readouterr().out
    assert "640x360" in shown
    assert "playlist not loaded" in shown
    assert "child_not_loaded" in shown


@pytest.mark.parametrize(
    ("content", "code", "exit_code"),
    [
        (b"", "manifest.empty", 2),
        (b"<html></html>", "manifest.html", 2),
        (b"\xff\xfe\x00", "manifest.not_recognised", 2),
        (b"#EXTM3U\n#EXTINF:1,\n{$x}", "manifest.syntax", 2),
        (None, "input.file", 2),
    ],
)
def test_bad_input_is_one_sentence(
    content: bytes | None, code: str, exit_code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x"
    if content is not None:
        path.write_bytes(content)
    assert main(["inspect", "--json", str(path)]) == exit_code
    captured = capsys.readouterr()
    assert json.loads(captured.out)["error"]["code"] == code
    assert "Traceback" not in captured.err


def test_names_of_a_stream_do_not_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, names = tmp_path / "x.m3u8", "\x1b]52;c;cm0=\x07\x9b31m\u202egpj."
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n{names}\n#EXT-X-ENDLIST\n", encoding="utf-8")
    assert main(["inspect", "--segments", str(path)]) == 0
    assert r"\x1b]52;c;cm0=\x07\x9b31m\u202egpj." in capsys.readouterr().out
    path.write_text(f'#EXTM3U\n#EXT-X-DEFINE:QUERYPARAM="{names}"\n#EXTINF:6,\na.ts\n', encoding="utf-8")
    assert main(["inspect", str(path)]) == 2
    assert r"\x1b]52;c;cm0=\x07" in capsys.readouterr().err


def test_a_local_file_needs_no_network_code(title: Path) -> None:
    """The command starts fast because it imports only what it needs."""
    script = (
        "import sys; from ui.cli.main import main; main(['inspect', sys.argv[1]]);"
        "heavy = {'httpx', 'asyncio', 'PySide6', 'mpv', 'numpy', 'av', 'lxml', 'cryptography'} & set(sys.modules);"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(title / "master.m3u8")], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


WIDEVINE_DATA = b"\x12\x10" + bytes(range(16)) + b"\x1a\x04acme"


def test_key_systems_are_named_with_what_their_data_tell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    box = base64.b64encode(build_pssh(WIDEVINE, data=WIDEVINE_DATA)).decode()
    (tmp_path / "m.mpd").write_text(
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" xmlns:cenc="urn:mpeg:cenc:2013" type="static" '
        'mediaPresentationDuration="PT4S" profiles="urn:mpeg:dash:profile:isoff-live:2011" minBufferTime="PT2S">'
        '<Period><AdaptationSet mimeType="video/mp4">'
        f'<ContentProtection schemeIdUri="urn:uuid:{WIDEVINE}"><cenc:pssh>{box}</cenc:pssh></ContentProtection>'
        f'<ContentProtection schemeIdUri="urn:uuid:{PLAYREADY}"><cenc:pssh>AAAA</cenc:pssh></ContentProtection>'
        '<SegmentTemplate duration="4" media="$Number$.m4s" initialization="i.mp4"/>'
        '<Representation id="v" bandwidth="1000" codecs="avc1.64001e"/></AdaptationSet></Period></MPD>'
    )
    widevine, playready = inspect(capsys, str(tmp_path / "m.mpd"))["key_systems"]
    assert (widevine["name"], widevine["system_id"], widevine["problems"]) == ("Widevine", WIDEVINE, [])
    assert widevine["key_ids"] == [bytes(range(16)).hex()]
    assert "acme" in widevine["details"].values()
    assert playready["name"] == "PlayReady"
    (tmp_path / "m.m3u8").write_text(
        '#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:4\n#EXT-X-MAP:URI="i.mp4"\n#EXT-X-KEY:METHOD=SAMPLE-AES,'
        'URI="skd://film-7",KEYFORMAT="com.apple.streamingkeydelivery"\n#EXTINF:4,\n1.m4s\n#EXT-X-ENDLIST\n'
    )
    (fairplay,) = inspect(capsys, str(tmp_path / "m.m3u8"))["key_systems"]
    assert (fairplay["name"], fairplay["details"]) == ("FairPlay", {"asset": "film-7"})
    assert main(["inspect", str(tmp_path / "m.m3u8")]) == 0
    assert "key system  FairPlay" in capsys.readouterr().out


def test_a_summary_has_all_but_the_segments(title: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = renditions(inspect(capsys, str(title / "master.m3u8")))
    short = inspect(capsys, "--summary", str(title / "master.m3u8"))
    rows = renditions(short)
    assert [row["segment_count"] for row in rows.values()] == [len(row["segments"]) for row in whole.values()]
    assert not any(row["segments"] for row in rows.values())
    assert "many_segments" not in {item["code"] for item in short["warnings"]}


ROWS = "".join(f"#EXTINF:4,\n{number}.ts\n" for number in range(500))
LONG = f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n{ROWS}#EXT-X-ENDLIST\n"


def test_the_first_screen_fits_a_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "long.m3u8").write_text(LONG)
    assert main(["inspect", str(tmp_path / "long.m3u8")]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) < 24
    assert any("500 x ts" in line for line in shown)
    assert main(["inspect", "--segments", str(tmp_path / "long.m3u8")]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 500


def test_a_plot_shows_media_holes_and_events(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "holes.m3u8").write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-PROGRAM-DATE-TIME:2024-01-01T00:00:00Z\n"
        '#EXT-X-DATERANGE:ID="a",START-DATE="2024-01-01T00:00:04Z",DURATION=4\n'
        "#EXTINF:4,\n1.ts\n#EXT-X-GAP\n#EXTINF:4,\n2.ts\n#EXTINF:4,\n3.ts\n#EXT-X-ENDLIST\n"
    )
    assert main(["inspect", "--plot", str(tmp_path / "holes.m3u8")]) == 0
    shown = capsys.readouterr().out.splitlines()
    video = next(line for line in shown if line.lstrip().startswith("video") and "=" in line).split()[-1]
    assert re.fullmatch(r"=+\.+=+", video)
    assert abs(len(video) / 3 - video.index(".")) <= 1
    assert any(line.lstrip().startswith("events") and "^" in line for line in shown)


def test_a_document_is_written_in_one_piece(title: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written as it is made, piece by piece, it takes seven times the processor time."""
    pieces: list[str] = []

    class Counting(io.StringIO):
        def write(self, text: str, /) -> int:
            pieces.append(text)
            return len(text)

    monkeypatch.setattr(sys, "stdout", Counting())
    assert main(["inspect", "--json", str(title / "master.m3u8")]) == 0
    assert len(pieces) < 3
    json.loads("".join(pieces))


PROTECTED = (
    '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT8S">'
    '<SupplementalProperty schemeIdUri="urn:mpeg:dash:chaining:2016" value="next.mpd"/>'
    '<Period><AdaptationSet mimeType="video/mp4" codecs="avc1.4d401f">'
    '<ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" value="cenc"/>'
    f'<ContentProtection schemeIdUri="urn:uuid:{WIDEVINE}"/><ContentProtection schemeIdUri="urn:uuid:{PLAYREADY}"/>'
    '<SegmentTemplate media="$Number$.m4s" duration="8"/>'
    '<Representation id="v" bandwidth="900000" width="640" height="360"/>'
    "</AdaptationSet></Period></MPD>"
)


def test_the_first_screen_says_what_protects_a_rung_and_is_80_characters_wide(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "film.mpd"
    kid = '<ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" value="cenc" cenc:default_KID="x"/>'
    path.write_text(PROTECTED.replace("</AdaptationSet>", kid + "</AdaptationSet>").replace("PT8S", "PT7S"))
    assert main(["inspect", str(path), "--base", "https://example.org/film.mpd"]) == 0
    shown = capsys.readouterr().out.split("key system")[0].splitlines()
    (row,) = (line for line in shown if line.startswith("  v "))
    assert row.split() == ["v", "900", "640x360", "avc1.4d401f", "1", "x", "fmp4", "cenc", "Widevine", "PlayReady"]
    assert shown[0] == "DASH MPD, on demand, 7 s"
    assert len(row) <= 80
    assert re.match(r"1 rendition, 1 period, \d+ warnings?$", shown[-1])


def test_the_first_screen_says_how_a_playlist_is_encrypted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "film.m3u8"
    key = 'METHOD=SAMPLE-AES-CTR,URI="data:,x",KEYFORMAT='
    keys = f'#EXT-X-KEY:{key}"urn:uuid:{WIDEVINE}"\n#EXT-X-KEY:{key}"com.microsoft.playready"\n'
    rest = '#EXT-X-MAP:URI="i"\n#EXTINF:4,\n1\n#EXT-X-ENDLIST\n'
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n{keys}{rest}")
    assert main(["inspect", str(path), "--base", "https://example.org/film.m3u8"]) == 0
    assert "SAMPLE-AES-CTR Widevine PlayReady" in capsys.readouterr().out.split("key system")[0]


def test_what_is_said_several_times_stands_once_on_the_first_screen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "film.m3u8"
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n" + "#EXTINF:4,\n1.ts\n" * 3 + "#EXTINF:x,\n2.ts\n" * 2)
    assert main(["inspect", str(path), "--base", "https://example.org/film.m3u8"]) == 0
    short = capsys.readouterr().out
    assert main(["inspect", str(path), "--segments", "--base", "https://example.org/film.m3u8"]) == 0
    assert short.count("hls.bad_extinf") == 1
    assert "hls.bad_extinf, 2 times" in short
    assert capsys.readouterr().out.count("hls.bad_extinf") == 2


CROWDED = (
    '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT8S"><Period>'
    '<AdaptationSet mimeType="video/mp4"><SegmentTemplate media="$Number$.m4s" duration="8"/>'
    + "".join(f'<Representation id="v{rung}" bandwidth="{rung}000"/>' for rung in range(1, 20))
    + "</AdaptationSet>"
    + "".join(
        f'<AdaptationSet mimeType="text/vtt" lang="x{number}"><Representation id="t{number}" bandwidth="1">'
        f"<BaseURL>{number}.vtt</BaseURL></Representation></AdaptationSet>"
        for number in range(30)
    )
    + "</Period></MPD>"
)


@pytest.mark.parametrize("text", [CROWDED, MULTIVARIANT], ids=["many-tracks", "long-warnings"])
def test_the_first_screen_is_cut_to_what_a_terminal_shows(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Counted in rows of 80 characters: the terminal breaks longer lines."""
    path = tmp_path / "crowded"
    path.write_text(text.replace("missing.m3u8", "a-name-that-makes-the-warning-break-" + "x" * 60))
    assert main(["inspect", str(path)]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert sum(max(1, -(-len(line) // 80)) for line in shown) <= 23
    cut = next((line for line in shown if line.startswith("... ")), "")
    assert cut.endswith("more lines (--segments shows all)") == (text == CROWDED)
    assert main(["inspect", "--segments", str(path)]) == 0
    whole = capsys.readouterr().out
    assert all(f"text t{number}" in whole for number in range(30)) == (text == CROWDED)


def test_what_is_said_at_length_has_two_rows_of_the_first_screen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    others = " ".join(f"https://h{number}.test/a.mpd" for number in range(300))
    fallback = f'<SupplementalProperty schemeIdUri="urn:mpeg:dash:fallback:2016" value="{others}"/>'
    events = f'<EventStream schemeIdUri="urn:{"x" * 300}"><Event/></EventStream>'
    path = tmp_path / "x.mpd"
    path.write_text(f"<MPD>{fallback}<Period>{events}<AdaptationSet/></Period></MPD>", encoding="utf-8")
    assert main(["inspect", str(path)]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) == 160
    assert main(["inspect", "--segments", str(path)]) == 0
    assert "https://h299.test/a.mpd" in capsys.readouterr().out


def test_a_plot_is_80_characters_wide(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "long.m3u8").write_text(LONG)
    assert main(["inspect", "--plot", str(tmp_path / "long.m3u8")]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_events_in_the_media_are_listed_as_the_golden_file_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """emsg of both versions (ISO/IEC 23009-1 5.10.3.3), splice information and ID3 in them, ID3 in MPEG-2 TS."""
    from tests.player.media.test_timed_metadata import SPLICE, TXXX, box, emsg, transport_stream

    (tmp_path / "m.mpd").write_text(
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT8S"><Period>'
        '<AdaptationSet mimeType="video/mp4"><SegmentTemplate media="$Number$.m4s" duration="4" '
        'presentationTimeOffset="100"/><Representation id="v" bandwidth="1000"/></AdaptationSet></Period></MPD>'
    )
    splice = base64.b64decode(SPLICE)
    start, end = box(b"styp", b"msdh"), box(b"mdat", b"x")
    messages = (
        emsg(0, 500)
        + emsg(1, 101_500)
        + emsg(1, 102_000, scheme="urn:scte:scte35:2013:bin", payload=splice)
        + emsg(0, 3_000, scheme="https://aomedia.org/emsg/ID3", payload=TXXX)
    )
    (tmp_path / "1.m4s").write_bytes(start + messages + end)
    (tmp_path / "2.m4s").write_bytes(start + emsg(0, 250, number=8, payload=b"\0\xff") + end)
    (tmp_path / "m.m3u8").write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n1.ts\n#EXTINF:4,\n2.ts\n#EXT-X-ENDLIST\n"
    )
    for number in (1, 2):
        (tmp_path / f"{number}.ts").write_bytes(transport_stream((900_000 + 90_000 * number, TXXX)))
    found = {
        name: inspect(capsys, "--media-events", "2", str(tmp_path / name))["timed_events"]
        for name in ("m.mpd", "m.m3u8")
    }
    golden = Path(__file__).with_name("media-events.json")
    assert found == json.loads(golden.read_text(encoding="utf-8"))
