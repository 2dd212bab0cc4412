"""A source and its ladder as JSON, as tasks hand them on to machines that share no memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any

from backend_stub.encoding.ladder import AudioRung, EncodingLadder, KeyLabel, TargetCodec, VideoRung
from backend_stub.encoding.probe import AudioInfo, ChapterInfo, SourceInfo, TextInfo


def source_document(source: SourceInfo) -> dict[str, Any]:
    document = {**asdict(source), "path": str(source.path), "fps": str(source.fps)}
    del document["pictures_path"]  # another place on each machine
    return document


def read_source(document: Mapping[str, Any]) -> SourceInfo:
    """What :func:`source_document` wrote."""
    members = dict(document)
    members["path"], members["fps"] = Path(members["path"]), Fraction(members["fps"])
    members["audio"] = tuple(AudioInfo(**track) for track in members["audio"])
    members["subtitles"] = tuple(TextInfo(**track) for track in members["subtitles"])
    members["chapters"] = tuple(ChapterInfo(**chapter) for chapter in members.get("chapters", ()))
    return SourceInfo(**members)


def ladder_document(ladder: EncodingLadder) -> dict[str, Any]:
    return {**asdict(ladder), "fps": str(ladder.fps)}


def read_ladder(document: Mapping[str, Any]) -> EncodingLadder:
    """What :func:`ladder_document` wrote."""
    video = [
        VideoRung(**{**rung, "label": KeyLabel(rung["label"]), "codec": TargetCodec(rung["codec"])})
        for rung in document["video"]
    ]
    return EncodingLadder(
        Fraction(document["fps"]), tuple(video), tuple(AudioRung(**rung) for rung in document["audio"])
    )
