"""A broadcast by FFmpeg over a real service, and what others make of it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from backend_stub.broadcast.journal import read_channel
from backend_stub.encoding import tools
from tests.kit.backend import signed_in_viewer
from tests.kit.children import lives
from tests.kit.on_air import broadcaster, on_air
from tests.kit.waiting import PATIENCE_S, until

VIDEO = "/video/90p/"
# As it comes: FFmpeg else fills the time before a Period that is not the first with pictures of its own.
_EACH_FRAME = ("-map", "0:v:0", "-fps_mode", "passthrough")


def encoders(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(word) for word in (task / "children").read_text().split()]
    return [child for child in found if b"ffmpeg" in Path(f"/proc/{child}/cmdline").read_bytes()]


@pytest.mark.parametrize("shield", [False, True], ids=["disk", "shield"])
def test_parts_are_served_as_they_are_made(tmp_path: Path, *, shield: bool) -> None:
    with on_air(tmp_path, shield=shield) as made:
        text = made.get(VIDEO + "index.m3u8").text
        hint = re.search(r'HINT:TYPE=PART,URI="(.*)"', text)
        assert hint is not None
        number, part = map(int, re.findall(r"\d+", hint[1].removesuffix(".m4s")))
        coming = made.get(f"{VIDEO}{hint[1]}")
        assert coming.status_code == 200
        assert coming.content.startswith(b"moof", 4)
        sequence = number - 1
        blocked = made.get(f"{VIDEO}index.m3u8?_HLS_msn={sequence + 1}&_HLS_part=1&_HLS_skip=YES")
        assert f"{number + 1}.p1.m4s" in blocked.text
        begun = time.monotonic()
        growing = read_channel(made.folder).tracks[0].segments[-1].number + 1
        with httpx.stream("GET", f"{made.home}{VIDEO}{growing}.m4s", trust_env=False, timeout=PATIENCE_S) as answer:
            assert "content-length" not in answer.headers
            pieces = [(time.monotonic() - begun, piece) for piece in answer.iter_raw()]
        assert pieces[-1][0] - pieces[0][0] > 1.0, "its chunks came as they were made"
        made.wait_for_run(1, growing)
        assert b"".join(piece for _, piece in pieces) == made.get(f"{VIDEO}{growing}.m4s").content
        for wrong, status in (("?_HLS_part=1", 400), ("?_HLS_msn=9999", 400), ("?_HLS_msn=x", 400)):
            assert made.get(f"{VIDEO}index.m3u8{wrong}").status_code == status
        for path in ("/video/91p/index.m3u8", f"{VIDEO}9999.m4s", f"{VIDEO}1.p77.m4s", "/journal", "/.lock"):
            assert made.get(path).status_code == 404
        assert made.get("/time").text.endswith("Z")
        assert part >= 0


def test_an_encoder_and_a_broadcaster_that_are_killed_go_on_as_one_channel(tmp_path: Path) -> None:
    with on_air(tmp_path) as made:
        (encoder,) = encoders(made.process.pid)
        os.kill(encoder, signal.SIGKILL)
        made.wait_for_run(2)
        (encoder,) = encoders(made.process.pid)
        made.process.kill()
        made.process.wait()
        until(lambda: not lives(encoder), "the encoder outlives its broadcaster")
        made.process = broadcaster(made.data)
        made.wait_for_run(3)
        text = made.get(VIDEO + "index.m3u8").text
        assert text.count("#EXT-X-DISCONTINUITY\n") == 2
        assert made.get("/manifest.mpd").text.count("<Period") == 3
        with signed_in_viewer(made.group) as viewer:
            (shown,) = viewer.client.get("/channels").json()["items"]
            assert shown["title"]["kind"] == "channel"
            assert shown["programmes"][0]["title"] == "Test broadcast"
        second = broadcaster(made.data)
        assert second.wait(30) == 2, "two broadcasters at once"
        made.end()
        text = made.get(VIDEO + "index.m3u8").text
        assert text.endswith("#EXT-X-ENDLIST\n")
        assert 'type="static"' in made.get("/manifest.mpd").text
        length_s = made.channel.length_s
        segments = made.channel.tracks[0].segments
        # FFmpeg plays one Period of an MPD, or all of them, as it finds them long.
        periods_s = [sum(one.duration_s for one in segments if one.run == run) for run in (1, 2, 3)]
        for url, played_s in ((made.hls, (length_s,)), (made.dash, (length_s, *periods_s))):
            found = subprocess.run(
                [tools.measuring(), "-v", "error", "-i", url, *_EACH_FRAME, "-f", "null", "-progress", "-", "-"],
                capture_output=True, text=True, check=True, timeout=60,
            )  # fmt: skip
            frames = int(re.findall(r"^frame=(\d+)", found.stdout, re.MULTILINE)[-1])
            assert any(abs(frames - 30 * each_s) <= 30 for each_s in played_s), (url, frames, played_s)
        with signed_in_viewer(made.group) as viewer:
            assert viewer.client.get("/channels").json()["items"] == []
            title = viewer.client.get("/catalog/chan").json()
            assert title["kind"] == "film", "what there is of it can be watched as one"
            assert title["duration_s"] == pytest.approx(length_s, abs=0.01)
        again = broadcaster(made.data)
        assert again.wait(30) == 2, "an event that is over stays over"


def test_ffprobe_reads_a_channel_that_is_on_air(tmp_path: Path) -> None:
    with on_air(tmp_path) as made:
        found = subprocess.run(
            [tools.locate().ffprobe, "-v", "error", "-show_entries", "stream=codec_name", "-of", "json", made.hls],
            capture_output=True, check=True, timeout=60,
        )  # fmt: skip
        assert {one["codec_name"] for one in json.loads(found.stdout)["streams"]} == {"h264", "aac"}
