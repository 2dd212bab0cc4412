"""A short HLS title for the tests of an installation, made on the spot: a moving picture and a tone."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

FPS, WIDTH, HEIGHT, RATE = 25, 640, 360, 48_000
MASTER = "master.m3u8"
_MEDIA = "media.m3u8"
_TONE_HZ = 440.0


def make(folder: Path, seconds: int) -> None:
    """Write the title into ``folder``. Raises ComponentError where PyAV lacks the encoders."""
    import av
    import numpy as np

    from player.base.errors import ComponentError, ErrorCode

    options = {"hls_time": "2", "hls_playlist_type": "vod", "hls_segment_filename": str(folder / "part-%03d.ts")}
    try:
        with av.open(str(folder / _MEDIA), "w", format="hls", options=options) as out:
            video = out.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "g": str(2 * FPS)})
            video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            audio = out.add_stream("aac", rate=RATE, layout="mono")
            ramp = np.add.outer(np.arange(HEIGHT), np.arange(WIDTH))
            for number in range(seconds * FPS):
                picture = np.stack([(ramp + 7 * number) % 256, (ramp // 2) % 256, (ramp // 3 + number) % 256], axis=2)
                frame = av.VideoFrame.from_ndarray(picture.astype(np.uint8), format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, FPS)
                out.mux(video.encode(frame))
                times = np.arange(RATE // FPS) / RATE + number / FPS
                tone = (0.1 * np.sin(2 * np.pi * _TONE_HZ * times)).astype(np.float32)
                sound = av.AudioFrame.from_ndarray(tone[np.newaxis, :], format="fltp", layout="mono")
                sound.sample_rate, sound.pts = RATE, number * (RATE // FPS)
                out.mux(audio.encode(sound))
            out.mux(video.encode(None))
            out.mux(audio.encode(None))
    except (av.error.FFmpegError, ValueError) as error:
        raise ComponentError(
            ErrorCode.COMPONENT_LIBMPV, "This PyAV has no encoders for a test title (H.264, AAC)."
        ) from error
    line = f'#EXT-X-STREAM-INF:BANDWIDTH=2000000,CODECS="avc1.42c01e,mp4a.40.2",RESOLUTION={WIDTH}x{HEIGHT}'
    (folder / MASTER).write_text(f"#EXTM3U\n{line}\n{_MEDIA}\n", encoding="utf-8")
