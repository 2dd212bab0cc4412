"""The MPDs that rules change to be broken, and to be just kept. Pure."""

from __future__ import annotations

REP = '<Representation id="v" bandwidth="1" codecs="avc1.64001f"/>'
SET = f'<AdaptationSet mimeType="video/mp4">{REP}</AdaptationSet>'
HEAD = (
    '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" xmlns:cenc="urn:mpeg:cenc:2013" '
    'profiles="urn:mpeg:dash:profile:isoff-live:2011" '
)
STATIC = f'{HEAD}minBufferTime="PT2S" mediaPresentationDuration="PT4S"><Period>{SET}</Period></MPD>'
VIDEO = (
    '<Representation id="v" bandwidth="5" codecs="avc1.64001f" width="640" height="360" frameRate="25"/>'
    '<Representation id="w" bandwidth="6" codecs="avc1.64001f" width="640" height="360" frameRate="25"/>'
)
SOUND = (
    '<AdaptationSet id="2" lang="en" mimeType="audio/mp4"><AudioChannelConfiguration schemeIdUri="urn:x" value="2"/>'
    '<Representation id="a" bandwidth="1" codecs="mp4a.40.2" audioSamplingRate="48000"/></AdaptationSet>'
)
TEMPLATE = '<SegmentTemplate media="$Number$.m4s" initialization="i.mp4" duration="4" timescale="1"/>'
WHOLE_MPD = (
    '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" minBufferTime="PT2S"'
    ' mediaPresentationDuration="PT8S" maxSegmentDuration="PT4S"><Period id="p">'
    f'<AdaptationSet id="1" mimeType="video/mp4" segmentAlignment="true" maxWidth="640" maxBandwidth="6">{TEMPLATE}'
    f"{VIDEO}</AdaptationSet>{SOUND}</Period></MPD>"
)


def in_set(inner: str) -> str:
    """A static MPD with something in its AdaptationSet, before the Representation."""
    return STATIC.replace(REP, inner + REP)


def changed(old: str, new: str) -> str:
    assert old in WHOLE_MPD, old
    return WHOLE_MPD.replace(old, new, 1)
