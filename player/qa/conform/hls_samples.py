"""The playlists that rules change to be broken, and to be just kept. Pure."""

from __future__ import annotations

MEDIA = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXTINF:4.4,\n1.ts\n"
NINE = MEDIA.replace("VERSION:3", "VERSION:9")
FMP4 = (
    '#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:4\n#EXT-X-MAP:URI="i.mp4"\n'
    "#EXTINF:4,\n1.m4s\n#EXTINF:4,\n2.m4s\n"
)
KEY = '#EXT-X-KEY:METHOD=AES-128,URI="k",IV=0x00000000000000000000000000000001\n'
RANGED = (
    "#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n#EXT-X-BYTERANGE:100@0\na.ts\n"
    "#EXTINF:4,\n#EXT-X-BYTERANGE:100\na.ts\n"
)
MASTER = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.64001f"\nv.m3u8\n'
SESSION = MASTER + '#EXT-X-SESSION-DATA:DATA-ID="a.b",VALUE="c"\n'
STREAM = '#EXTM3U\n#EXT-X-VERSION:12\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.64001f"\nv.m3u8\n'
GROUPS = (
    "#EXTM3U\n"
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x",LANGUAGE="en",CHANNELS="2"\n'
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="b",NAME="x",LANGUAGE="en",CHANNELS="6"\n'
    '#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.64001f",AUDIO="a"\nv.m3u8\n'
    '#EXT-X-STREAM-INF:BANDWIDTH=2,CODECS="avc1.64001f",AUDIO="b"\nw.m3u8\n'
)
PARTS = (
    "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:4\n#EXT-X-PART-INF:PART-TARGET=1\n"
    "#EXT-X-SERVER-CONTROL:PART-HOLD-BACK=3,CAN-SKIP-UNTIL=24,CAN-SKIP-DATERANGES=YES\n#EXTINF:4,\n1.ts\n"
    '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="2.ts"\n'
)


def swapped(text: str, old: str, new: str) -> str:
    """``text`` with its first ``old`` replaced."""
    return text.replace(old, new, 1)
