"""The rules of RFC 8216bis on multivariant playlists: variants, renditions, session data. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise

from player.qa.conform.hls_checks import needs
from player.qa.conform.hls_samples import GROUPS, MASTER, SESSION, STREAM, swapped
from player.qa.conform.model import BIS, Check, ConformanceRule, must, should
from player.qa.conform.playlist import Line, number, playlist

_INSTREAM = re.compile(r"CC[1-4]|SERVICE([1-9]|[1-5]\d|6[0-3])")
_STABLE = re.compile(r"[A-Za-z0-9+/=._-]+")
_PATHWAY = re.compile(r"[A-Za-z0-9._-]+")
_IDS = {"STABLE-VARIANT-ID": _STABLE, "STABLE-RENDITION-ID": _STABLE, "PATHWAY-ID": _PATHWAY}
_ENUMERATED = {
    "VIDEO-RANGE": frozenset({"SDR", "HLG", "PQ"}),
    "HDCP-LEVEL": frozenset({"NONE", "TYPE-0", "TYPE-1"}),
}
_NOT_OF_IFRAMES = ("FRAME-RATE", "AUDIO", "SUBTITLES", "CLOSED-CAPTIONS")
_OF_AUDIO = ("CHANNELS", "BIT-DEPTH", "SAMPLE-RATE")
_OWN = ("URI", "CHANNELS", "BIT-DEPTH", "SAMPLE-RATE", "STABLE-RENDITION-ID", "INSTREAM-ID", "GROUP-ID")


def _stream_uri(text: str) -> Iterator[str]:
    lines = [*playlist(text).lines, Line("end", "")]
    for line, following in pairwise(lines):
        if line.tag == "EXT-X-STREAM-INF" and following.tag:
            yield "No URI follows an EXT-X-STREAM-INF."


def _groups(text: str) -> Iterator[str]:
    found = playlist(text)
    known = {(each.get("TYPE", ""), each.get("GROUP-ID", "")) for each in found.lists("EXT-X-MEDIA")}
    for line in found.all("EXT-X-STREAM-INF", "EXT-X-I-FRAME-STREAM-INF"):
        for kind in ("AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS"):
            value = dict(line.pairs).get(kind, "NONE")
            if value != "NONE" and (kind, value.strip('"')) not in known:
                yield f"There is no EXT-X-MEDIA of {kind} group {value}."


def _media_type(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-MEDIA"):
        if "TYPE" in each and each["TYPE"] not in ("AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS"):
            yield f"An EXT-X-MEDIA is of TYPE {each['TYPE'][:40]}."


def _media(kind: str, broken: str, **wanted: bool) -> Check:
    """A check of what an EXT-X-MEDIA of a type must have (True) or must not have (False)."""

    def check(text: str) -> Iterator[str]:
        for each in playlist(text).lists("EXT-X-MEDIA"):
            if (each.get("TYPE") == kind) and any(
                (name.replace("_", "-") in each) is not there for name, there in wanted.items()
            ):
                yield f'The rendition "{each.get("NAME", "")}" {broken}.'

    return check


def _instream_id(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-MEDIA"):
        told = each.get("INSTREAM-ID")
        if each.get("TYPE") == "CLOSED-CAPTIONS" and not _INSTREAM.fullmatch(told or ""):
            yield f'The closed captions "{each.get("NAME", "")}" have no INSTREAM-ID that names them.'


def _forced(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-MEDIA"):
        if "FORCED" in each and each.get("TYPE") != "SUBTITLES":
            yield f'The rendition "{each.get("NAME", "")}" says FORCED and has no subtitles.'


def _autoselect(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-MEDIA"):
        if each.get("DEFAULT") == "YES" and each.get("AUTOSELECT", "YES") != "YES":
            yield f'The default rendition "{each.get("NAME", "")}" says AUTOSELECT=NO.'


def _group_name(text: str) -> Iterator[str]:
    """Renditions of several pathways stand there once for each (4.4.6.6 and its STABLE-RENDITION-ID)."""
    seen = Counter(
        (each.get("TYPE"), each.get("GROUP-ID"), each["NAME"], each.get("PATHWAY-ID", ""))
        for each in playlist(text).lists("EXT-X-MEDIA")
        if "NAME" in each
    )
    for (kind, group, name, _), count in seen.items():
        if count > 1:
            yield f'{count} renditions of the {kind} group "{group}" have the NAME "{name}".'


def _group_default(text: str) -> Iterator[str]:
    seen = Counter(
        (each.get("TYPE"), each.get("GROUP-ID"))
        for each in playlist(text).lists("EXT-X-MEDIA")
        if each.get("DEFAULT") == "YES"
    )
    for (kind, group), count in seen.items():
        if count > 1:
            yield f'{count} renditions of the {kind} group "{group}" are the default one.'


def _captions_none(text: str) -> Iterator[str]:
    told = [dict(line.pairs).get("CLOSED-CAPTIONS") for line in playlist(text).all("EXT-X-STREAM-INF")]
    if "NONE" in told and any(each != "NONE" for each in told):
        yield "Some variants say CLOSED-CAPTIONS=NONE and others do not."


def _session_value(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-SESSION-DATA"):
        if ("VALUE" in each) == ("URI" in each):
            yield f'The session data "{each.get("DATA-ID", "")}" have both VALUE and URI, or neither.'


def _session_twice(text: str) -> Iterator[str]:
    found = playlist(text).lists("EXT-X-SESSION-DATA")
    for (name, _), count in Counter((each.get("DATA-ID"), each.get("LANGUAGE")) for each in found).items():
        if count > 1:
            yield f'The session data "{name}" stand there {count} times in one language.'


def _session_key(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-SESSION-KEY"):
        if each.get("METHOD") == "NONE":
            yield "An EXT-X-SESSION-KEY has METHOD=NONE."


def _codecs(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-STREAM-INF"):
        if not each.get("CODECS"):
            yield "An EXT-X-STREAM-INF names no CODECS."


def _average(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-STREAM-INF"):
        peak, mean = number(each.get("BANDWIDTH", "")), number(each.get("AVERAGE-BANDWIDTH", ""))
        if peak is not None and mean is not None and mean > peak:
            yield f"AVERAGE-BANDWIDTH is {mean:.0f}, above BANDWIDTH, which is {peak:.0f}."


def _enumerated(text: str) -> Iterator[str]:
    for line in playlist(text).all("EXT-X-STREAM-INF", "EXT-X-I-FRAME-STREAM-INF"):
        for name, allowed in _ENUMERATED.items():
            value = line.attributes.get(name)
            if value is not None and value not in allowed and "{$" not in value:
                yield f"{name} is {value[:40]}, which is none of {', '.join(sorted(allowed))}."


def _ids(text: str) -> Iterator[str]:
    for line in playlist(text).all("EXT-X-STREAM-INF", "EXT-X-I-FRAME-STREAM-INF", "EXT-X-MEDIA"):
        for name, pattern in _IDS.items():
            value = line.attributes.get(name)
            if value is not None and not pattern.fullmatch(value) and "{$" not in value:
                yield f"{name} of an {line.tag} has other signs than it may: {value[:40]}"


def _iframe_attributes(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-I-FRAME-STREAM-INF"):
        for name in _NOT_OF_IFRAMES:
            if name in each:
                yield f"An EXT-X-I-FRAME-STREAM-INF has the attribute {name}."


def _in_groups(text: str) -> Iterator[tuple[tuple[str, frozenset[str]], str, dict[str, str]]]:
    """Type and pathways, group and attributes of each EXT-X-MEDIA: groups of different pathways may differ."""
    found = playlist(text)
    pathways: dict[tuple[str, str], set[str]] = defaultdict(set)
    for stream in found.lists("EXT-X-STREAM-INF"):
        for kind in ("AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS"):
            if kind in stream:
                pathways[kind, stream[kind]].add(stream.get("PATHWAY-ID", "."))
    for each in found.lists("EXT-X-MEDIA"):
        kind, group = each.get("TYPE", ""), each.get("GROUP-ID", "")
        yield (kind, frozenset(pathways[kind, group])), group, each


def _group_members(text: str) -> Iterator[str]:
    kinds: dict[tuple[str, frozenset[str]], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for kind, group, each in _in_groups(text):
        kinds[kind][group].add(each.get("NAME", ""))
    for (type_, _), groups in kinds.items():
        first = next(iter(groups))
        for group, names in groups.items():
            if names != groups[first]:
                other = min(names ^ groups[first])
                yield f"The groups {first} and {group} of {type_} differ: only one of them has {other[:40]}."


def _group_attributes(text: str) -> Iterator[str]:
    told: dict[tuple[object, str], dict[str, str]] = {}
    for kind, _, each in _in_groups(text):
        own = {name: value for name, value in each.items() if name not in _OWN}
        before = told.setdefault((kind, each.get("NAME", "")), own)
        differs = sorted(name for name in before.keys() | own.keys() if before.get(name) != own.get(name))
        if differs:
            yield f"The {kind[0]} rendition {each.get('NAME', '')[:40]} has another {differs[0]} in another group."


def _audio_only(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-MEDIA"):
        for name in _OF_AUDIO:
            if name in each and each.get("TYPE") != "AUDIO":
                yield f'The rendition "{each.get("NAME", "")}" has {name} and is no audio.'


def _channels(text: str) -> Iterator[str]:
    for each in playlist(text).lists("EXT-X-MEDIA"):
        count, *others = each.get("CHANNELS", "1").split("/")
        if "{$" not in count and (not count.isdigit() or (len(others) > 1 and not others[0])):
            yield f"CHANNELS is no count, kind and use: {each['CHANNELS'][:40]}"


def _supplemental(text: str) -> Iterator[str]:
    for line in playlist(text).all("EXT-X-STREAM-INF", "EXT-X-I-FRAME-STREAM-INF"):
        told = line.attributes.get("SUPPLEMENTAL-CODECS")
        if told is None or "{$" in told:
            continue
        if not line.attributes.get("CODECS"):
            yield f"{line.tag} has SUPPLEMENTAL-CODECS and no CODECS."
        for element in told.split(","):
            if not re.fullmatch(r"\s*\w{4}(\.[\w.-]+)?(/\w{4})*\s*", element):
                yield f"SUPPLEMENTAL-CODECS has no codec with its brands: {element[:40]}"


def _video_layout(text: str) -> Iterator[str]:
    for line in playlist(text).all("EXT-X-STREAM-INF", "EXT-X-I-FRAME-STREAM-INF"):
        told = line.attributes.get("REQ-VIDEO-LAYOUT")
        if told is not None and not all(entry.strip("/ ") for entry in told.split(",")):
            yield f"REQ-VIDEO-LAYOUT has an entry that is empty: {told[:40]}"


def _steering_pathway(text: str) -> Iterator[str]:
    found = playlist(text)
    known = {each.get("PATHWAY-ID", ".") for each in found.lists("EXT-X-STREAM-INF")}
    for each in found.lists("EXT-X-CONTENT-STEERING"):
        told = each.get("PATHWAY-ID")
        if told is not None and told not in known and "{$" not in told:
            yield f"No variant is of the pathway that EXT-X-CONTENT-STEERING begins with: {told[:40]}"


def _session_key_twice(text: str) -> Iterator[str]:
    rows = [tuple(sorted(each.items())) for each in playlist(text).lists("EXT-X-SESSION-KEY")]
    for row, count in Counter(rows).items():
        if count > 1:
            yield f"There are {count} EXT-X-SESSION-KEY for {dict(row).get('URI', '')[:60]}."


_AUDIO = '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x"\n'
_IN_GROUP = _AUDIO + MASTER[8:].replace("BANDWIDTH", 'AUDIO="a",BANDWIDTH')
_TEXT = _IN_GROUP.replace("TYPE=AUDIO", "TYPE=SUBTITLES").replace(",AUDIO=", ",SUBTITLES=").replace(
    ':AUDIO="a"', ':SUBTITLES="a"'
).replace('NAME="x"', 'NAME="x",URI="t.m3u8"')  # fmt: skip
_CAPTIONS = _TEXT.replace("SUBTITLES", "CLOSED-CAPTIONS").replace('URI="t.m3u8"', 'INSTREAM-ID="CC1"')
_IFRAMES = STREAM + '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,CODECS="avc1.64001f",URI="i.m3u8"\n'
_SESSION_KEY = '#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI="skd://k"\n'


RULES: tuple[ConformanceRule, ...] = (
    must(
        "hls.bandwidth",
        f"{BIS} 4.4.6.2",
        "An EXT-X-STREAM-INF has a BANDWIDTH.",
        needs("EXT-X-STREAM-INF", "BANDWIDTH"),
        swapped(MASTER, "BANDWIDTH=1,", ""),
        MASTER,
    ),
    must(
        "hls.stream_uri",
        f"{BIS} 4.4.6.2",
        "A URI follows each EXT-X-STREAM-INF.",
        _stream_uri,
        swapped(MASTER, "v.m3u8\n", ""),
        MASTER,
    ),
    must(
        "hls.group",
        f"{BIS} 4.4.6.2",
        "A group that a variant names is there.",
        _groups,
        swapped(_IN_GROUP, 'AUDIO="a"', 'AUDIO="b"'),
        _IN_GROUP,
    ),
    must(
        "hls.captions_none",
        f"{BIS} 4.4.6.2",
        "CLOSED-CAPTIONS=NONE stands in all variants or in none.",
        _captions_none,
        MASTER + swapped(MASTER[8:], "CODECS", "CLOSED-CAPTIONS=NONE,CODECS"),
        swapped(MASTER, "CODECS", "CLOSED-CAPTIONS=NONE,CODECS"),
    ),
    must(
        "hls.media",
        f"{BIS} 4.4.6.1",
        "An EXT-X-MEDIA has TYPE, GROUP-ID and NAME.",
        needs("EXT-X-MEDIA", "TYPE", "GROUP-ID", "NAME"),
        swapped(_AUDIO, ',NAME="x"', ""),
        _AUDIO,
    ),
    must(
        "hls.media_type",
        f"{BIS} 4.4.6.1",
        "TYPE is AUDIO, VIDEO, SUBTITLES or CLOSED-CAPTIONS.",
        _media_type,
        swapped(_AUDIO, "TYPE=AUDIO", "TYPE=TEXT"),
        _AUDIO,
    ),
    must(
        "hls.subtitles_uri",
        f"{BIS} 4.4.6.1",
        "Subtitles have a URI.",
        _media("SUBTITLES", "has subtitles and no URI", URI=True),
        swapped(_TEXT, ',URI="t.m3u8"', ""),
        _TEXT,
    ),
    must(
        "hls.captions_uri",
        f"{BIS} 4.4.6.1",
        "Closed captions have no URI.",
        _media("CLOSED-CAPTIONS", "has closed captions and a URI", URI=False),
        swapped(_CAPTIONS, 'NAME="x"', 'NAME="x",URI="c.m3u8"'),
        _CAPTIONS,
    ),
    must(
        "hls.instream_id",
        f"{BIS} 4.4.6.1",
        "Closed captions have an INSTREAM-ID that is CC1 to CC4 or SERVICE1 to SERVICE63.",
        _instream_id,
        swapped(_CAPTIONS, "CC1", "CC5"),
        swapped(_CAPTIONS, "CC1", "SERVICE63").replace("#EXTM3U", "#EXTM3U\n#EXT-X-VERSION:7"),
    ),
    must(
        "hls.forced",
        f"{BIS} 4.4.6.1",
        "Only subtitles are FORCED.",
        _forced,
        swapped(_AUDIO, 'NAME="x"', 'NAME="x",FORCED=YES'),
        swapped(_TEXT, 'NAME="x"', 'NAME="x",FORCED=YES'),
    ),
    must(
        "hls.autoselect",
        f"{BIS} 4.4.6.1",
        "A default rendition may be chosen automatically.",
        _autoselect,
        swapped(_AUDIO, '"x"', '"x",DEFAULT=YES,AUTOSELECT=NO'),
        swapped(_AUDIO, '"x"', '"x",DEFAULT=YES'),
    ),
    must(
        "hls.group_name",
        f"{BIS} 4.4.6.1.1",
        "The renditions of a group have different names.",
        _group_name,
        _AUDIO + _AUDIO[8:],
        _AUDIO + swapped(_AUDIO[8:], '"x"', '"y"'),
    ),
    must(
        "hls.group_default",
        f"{BIS} 4.4.6.1.1",
        "A group has one default rendition at most.",
        _group_default,
        swapped(_AUDIO, '"x"', '"x",DEFAULT=YES') + swapped(_AUDIO[8:], '"x"', '"y",DEFAULT=YES'),
        swapped(_AUDIO, '"x"', '"x",DEFAULT=YES') + swapped(_AUDIO[8:], '"x"', '"y"'),
    ),
    must(
        "hls.iframe_uri",
        f"{BIS} 4.4.6.3",
        "An EXT-X-I-FRAME-STREAM-INF has BANDWIDTH and URI.",
        needs("EXT-X-I-FRAME-STREAM-INF", "BANDWIDTH", "URI"),
        MASTER + "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1\n",
        MASTER + '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="i.m3u8"\n',
    ),
    must(
        "hls.session_data",
        f"{BIS} 4.4.6.4",
        "An EXT-X-SESSION-DATA has a DATA-ID.",
        needs("EXT-X-SESSION-DATA", "DATA-ID"),
        swapped(SESSION, 'DATA-ID="a.b",', ""),
        SESSION,
    ),
    must(
        "hls.session_data_value",
        f"{BIS} 4.4.6.4",
        "Session data have a VALUE or a URI, not both.",
        _session_value,
        swapped(SESSION, 'VALUE="c"', 'VALUE="c",URI="d"'),
        SESSION,
    ),
    must(
        "hls.session_data_twice",
        f"{BIS} 4.4.6.4",
        "Session data stand there once for a language.",
        _session_twice,
        SESSION + SESSION[len(MASTER) :],
        SESSION + swapped(SESSION[len(MASTER) :], "VALUE", 'LANGUAGE="de",VALUE'),
    ),
    must(
        "hls.session_key",
        f"{BIS} 4.4.6.5",
        "An EXT-X-SESSION-KEY encrypts.",
        _session_key,
        MASTER + "#EXT-X-SESSION-KEY:METHOD=NONE\n",
        MASTER + '#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI="skd://k"\n',
    ),
    must(
        "hls.steering",
        f"{BIS} 4.4.6.6",
        "An EXT-X-CONTENT-STEERING has a SERVER-URI.",
        needs("EXT-X-CONTENT-STEERING", "SERVER-URI"),
        MASTER + '#EXT-X-CONTENT-STEERING:PATHWAY-ID="a"\n',
        MASTER + '#EXT-X-CONTENT-STEERING:SERVER-URI="s"\n',
    ),
    should(
        "hls.codecs",
        f"{BIS} 4.4.6.2",
        "An EXT-X-STREAM-INF names its CODECS.",
        _codecs,
        swapped(MASTER, ',CODECS="avc1.64001f"', ""),
        MASTER,
    ),
    should(
        "hls.average",
        f"{BIS} 4.4.6.2",
        "AVERAGE-BANDWIDTH is not above BANDWIDTH.",
        _average,
        swapped(MASTER, "BANDWIDTH=1", "BANDWIDTH=1,AVERAGE-BANDWIDTH=2"),
        swapped(MASTER, "BANDWIDTH=1", "BANDWIDTH=1,AVERAGE-BANDWIDTH=1"),
    ),
    must(
        "hls.enumerated",
        f"{BIS} 4.4.6.2",
        "VIDEO-RANGE and HDCP-LEVEL have one of their values.",
        _enumerated,
        STREAM.replace("BANDWIDTH=1", "BANDWIDTH=1,VIDEO-RANGE=HDR"),
        STREAM.replace("BANDWIDTH=1", "BANDWIDTH=1,VIDEO-RANGE=PQ,HDCP-LEVEL=TYPE-1"),
    ),
    must(
        "hls.stable_id",
        f"{BIS} 4.4.6.2",
        "Stable ids and pathways have letters, digits and few other signs.",
        _ids,
        STREAM.replace("BANDWIDTH=1", 'BANDWIDTH=1,STABLE-VARIANT-ID="a b"'),
        STREAM.replace("BANDWIDTH=1", 'BANDWIDTH=1,STABLE-VARIANT-ID="a/b="'),
    ),
    must(
        "hls.iframe_attributes",
        f"{BIS} 4.4.6.3",
        "An EXT-X-I-FRAME-STREAM-INF has no frame rate and no groups but that of the video.",
        _iframe_attributes,
        _IFRAMES.replace(',URI="i', ',FRAME-RATE=25,URI="i'),
        _IFRAMES,
    ),
    must(
        "hls.group_members",
        f"{BIS} 4.4.6.1.1",
        "Groups of one type have the same members, unless they are of different pathways.",
        _group_members,
        GROUPS.replace('"b",NAME="x"', '"b",NAME="y"'),
        GROUPS,
    ),
    must(
        "hls.group_attributes",
        f"{BIS} 4.4.6.1.1",
        "A rendition has the same attributes in each group, but for URI and what its encoding is.",
        _group_attributes,
        GROUPS.replace('LANGUAGE="en",CHANNELS="6"', 'LANGUAGE="de",CHANNELS="6"'),
        GROUPS,
    ),
    must(
        "hls.session_key_twice",
        f"{BIS} 4.4.6.5",
        "An EXT-X-SESSION-KEY stands there once.",
        _session_key_twice,
        STREAM + _SESSION_KEY + _SESSION_KEY,
        STREAM + _SESSION_KEY + _SESSION_KEY.replace("//k", "//l"),
    ),
    must(
        "hls.audio_only",
        f"{BIS} 4.4.6.1",
        "Only audio has CHANNELS, BIT-DEPTH and SAMPLE-RATE.",
        _audio_only,
        swapped(_TEXT, 'NAME="x"', 'NAME="x",SAMPLE-RATE=48000'),
        swapped(_AUDIO, 'NAME="x"', 'NAME="x",SAMPLE-RATE=48000'),
    ),
    must(
        "hls.channels",
        f"{BIS} 4.4.6.1",
        "CHANNELS is a count, what kind of audio it is, and only then what use it has.",
        _channels,
        GROUPS.replace('"6"', '"6//BINAURAL"'),
        GROUPS.replace('"6"', '"6/-/BINAURAL"'),
    ),
    must(
        "hls.supplemental",
        f"{BIS} 4.4.6.2",
        "SUPPLEMENTAL-CODECS is codecs with their brands, beside the CODECS of their base layers.",
        _supplemental,
        STREAM.replace("BANDWIDTH=1", 'BANDWIDTH=1,SUPPLEMENTAL-CODECS="dvh1.08.07/db4"'),
        STREAM.replace("BANDWIDTH=1", 'BANDWIDTH=1,SUPPLEMENTAL-CODECS="dvh1.08.07/db4h"'),
    ),
    must(
        "hls.video_layout",
        f"{BIS} 4.4.6.2",
        "Neither REQ-VIDEO-LAYOUT nor an entry of it is empty.",
        _video_layout,
        STREAM.replace("BANDWIDTH=1", 'BANDWIDTH=1,REQ-VIDEO-LAYOUT="CH-STEREO,"'),
        STREAM.replace("BANDWIDTH=1", 'BANDWIDTH=1,REQ-VIDEO-LAYOUT="CH-STEREO,CH-MONO"'),
    ),
    must(
        "hls.steering_pathway",
        f"{BIS} 4.4.6.6",
        "The pathway that steering begins with is one of a variant.",
        _steering_pathway,
        STREAM + '#EXT-X-CONTENT-STEERING:SERVER-URI="s",PATHWAY-ID="a"\n',
        STREAM + '#EXT-X-CONTENT-STEERING:SERVER-URI="s",PATHWAY-ID="."\n',
    ),
)
