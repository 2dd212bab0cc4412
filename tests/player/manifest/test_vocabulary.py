"""Nothing is dropped in silence: each tag of RFC 8216bis and each element of the DASH schema is read or reported."""

from __future__ import annotations

import re

import pytest

from player.base.errors import ManifestError
from player.manifest import parse
from player.manifest.dash.schema import READ
from player.manifest.hls.tags import TAGS, Scope
from player.manifest.model import Presentation

URL = "https://example.org/a/x?q=1"

# A value for each tag that shows in the result when it is read.
MEDIA_VALUES = {
    "EXT-X-VERSION": "7",
    "EXT-X-INDEPENDENT-SEGMENTS": "",
    "EXT-X-START": "TIME-OFFSET=3",
    "EXT-X-DEFINE": 'NAME="x",VALUE="y"',
    "EXT-X-TARGETDURATION": "9",
    "EXT-X-MEDIA-SEQUENCE": "5",
    "EXT-X-DISCONTINUITY-SEQUENCE": "5",
    "EXT-X-ENDLIST": "",
    "EXT-X-PLAYLIST-TYPE": "EVENT",
    "EXT-X-I-FRAMES-ONLY": "",
    "EXT-X-PART-INF": "PART-TARGET=1",
    "EXT-X-SERVER-CONTROL": "CAN-BLOCK-RELOAD=YES",
    "EXTINF": "3,title\nb.ts",
    "EXT-X-BYTERANGE": "10@5",
    "EXT-X-DISCONTINUITY": "",
    "EXT-X-KEY": 'METHOD=AES-128,URI="k"',
    "EXT-X-MAP": 'URI="i.mp4"',
    "EXT-X-PROGRAM-DATE-TIME": "2024-01-01T00:00:00Z",
    "EXT-X-GAP": "",
    "EXT-X-BITRATE": "100",
    "EXT-X-PART": 'DURATION=1,URI="p"',
    "EXT-X-DATERANGE": 'ID="a",START-DATE="2024-01-01T00:00:00Z"',
    "EXT-X-SKIP": "SKIPPED-SEGMENTS=2",
    "EXT-X-PRELOAD-HINT": 'TYPE=PART,URI="p"',
    "EXT-X-RENDITION-REPORT": 'URI="r",LAST-MSN=1',
    "EXT-X-IMAGES-ONLY": "",
    "EXT-X-TILES": "LAYOUT=2x2,RESOLUTION=10x10,DURATION=1",
}
MULTIVARIANT_VALUES = {
    "EXT-X-VERSION": "7",
    "EXT-X-INDEPENDENT-SEGMENTS": "",
    "EXT-X-START": "TIME-OFFSET=3",
    "EXT-X-DEFINE": 'NAME="x",VALUE="y"',
    "EXT-X-MEDIA": 'TYPE=AUDIO,GROUP-ID="a",NAME="n",URI="a"',
    "EXT-X-STREAM-INF": "BANDWIDTH=7\nother.m3u8",
    "EXT-X-I-FRAME-STREAM-INF": 'BANDWIDTH=1,URI="i"',
    "EXT-X-SESSION-DATA": 'DATA-ID="a",VALUE="b"',
    "EXT-X-SESSION-KEY": 'METHOD=AES-128,URI="k"',
    "EXT-X-CONTENT-STEERING": 'SERVER-URI="s"',
    "EXT-X-IMAGE-STREAM-INF": 'BANDWIDTH=1,URI="i"',
}

# Segments in a multivariant playlist and variants or renditions in a media playlist: neither kind (4.1).
MUST_FAIL = ("EXTINF", "EXT-X-STREAM-INF", "EXT-X-I-FRAME-STREAM-INF", "EXT-X-MEDIA")


def media(line: str) -> Presentation:
    target = "" if line.startswith("#EXT-X-TARGETDURATION") else "#EXT-X-TARGETDURATION:4\n"
    return parse(f"#EXTM3U\n{target}{line}\n#EXTINF:4,\na.ts\n#EXTINF:4,\na.ts\n", URL)


def multivariant(line: str) -> Presentation:
    return parse(f"#EXTM3U\n{line}\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n", URL)


def bare(presentation: Presentation) -> str:
    """The presentation without line numbers."""
    return re.sub(r"Place\([^)]*\)", "", repr(presentation) + repr(presentation.session_keys))


@pytest.mark.parametrize("tag", [name for name in TAGS if name != "EXTM3U"])
def test_each_tag_of_rfc_8216bis_changes_the_model(tag: str) -> None:
    """RFC 8216bis 4.4: a tag where it may stand is read; where it may not, that is said."""
    scope = TAGS[tag][0]
    assert (tag in MEDIA_VALUES) == (scope is not Scope.MULTIVARIANT)
    assert (tag in MULTIVARIANT_VALUES) == (scope in (Scope.MULTIVARIANT, Scope.BOTH, Scope.BASIC))
    for values, make in ((MEDIA_VALUES, media), (MULTIVARIANT_VALUES, multivariant)):
        if tag in values:
            line = f"#{tag}:{values[tag]}" if values[tag] else f"#{tag}"
            read = make(line)
            assert bare(read) != bare(make("# nothing"))
            assert tag not in read.unused
            assert not {warning.code for warning in read.warnings} - {"hls.no_part_hold_back"}
        elif tag in MUST_FAIL:
            with pytest.raises(ManifestError):
                make(f"#{tag}:BANDWIDTH=1\nx")
        else:
            presentation = make(f"#{tag}:BANDWIDTH=1")
            assert tag in presentation.unused
            assert "hls.misplaced_tag" in [warning.code for warning in presentation.warnings]


# Every element name of the schema of ISO/IEC 23009-1 (5th edition with the additions of the 6th).
SCHEMA = re.findall(
    r"\w+",
    "MPD|ProgramInformation|Title|Source|Copyright|BaseURL|Location|PatchLocation|ServiceDescription|"
    "Scope|Latency|PlaybackRate|OperatingQuality|OperatingBandwidth|QualityLatency|ContentSteering|"
    "ClientDataReporting|InitializationSet|InitializationGroup|InitializationPresentation|"
    "UIConfiguration|Metrics|Range|Reporting|EssentialProperty|SupplementalProperty|UTCTiming|"
    "LeapSecondInformation|Period|SegmentBase|SegmentList|SegmentTemplate|AssetIdentifier|EventStream|"
    "Event|Signal|AdaptationSet|Subset|EmptyAdaptationSet|GroupLabel|Preselection|ImportedMPD|"
    "Accessibility|Role|Rating|Viewpoint|ContentComponent|Representation|SubRepresentation|"
    "ExtendedBandwidth|ModelPair|FramePacking|AudioChannelConfiguration|ContentProtection|"
    "OutputProtection|InbandEventStream|Switching|RandomAccess|Label|ProducerReferenceTime|"
    "ContentPopularityRate|Resync|Initialization|RepresentationIndex|BitstreamSwitching|"
    "FailoverContent|FCS|SegmentURL|SegmentTimeline|S|Pattern|P|SegmentSequenceProperties|SAP|"
    "MultipleSegmentBase|Tag|SegmentEncryption|CryptoPeriod|CryptoTimeline|ContentAuthenticity|"
    "RunLength|PR|SupplementaryIndex|SelectionInfo|",
)


@pytest.mark.parametrize("name", [name for name in SCHEMA if name != "MPD"])
@pytest.mark.parametrize("level", ["MPD", "Period", "AdaptationSet", "Representation"])
def test_each_element_of_the_dash_schema_is_read_or_reported(name: str, level: str) -> None:
    """ISO/IEC 23009-1: an element that no reader knows is named in ``unused``, wherever it stands."""
    inside = dict.fromkeys(("MPD", "Period", "AdaptationSet", "Representation"), "")
    inside[level] = f'<{name} anAttribute="1">{"x" * (name == "ImportedMPD")}</{name}>'
    text = (
        f'<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT4S">{inside["MPD"]}<Period>'
        f'{inside["Period"]}<AdaptationSet mimeType="video/mp4">{inside["AdaptationSet"]}<Representation id="v">'
        f"{inside['Representation']}</Representation></AdaptationSet></Period></MPD>"
    )
    unused = parse(text, URL).unused
    if name in READ:
        assert f"{name}@anAttribute" in unused
    else:
        assert name in unused
