"""The figures of picture and sound that conditions may name."""

from __future__ import annotations

from collections.abc import Mapping

FIGURES: Mapping[str, str] = {
    "frozen_s": "seconds of video that stood still (judge: media; where there is a reference, beyond its own)",
    "black_s": "seconds of black video, as above",
    "silent_s": "seconds of silence, as above",
    "wrong_picture_s": "seconds of video that differ from the reference's (judge: media)",
    "wrong_sound_s": "seconds of audio that differ from the reference's (judge: media)",
    "missing_s": "seconds that the reference has and the run has not (judge: media)",
    "unjudged_s": "seconds that could not be compared with the reference (judge: media)",
    "loudness_lufs": "of the whole run, EBU R128 (judge: media)",
    "true_peak_dbfs": "the loudest true peak; above 0 it clips (judge: media)",
    "av_offset_ms": "how much later than its flash a beep is heard, where the material has such marks (judge: media)",
    "blockiness": "FFmpeg's blockdetect: to be compared within one title (judge: media)",
    "vmaf_mean": "likeness to the reference, 0 to 100 (judge: media, with an FFmpeg that has VMAF)",
    "vmaf_min": "of the frame that is least like it",
}
NOTHING_OF = ("wrong_picture_s", "wrong_sound_s", "missing_s", "unjudged_s", "frozen_s", "black_s", "silent_s")
