"""Sample titles, made on this machine: moving pictures with detail, music, and a time code that can be read.

The pictures come from FFmpeg's own generators, the music and the time code from a few lines of numpy.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backend_stub.config import Settings
from backend_stub.encoding import stroke_font, tools
from backend_stub.encoding.chunks import progress_reader
from backend_stub.encoding.pipeline import Progress, TitleOptions, publish_file
from backend_stub.encoding.probe import ffmpeg_url
from backend_stub.encoding.process import run_tool
from backend_stub.encoding.staging import staging_folder
from backend_stub.services.publishing import is_published
from backend_stub.titles import slug

FPS = 25
SAMPLE_RATE = 48_000
_NOTE_S = 0.25
# How much of making one title is making its source file.
_SOURCE_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class SampleTitle:
    """One sample title. ``picture`` gives FFmpeg's source filter for (width, height, seconds).

    ``scales`` has one row of semitones above A (110 Hz) for each sound track, ``languages`` their ISO 639-2 codes.
    """

    title: str
    synopsis: str
    year: int
    seconds: int
    width: int
    height: int
    picture: Callable[[int, int, int], str]
    languages: tuple[str, ...]
    scales: tuple[tuple[int, ...], ...]


def _fractal(width: int, height: int, seconds: int) -> str:
    # Half the size is generated: the fractal is smooth enough, and costs four times as much otherwise.
    dive = f"start_scale=2.6:end_scale=0.00006:end_pts={seconds * FPS}:maxiter=900"
    return (
        f"mandelbrot=s={width // 2}x{height // 2}:r={FPS}:{dive}:start_x=-0.743643135:start_y=-0.131825963,"
        f"scale={width}:{height}:flags=bicubic,hue=h=t*6"
    )


def _life(width: int, height: int, _seconds: int) -> str:
    colours = "life_color=#f8d868:death_color=#c03040:mold_color=#101838"
    return (
        f"life=s={width // 4}x{height // 4}:r={FPS}:mold=12:ratio=0.32:random_seed=7:{colours},"
        f"scale={width}:{height}:flags=neighbor,hue=h=t*4"
    )


def _rings(width: int, height: int, _seconds: int) -> str:
    colours = "n=5:c0=#ff5e3a:c1=#ffd166:c2=#2ec4b6:c3=#3a0ca3:c4=#f72585"
    glow = f"gradients=s={width // 2}x{height // 2}:r={FPS}:seed=11:speed=0.03:type=radial:{colours}"
    return (
        f"{glow},scale={width}:{height},format=gbrp[glow];"
        f"zoneplate=s={width}x{height}:r={FPS}:kt=10:kx2=110:ky2=110:kxy=40,format=gray,format=gbrp[rings];"
        "[glow][rings]blend=all_mode=overlay"
    )


def _bars(width: int, height: int, _seconds: int) -> str:
    return f"testsrc2=s={width}x{height}:r={FPS}"


#: For whoever has nothing to show yet: what loops on a channel of its own.
TEST_PATTERN = SampleTitle(
    title="Test pattern",
    synopsis="Colours, movement and a time code.",
    year=2026,
    seconds=32,
    width=640,
    height=360,
    picture=_bars,
    languages=("eng",),
    scales=((0, 12),),
)
SAMPLES: tuple[SampleTitle, ...] = (
    SampleTitle(
        title="Seahorse Valley",
        synopsis="A slow dive from the whole Mandelbrot set down into one of its valleys, with two pieces of music.",
        year=2026,
        seconds=60,
        width=1280,
        height=720,
        picture=_fractal,
        languages=("eng", "fra"),
        scales=((0, 3, 7, 10, 12, 15, 19, 22), (0, 4, 7, 11, 12, 16, 19, 23)),
    ),
    SampleTitle(
        title="Small Lives",
        synopsis="Cells are born, crowd together and die by Conway's rules, and their colours drift through the day.",
        year=2026,
        seconds=60,
        width=1280,
        height=720,
        picture=_life,
        languages=("eng",),
        scales=((0, 2, 4, 7, 9, 12, 14, 16),),
    ),
    SampleTitle(
        title="Rings of Light",
        synopsis="Fine rings run over slow colours: hard work for an encoder, and good for judging one.",
        year=2026,
        seconds=48,
        width=854,
        height=480,
        picture=_rings,
        languages=("eng",),
        scales=((0, 5, 7, 12, 14, 17, 19, 24),),
    ),
)


def missing_samples(settings: Settings, samples: Sequence[SampleTitle] = SAMPLES) -> tuple[SampleTitle, ...]:
    """Those of ``samples`` that the catalogue does not show."""
    return tuple(sample for sample in samples if not is_published(settings, slug(sample.title)))


def publish_sample(
    settings: Settings,
    sample: SampleTitle,
    *,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> str:
    """Make and publish one sample; its id."""
    report = progress or (lambda _stage, _done: None)
    settings.make_folders()
    with staging_folder(settings.staging_dir) as work:
        source = work / "source.mkv"
        make_source(sample, source, progress=lambda done: report("drawing", done * _SOURCE_SHARE), cancel=cancel)
        options = TitleOptions(sample.title, sample.synopsis, sample.year, preset="ultrafast", clear=True)
        return publish_file(
            settings,
            source,
            options,
            progress=lambda stage, done: report(stage, _SOURCE_SHARE + done * (1 - _SOURCE_SHARE)),
            cancel=cancel,
        )


def make_source(
    sample: SampleTitle,
    source: Path,
    *,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> None:
    """Write the film of ``sample`` to ``source`` (Matroska); other files of the work go beside it.

    Raises :class:`ToolFailedError`, :class:`CancelledError`.
    """
    code = time_code(sample.seconds, max(16, sample.height // 22))
    code_path = source.with_name("timecode.gray")
    code.tofile(code_path)
    inputs = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{code.shape[2]}x{code.shape[1]}", "-r", str(FPS)]
    inputs += ["-i", ffmpeg_url(code_path)]
    maps: list[str] = []
    for number, (language, scale) in enumerate(zip(sample.languages, sample.scales, strict=True)):
        music_path = source.with_name(f"music-{number}.f32")
        music(sample.seconds, scale).tofile(music_path)
        inputs += ["-f", "f32le", "-ar", str(SAMPLE_RATE), "-ac", "2", "-i", ffmpeg_url(music_path)]
        maps += ["-map", f"{number + 1}:a", f"-metadata:s:a:{number}", f"language={language}"]
    margin = sample.height // 20
    picture = sample.picture(sample.width, sample.height, sample.seconds)
    graph = f"{picture}[picture];[picture][0:v]overlay=x={margin}:y=H-h-{margin}:shortest=1,format=yuv420p[film]"
    run_tool(
        [
            *(tools.locate().ffmpeg, "-v", "error", "-nostdin", "-y", "-progress", "pipe:1", "-nostats"),
            *inputs,
            *("-filter_complex", graph, "-map", "[film]", *maps, "-c:a", "flac", "-r", str(FPS)),
            *("-c:v", "libx264", "-preset", "ultrafast", "-crf", "20", ffmpeg_url(source)),
        ],
        on_line=progress_reader(0.0, sample.seconds, progress),
        cancel=cancel,
    )


def time_code(seconds: int, letter_height: int) -> NDArray[np.uint8]:
    """Hours, minutes, seconds and frames, white on black: grey pictures, shape (frames, rows, columns)."""
    glyphs = {character: _cell(character, letter_height) for character in "0123456789:"}
    pictures = []
    for frame in range(seconds * FPS):
        whole = frame // FPS
        text = f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}:{frame % FPS:02d}"
        pictures.append(np.concatenate([glyphs[character] for character in text], axis=1))
    return np.stack(pictures)


def _cell(character: str, letter_height: int) -> NDArray[np.uint8]:
    """One character in the middle of a cell of fixed, even size, so that the digits do not dance."""
    columns = letter_height // (2 if character == ":" else 1) // 2 * 2
    rows = (letter_height * 8 // 5) // 2 * 2
    ink = stroke_font.draw(character, letter_height)
    cell = np.zeros((rows, columns), np.uint8)
    left, top = max(0, (columns - ink.shape[1]) // 2), (rows - letter_height) // 2 - 2
    part = cell[top : top + ink.shape[0], left : left + ink.shape[1]]
    part[:] = (ink[: part.shape[0], : part.shape[1]] * 255).astype(np.uint8)
    return cell


def music(seconds: int, scale: Sequence[int]) -> NDArray[np.float32]:
    """A plucked arpeggio up and down ``scale`` over a low drone, stereo, shape (samples, 2), at 48 kHz."""
    note_samples = int(_NOTE_S * SAMPLE_RATE)
    moment = np.arange(note_samples * 4) / SAMPLE_RATE  # a note rings on over the next three
    sound = np.zeros((seconds * SAMPLE_RATE + len(moment), 2), np.float32)
    steps = [*range(len(scale)), *range(len(scale) - 2, 0, -1)]
    for number in range(int(seconds / _NOTE_S)):
        pitch_hz = 110 * 2 ** ((12 + scale[steps[number % len(steps)]]) / 12)
        wave = np.sin(2 * np.pi * pitch_hz * moment) + 0.4 * np.sin(4 * np.pi * pitch_hz * moment)
        pluck = (0.16 * wave * np.exp(-5 * moment) * np.minimum(1, moment * 200)).astype(np.float32)
        place = 0.5 + 0.35 * np.sin(number / 5)  # from left to right and back
        begin = number * note_samples
        sound[begin : begin + len(moment)] += pluck[:, None] * np.array([1 - place, place], np.float32)
    time = np.arange(len(sound)) / SAMPLE_RATE
    drone = 0.05 * np.sin(2 * np.pi * 110 * time) * (1 + 0.5 * np.sin(2 * np.pi * time / 8))
    mixed: NDArray[np.float32] = (sound + drone[:, None].astype(np.float32))[: seconds * SAMPLE_RATE]
    return mixed
