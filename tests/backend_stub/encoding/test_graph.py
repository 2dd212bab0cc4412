"""What a title has besides pictures and sound in H.264: other ladders, subtitles, small pictures, scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import m3u8
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend_stub.config import Settings
from backend_stub.encoding import ttml
from backend_stub.encoding.audio import HIGHEST_PEAK_DB, TARGET_LUFS, Loudness, measure
from backend_stub.encoding.black_frames import merge
from backend_stub.encoding.chunks import SEGMENT_S, split
from backend_stub.encoding.findings import findings_of
from backend_stub.encoding.ladder import TargetCodec, build_ladder
from backend_stub.encoding.options import Sidecar, TitleOptions, Wanted, job_key, read_spec, spec_document
from backend_stub.encoding.package import SYSTEMS
from backend_stub.encoding.pipeline import publish_file
from backend_stub.encoding.plan import PROBE, tasks_after_probe
from backend_stub.encoding.probe import AudioInfo, SourceInfo, TextInfo
from backend_stub.encoding.rating import opinion
from backend_stub.jobs.graph import needs_of
from backend_stub.jobs.opening import open_jobs
from backend_stub.live import dash, hls
from backend_stub.live.schedule import Channel
from player.manifest import parse
from player.manifest.chapters import read_chapters
from player.manifest.model import TrackType
from tests.backend_stub.encoding.conftest import ffmpeg

SOUND = AudioInfo(0, "eng", 2, 128_000)


def source(seconds: float = 60, **members: Any) -> SourceInfo:
    usual: dict[str, Any] = {
        "path": Path("film.mp4"),
        "duration_s": seconds,
        "picture_s": seconds,
        "width": 1280,
        "height": 720,
        "fps": Fraction(25),
        "bitrate": None,
        "interlaced": False,
        "video_index": 0,
        "audio": (SOUND,),
    }
    return SourceInfo(**{**usual, **members})


@given(st.floats(0.2, 9000), st.fractions(Fraction(5), Fraction(60), max_denominator=1001))
def test_chunks_cover_the_film_at_segment_boundaries(seconds: float, fps: Fraction) -> None:
    chunks = split(seconds, fps)
    assert chunks[0].first == 0
    assert chunks[-1].end is None
    assert [chunk.end for chunk in chunks[:-1]] == [chunk.first for chunk in chunks[1:]]
    assert float(chunks[-1].first / fps) < seconds
    keyframes = [frame for chunk in chunks for frame in chunk.keyframes]
    assert [int(frame / fps) // SEGMENT_S for frame in keyframes] == list(range(len(keyframes)))
    assert len(chunks) <= max(8, seconds / 60 + 1)


def test_simple_films_have_fewer_rungs_and_other_codecs_their_own() -> None:
    full = build_ladder(source())
    assert [rung.height for rung in full.video] == [240, 360, 480, 720]
    assert [rung.height for rung in build_ladder(source(), detail=0.1).video] == [360, 720]
    both = build_ladder(source(), [TargetCodec.AV1])
    assert both.codecs == (TargetCodec.H264, TargetCodec.AV1)
    assert [rung.name for rung in both.of(TargetCodec.AV1)] == ["av1-240p", "av1-360p", "av1-480p", "av1-720p"]
    assert both.of(TargetCodec.AV1)[-1].bitrate < both.of(TargetCodec.H264)[-1].bitrate


def test_the_plan_can_be_done_and_ends_with_publishing() -> None:
    film = source(subtitles=(TextInfo(0, "eng"),))
    options = TitleOptions(codecs=("hevc",))
    tasks = tasks_after_probe(film, build_ladder(film, [TargetCodec.HEVC]), options)
    graph = needs_of([(task.name, task.needs) for task in (PROBE, *tasks)])
    needed = {need for needs in graph.values() for need in needs}
    assert set(graph) - needed == {"publish"}
    assert {"subtitles", "tiles", "rate/hevc", "check/encrypted", "video/hevc/0003"} <= set(graph)


def test_what_is_asked_for_is_the_same_job_until_the_file_or_the_wishes_change(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(b"1")
    options = TitleOptions(title="A", codecs=("av1",))
    assert read_spec(spec_document(Wanted(film, options))) == Wanted(film, options)
    first = job_key(Wanted(film, options))
    assert job_key(Wanted(film, options)) == first != job_key(Wanted(film, TitleOptions(title="A")))
    film.write_bytes(b"12")
    assert job_key(Wanted(film, options)) != first
    for wrong in ({"scheme": "none"}, {"codecs": ("vp9",)}, {"clear": False, "encrypted": False}):
        with pytest.raises(ValueError, match=r"no such|variant"):
            TitleOptions(**wrong)


def test_loudness_is_brought_to_the_target_or_as_near_as_peaks_allow() -> None:
    assert Loudness(-18.0, -3.0).gain_db == TARGET_LUFS + 18
    assert Loudness(-30.0, -4.0).gain_db == HIGHEST_PEAK_DB + 4
    assert Loudness(None, None).gain_db == 0.0


def test_ssim_on_the_scale_of_opinions() -> None:
    assert [opinion(ssim) for ssim in (-0.1, 0.0, 0.5, 0.95, 0.97, 0.99, 1.0, 1.1)] == pytest.approx(
        [0, 0, 20, 60, 70, 80, 100, 100]
    )


def test_findings_are_sentences() -> None:
    film = source(audio=(SOUND, AudioInfo(1, "fra", 2, None, offset_s=-0.12)))
    results: Mapping[str, Mapping[str, Any]] = {
        "join/h264": {"black": [(0.0, 1.9), (2.0, 4.0), (30.0, 30.6)], "frozen": []},
        "audio/eng": {"lufs": -40.0, "gain_db": 3.0},
        "audio/fra": {"lufs": None, "gain_db": 0.0},
        "subtitles": {"left_out": ["deu"]},
    }
    assert findings_of(film, results) == [
        "Sound track 2 begins -0.120 s from the pictures.",
        "The picture is black from 0.0 s to 4.0 s.",
        "The sound eng has -40.0 LUFS and stays at -37.0: its peaks may not go above -1 dBTP.",
        "The sound fra is silent.",
        "The subtitles deu have no cues.",
    ]
    assert merge([(0, 1), (1.5, 3)]) == ()
    assert findings_of(source(audio=()), {}) == ["There is no sound."]


TTML = """<?xml version="1.0"?>
<tt xmlns="http://www.w3.org/ns/ttml" xmlns:tts="http://www.w3.org/ns/ttml#styling" xml:lang="en"
    xmlns:ttp="http://www.w3.org/ns/ttml#parameter" ttp:frameRate="25" ttp:tickRate="1000">
  <head><metadata/></head>
  <body begin="1s"><div begin="00:00:01:05" end="4s">
    <p begin="500ms" dur="1.5s">one &amp;<br/><span tts:fontStyle="italic">two</span></p>
    <p begin="2000t" dur="1h">to the end</p><p begin="5s" end="6s">beyond it</p><p>  </p>
  </div></body>
</tt>"""


def test_ttml_is_read_with_its_times_one_in_the_other() -> None:
    assert ttml.to_webvtt(TTML.encode()) == (
        "WEBVTT\n\n00:00:02.700 --> 00:00:04.200\none &amp;\n<i>two</i>\n\n"
        "00:00:04.200 --> 00:00:05.000\nto the end\n"
    )


@pytest.mark.parametrize("text", ["", "no xml", "<a/>", TTML.replace("500ms", "soon")])
def test_what_is_no_ttml(text: str) -> None:
    with pytest.raises(ttml.TtmlError):
        ttml.to_webvtt(text.encode())


@dataclass(frozen=True)
class Published:
    """A title as it was published: its folder, and what the job found."""

    home: Path
    result: Mapping[str, Any]

    def text(self, path: str) -> str:
        return (self.home / path).read_text()


def film_with_everything(folder: Path) -> Path:
    """9 s with sound and subtitles. Half of it is black; the sound is far too soft."""
    subtitles, film = folder / "s.srt", folder / "film.mkv"
    subtitles.write_text("1\n00:00:01,000 --> 00:00:03,000\nHello\n")
    chapters = folder / "chapters.txt"
    parts = "".join(f"[CHAPTER]\nTIMEBASE=1/1\nSTART={n * 4}\nEND={n * 4 + 4}\ntitle=Part {n}\n" for n in range(2))
    chapters.write_text(f";FFMETADATA1\n{parts}")
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=s=64x36:r=10:d=9,drawbox=t=fill:c=black:enable='gte(t,4.5)'"),
        *("-f", "lavfi", "-i", "sine=f=500:d=9,volume=-20dB", "-i", subtitles),
        *("-f", "ffmetadata", "-i", chapters, "-map_chapters", 3, "-disposition:a:0", "visual_impaired"),
        *("-map", 0, "-map", 1, "-map", 2, "-metadata:s:2", "language=eng", "-c:v", "ffv1", "-c:a", "flac"),
        *("-c:s", "srt", film),
    )
    return film


def sidecars(folder: Path) -> tuple[Sidecar, ...]:
    """Subtitles beside the film, in two formats."""
    german, english = folder / "beside.srt", folder / "beside.ttml"
    german.write_bytes("1\n00:00:02,000 --> 00:00:04,000\nGrüße\n".encode("cp1252"))
    english.write_text(TTML)
    return (Sidecar(str(german), "deu"), Sidecar(str(english), "eng"))


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """A title with three codecs, two key systems, sound, three subtitle tracks and small pictures."""
    folder = tmp_path_factory.mktemp("everything")
    settings = Settings(folder / "data")
    options = TitleOptions(
        title="All",
        preset="ultrafast",
        clear=True,
        codecs=("hevc", "av1"),
        scheme="cenc",
        systems=("widevine", "playready"),
        sidecars=sidecars(folder),
    )
    publish_file(settings, film_with_everything(folder), options)
    with open_jobs(settings) as jobs:
        (job,) = jobs.page()
    return Published(settings.media_dir / "all", job.result)


def test_black_and_still_pictures_are_found_and_every_codec_is_scored(everything: Published) -> None:
    for word in ("black", "frozen"):
        assert any(f"{word} from 4.5 s to 9.0 s" in finding for finding in everything.result["findings"])
    qualities = everything.result["qualities"]
    assert [quality["codec"] for quality in qualities] == ["h264", "hevc", "av1"]
    assert all(20 < quality["score"] <= 100 for quality in qualities)


def test_the_manifests_name_what_a_title_has_besides_pictures_and_sound(everything: Published) -> None:
    master = everything.text("encrypted/master.m3u8")
    assert len(m3u8.loads(master).iframe_playlists) == 3
    assert all(name in master for name in ("TYPE=SUBTITLES", "EXT-X-IMAGE-STREAM-INF", 'CODECS="jpeg",', "SCORE="))
    assert everything.text("encrypted/manifest.mpd").count("edef8ba9-79d6-4ace-a3c8-27dcd51d21ed") >= 2
    assert 'CHARACTERISTICS="public.accessibility.describes-video"' in master
    assert 'DATA-ID="com.apple.hls.chapters",URI="chapters.json"' in master
    chapters = read_chapters(everything.text("encrypted/chapters.json").encode())
    assert [(one.start_s, one.title) for one in chapters] == [(0.0, "Part 0"), (4.0, "Part 1")]
    assert 'value="description"' in everything.text("encrypted/manifest.mpd")
    assert set(SYSTEMS) == {"widevine", "playready"}


@pytest.mark.parametrize("name", ["manifest.mpd", "master.m3u8"])
def test_the_player_reads_the_same_tracks_and_scores_in_either_manifest(everything: Published, name: str) -> None:
    text = everything.text(f"encrypted/{name}")
    presentation = parse(text.encode(), f"http://127.0.0.1/all/encrypted/{name}")
    tracks = [track for period in presentation.periods for track in period.tracks]
    assert {track.type for track in tracks} >= {
        TrackType.VIDEO,
        TrackType.AUDIO,
        TrackType.TEXT,
        TrackType.IMAGE,
    }
    languages = [track.language for track in tracks if track.type is TrackType.TEXT]
    assert sorted(str(language)[:2] for language in languages) == ["de", "en", "en"]
    scores = [one.score for track in tracks if track.type is TrackType.VIDEO for one in track.renditions]
    assert sorted(filter(None, scores)) == sorted(quality["score"] for quality in everything.result["qualities"])


@pytest.mark.parametrize(("folder", "word"), [("eng", "Hello"), ("deu", "Grüße"), ("eng-2b", "<i>two</i>")])
def test_subtitles_inside_and_beside_the_film_are_published(everything: Published, folder: str, word: str) -> None:
    segments = (everything.home / "clear" / "text" / folder).glob("*.m4s")
    assert word.encode() in b"".join(path.read_bytes() for path in segments)


def test_soft_sound_is_as_loud_as_any_once_published(everything: Published, tmp_path: Path) -> None:
    published = everything.home / "clear" / "audio" / "und"
    joined = tmp_path / "sound.mp4"
    joined.write_bytes(
        b"".join(path.read_bytes() for path in (published / "init.mp4", *sorted(published.glob("*.m4s"))))
    )
    heard = measure(source(9, path=joined), build_ladder(source()).audio[0])
    assert heard.lufs == pytest.approx(TARGET_LUFS, abs=1.0)


def test_a_channel_of_such_a_title_has_its_pictures_and_sound_alone(everything: Published) -> None:
    clear = everything.text("clear/master.m3u8")
    channel = Channel(hls.loop_length(everything.home / "clear", hls.multivariant(clear)))
    live = dash.manifest(everything.text("clear/manifest.mpd"), "../clear/", channel, 1_800_000_003.0)
    assert "video/36p/" in live
    assert "text/eng" not in live
    assert "thumbnail" not in live + hls.multivariant(clear)
