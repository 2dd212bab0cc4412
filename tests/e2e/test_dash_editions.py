"""What the later editions of DASH changed about requests, played on the real libmpv and downloaded.

Every file must be asked for as the MPD says, or the server has none.
"""

from __future__ import annotations

import re
import shutil
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from player.engine import Engine
from player.playback.settings import PlaybackSettings
from player.title.opening import PlaybackSource
from tests.kit import media
from tests.kit.fileserver import FileServer
from tests.kit.playback import Run, engine, null_player, play

SECONDS = 12
UP = "urn:mpeg:dash:schema:urlparam:2014"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Engine]:
    with engine(tmp_path / "profile") as started:
        yield started


class Guarded(FileServer):
    """Has media only for whom shows the token."""

    token = "token=opens"

    def find(self, url_path: str) -> Path | None:
        parts = urlsplit(url_path)
        if not parts.path.endswith(".mpd") and self.token not in parts.query.split("&"):
            return None
        return super().find(url_path)


def title(folder: Path, change: Callable[[str], str]) -> Path:
    """FFmpeg's DASH title with its MPD changed."""
    made = media.ffmpeg_dash(SECONDS)
    assert made.dash is not None
    shutil.copytree(made.folder, folder)
    path = folder / made.dash
    before = path.read_text()
    path.write_text(change(before))
    assert path.read_text() != before
    return path


def played(made: Engine, server: FileServer, manifest: str) -> Run:
    with null_player(untimed=True) as player:
        return play(made, PlaybackSource(url=server.url(manifest)), player, PlaybackSettings())


def into_sets(inside: str) -> Callable[[str], str]:
    """Puts elements into each AdaptationSet."""
    return lambda text: re.sub(r"(<AdaptationSet[^>]*>)", lambda found: found.group(1) + inside, text)


@pytest.mark.parametrize("kind", ["Essential", "Supplemental"])
def test_a_token_in_the_query_opens_every_segment(made: Engine, tmp_path: Path, kind: str) -> None:
    """Annex I.2: the media have the query of the MPD."""
    info = (
        f'<{kind}Property schemeIdUri="urn:mpeg:dash:urlparam:2014"><up:UrlQueryInfo xmlns:up="{UP}" '
        f'queryTemplate="$querypart$" useMPDUrlQuery="true"/></{kind}Property>'
    )
    title(tmp_path / "t", into_sets(info))
    with Guarded(tmp_path / "t") as server:
        run = played(made, server, "manifest.mpd?token=opens")
        assert run.report["result"]["played_to_end"], run.report["errors"]
        assert {request.status for request in server.requests} <= {200, 206}


def as_patterns(text: str) -> str:
    """Each timeline as one Pattern and one S that refers to it."""

    def pattern(found: re.Match[str]) -> str:
        rows = re.findall(r'<S (?:t="(\d+)" )?d="(\d+)"(?: r="(\d+)")?', found.group(0))
        lengths = [int(length) for _, length, repeat in rows for _ in range(int(repeat or 0) + 1)]
        parts = "".join(f'<P d="{length}"/>' for length in lengths)
        start = rows[0][0] or "0"
        return (
            f'<SegmentTimeline><Pattern id="1">{parts}</Pattern><S t="{start}" d="{sum(lengths)}" p="1"/>'
            "</SegmentTimeline>"
        )

    return re.sub(r"<SegmentTimeline>.*?</SegmentTimeline>", pattern, text, flags=re.DOTALL)


def test_a_title_whose_timelines_are_patterns_plays_to_its_end(made: Engine, tmp_path: Path) -> None:
    title(tmp_path / "t", as_patterns)
    with FileServer(tmp_path / "t") as server:
        run = played(made, server, "manifest.mpd")
        assert run.report["result"]["played_to_end"], run.report["errors"]
        sound = {request.path for request in server.requests if "/seg-3-" in request.path}
        assert len(sound) == len(list((tmp_path / "t").glob("seg-3-*.m4s")))


def as_sequences(text: str) -> str:
    """Each two segments as one segment sequence (5.3.9.6), marked as a low-delay stream is; they count from 0."""

    def paired(found: re.Match[str]) -> str:
        rows = re.findall(r'<S (?:t="(\d+)" )?d="(\d+)"(?: r="(\d+)")?', found.group(0))
        lengths = [int(length) for _, length, repeat in rows for _ in range(int(repeat or 0) + 1)]
        pairs = [lengths[place : place + 2] for place in range(0, len(lengths), 2)]
        sequences = "".join(f'<S d="{sum(pair)}" k="{len(pair)}"/>' for pair in pairs)
        return f"<SegmentTimeline>{sequences}</SegmentTimeline>"

    head, video, rest = re.split(
        r'(<AdaptationSet[^>]*contentType="video".*?</AdaptationSet>)', text, flags=re.DOTALL
    )
    video = re.sub(r"<SegmentTimeline>.*?</SegmentTimeline>", paired, video, flags=re.DOTALL)
    video = re.sub(r'media="[^"]*"', 'media="seq-$RepresentationID$-$Number$.$SubNumber$.m4s"', video)
    return head + into_sets('<EssentialProperty schemeIdUri="urn:mpeg:dash:ssr:2023" value="1"/>')(video) + rest


def test_a_title_of_segment_sequences_plays_to_its_end(made: Engine, tmp_path: Path) -> None:
    title(tmp_path / "t", as_sequences)
    for path in (tmp_path / "t").glob("seg-[012]-*.m4s"):
        _, rung, number = path.stem.split("-")
        sequence, sub = divmod(int(number) - 1, 2)
        path.rename(path.with_name(f"seq-{rung}-{sequence + 1}.{sub}.m4s"))
    with FileServer(tmp_path / "t") as server:
        run = played(made, server, "manifest.mpd")
        assert run.report["result"]["played_to_end"], run.report["errors"]
        asked = {re.sub(r"seq-\d", "seq", request.path) for request in server.requests if "/seq-" in request.path}
        there = {re.sub(r"seq-\d", "/seq", path.name) for path in (tmp_path / "t").glob("seq-*")}
        assert asked == there
        assert len(there) > 2
        assert {request.status for request in server.requests} <= {200, 206}


def inner(text: str, tag: str) -> str:
    """The elements called ``tag`` of an MPD."""
    return "".join(re.findall(rf"<{tag}[ >].*?</{tag}>", text, flags=re.DOTALL))


MPD = '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" xmlns:xlink="http://www.w3.org/1999/xlink" {}>{}</MPD>'


def two_parts(folder: Path, link: Callable[[str], str]) -> None:
    """A title, and a list of two MPDs that both are the title's period; ``link`` makes the list of the sets."""
    whole = title(folder, lambda text: text + "\n")
    sets = inner(whole.read_text(), "AdaptationSet")
    period = f'<Period id="part" start="PT0S" duration="PT{SECONDS}S">{sets}</Period>'
    (folder / "part.mpd").write_text(MPD.format('type="static"', period))
    (folder / "list.mpd").write_text(link(period))


def by_import(period: str) -> str:
    linked = f'<Period id="ad" duration="PT{SECONDS}S"><ImportedMPD>part.mpd</ImportedMPD></Period>'
    return MPD.format('type="list"', linked + period.replace(' start="PT0S"', ""))


def by_chain(period: str) -> str:
    following = '<SupplementalProperty schemeIdUri="urn:mpeg:dash:chaining:2016" value="part.mpd"/>'
    return MPD.format('type="static"', period + following)


@pytest.mark.parametrize("link", [by_import, by_chain])
def test_what_another_mpd_brings_is_played(made: Engine, tmp_path: Path, link: Callable[[str], str]) -> None:
    two_parts(tmp_path / "t", link)
    with FileServer(tmp_path / "t") as server:
        run = played(made, server, "list.mpd")
        assert run.report["result"]["played_to_end"], run.report["errors"]
        assert run.report["result"]["position_s"] > 2 * SECONDS - 1
        assert [request.path for request in server.requests].count("/part.mpd") == 1


def test_an_mpd_of_which_nothing_can_be_played_has_its_fallback_played(made: Engine, tmp_path: Path) -> None:
    """5.11.3, here because of a property that is not known."""
    title(tmp_path / "t", into_sets('<EssentialProperty schemeIdUri="urn:example:unknown"/>'))
    shutil.copy(Path(media.ffmpeg_dash(SECONDS).folder) / "manifest.mpd", tmp_path / "t" / "plain.mpd")
    path = tmp_path / "t" / "manifest.mpd"
    lead = '<SupplementalProperty schemeIdUri="urn:mpeg:dash:fallback:2016" value="plain.mpd"/></MPD>'
    path.write_text(path.read_text().replace("</MPD>", lead))
    with FileServer(tmp_path / "t") as server:
        run = played(made, server, "manifest.mpd")
        assert run.report["result"]["played_to_end"], run.report["errors"]


def event_message(seconds: int) -> bytes:
    """An emsg box of version 1 at this time."""
    body = b"\1\0\0\0" + struct.pack(">IQII", 1, seconds, 2, seconds) + b"urn:example:event\0v\0hello"
    return struct.pack(">I", 8 + len(body)) + b"emsg" + body


@pytest.mark.parametrize("manifest", ["manifest.mpd", "master.m3u8"])
def test_events_in_the_media_stand_in_the_report_once(made: Engine, tmp_path: Path, manifest: str) -> None:
    """5.10.3.3: each in every rung, so that whichever is chosen has it."""
    shutil.copytree(media.ffmpeg_dash(SECONDS).folder, tmp_path / "t")
    for path in (tmp_path / "t").glob("seg-[012]-002.m4s"):
        path.write_bytes(event_message(5) + path.read_bytes())
    with FileServer(tmp_path / "t") as server:
        run = played(made, server, manifest)
    assert run.report["result"]["played_to_end"], run.report["errors"]
    (event,) = run.report["timed_events"]
    assert (event["scheme"], event["id"], event["duration_s"]) == ("urn:example:event", "5", 2.0)
    assert event["start_s"] == pytest.approx(5.0, abs=0.1)


def test_a_preselection_is_chosen_and_its_stream_is_fetched(made: Engine, tmp_path: Path) -> None:
    """5.3.11: the one with the role main, of which only the first of two streams is asked for."""
    role = '<Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/><Label>Stadium</Label>'
    chosen = f'<Preselection id="p" preselectionComponents="2 1" lang="fr">{role}</Preselection></Period>'
    title(tmp_path / "t", lambda text: text.replace("</Period>", chosen))
    with FileServer(tmp_path / "t") as server:
        run = played(made, server, "manifest.mpd")
        assert run.report["result"]["played_to_end"], run.report["errors"]
        paths = {request.path for request in server.requests}
    assert any("/seg-4-" in path for path in paths)
    assert not any("/seg-3-" in path for path in paths)
