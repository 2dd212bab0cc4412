"""What is not a manifest, or one that must not be read: the right code, a line, a sentence."""

from __future__ import annotations

import pytest

from player.base.errors import ErrorCode, ManifestError
from player.manifest import attach_playlist, parse
from player.manifest.limits import MAX_LINE_CHARACTERS, MAX_SEGMENTS

URL = "https://example.org/a/x"
MPD = '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT4S">{}</MPD>'
PERIOD = "<Period><AdaptationSet mimeType='video/mp4'><Representation id='1'/></AdaptationSet></Period>"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", ErrorCode.MANIFEST_EMPTY),
        (" \r\n\t", ErrorCode.MANIFEST_EMPTY),
        (b"\xef\xbb\xbf", ErrorCode.MANIFEST_EMPTY),
        ("<!DOCTYPE html><html></html>", ErrorCode.MANIFEST_HTML),
        ("\n<HTML><body>login</body></HTML>", ErrorCode.MANIFEST_HTML),
        ("<!-- x --><html>", ErrorCode.MANIFEST_HTML),
        ('{"error": 1}', ErrorCode.MANIFEST_NOT_RECOGNISED),
        ("https://example.org/real.m3u8", ErrorCode.MANIFEST_NOT_RECOGNISED),
        ("hello", ErrorCode.MANIFEST_NOT_RECOGNISED),
        (b"\x00\x00\x00\x18ftypisom", ErrorCode.MANIFEST_NOT_RECOGNISED),
        ("#EXTXSTREAMINF:BANDWIDTH=1\na.m3u8", ErrorCode.MANIFEST_NOT_RECOGNISED),
        ("#EXTM3U8\n#EXTINF:4,\na.ts", ErrorCode.MANIFEST_NOT_RECOGNISED),
        ("#EXTM3U", ErrorCode.MANIFEST_SYNTAX),
        ("#EXTM3U\n#EXTINF:4,\na.ts\n#EXT-X-STREAM-INF:BANDWIDTH=1\nb.m3u8", ErrorCode.MANIFEST_SYNTAX),
        ("<MPD", ErrorCode.MANIFEST_SYNTAX),
        ("<MPD></MPD>", ErrorCode.MANIFEST_SYNTAX),
        ("<rss/>", ErrorCode.MANIFEST_NOT_RECOGNISED),
        ("<SmoothStreamingMedia/>", ErrorCode.MANIFEST_UNSUPPORTED),
        ("<Patch/>", ErrorCode.MANIFEST_UNSUPPORTED),
    ],
)
def test_other_bodies_get_their_own_code(body: str | bytes, code: ErrorCode) -> None:
    with pytest.raises(ManifestError) as caught:
        parse(body, URL)
    assert caught.value.code is code
    assert caught.value.sentence.endswith(".")


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXTINF:1,\n{$unknown}.ts",
        '#EXTM3U\n#EXT-X-DEFINE:NAME="a",VALUE="1"\n#EXT-X-DEFINE:NAME="a",VALUE="2"\n#EXTINF:1,\na.ts',
        '#EXTM3U\n#EXT-X-DEFINE:IMPORT="a"\n#EXTINF:1,\na.ts',
        '#EXTM3U\n#EXT-X-DEFINE:QUERYPARAM="a"\n#EXTINF:1,\na.ts',
        "#EXTM3U\n#EXT-X-DEFINE:X=1\n#EXTINF:1,\na.ts",
    ],
)
def test_hls_fails_where_parsing_must_fail(text: str) -> None:
    """RFC 8216bis 4.3 and 4.4.2.3: undefined and doubly defined variables end the parsing."""
    with pytest.raises(ManifestError) as caught:
        parse(text, URL)
    assert caught.value.code is ErrorCode.MANIFEST_SYNTAX
    assert caught.value.line is not None


def test_imported_variables_come_from_the_multivariant_playlist() -> None:
    """RFC 8216bis 4.4.2.3: IMPORT."""
    text = '#EXTM3U\n#EXT-X-DEFINE:NAME="t",VALUE="T"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n'
    child = '#EXTM3U\n#EXT-X-DEFINE:IMPORT="t"\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{$t}.ts\n#EXT-X-ENDLIST\n'
    loaded = attach_playlist(parse(text, URL), "variant-0", child, "https://example.org/a/v.m3u8")
    rendition = loaded.periods[0].tracks[0].renditions[0]
    assert next(iter(rendition.segments)).url == "https://example.org/a/T.ts"
    with pytest.raises(ManifestError):
        attach_playlist(parse(text, URL), "variant-0", child.replace('"t"', '"u"'), URL)


def test_entities_and_document_types_are_refused() -> None:
    bomb = '<!DOCTYPE MPD [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>' + MPD.format("<Period>&b;</Period>")
    outside = '<!DOCTYPE MPD [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + MPD.format("<Period id='&x;'/>")
    for text in (bomb, outside):
        with pytest.raises(ManifestError) as caught:
            parse(text, URL)
        assert caught.value.code is ErrorCode.MANIFEST_SYNTAX


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n" + "a" * (MAX_LINE_CHARACTERS + 1),
        "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:1e300,\na.ts",
        MPD.format("<Period>" * 100 + "</Period>" * 100),
        MPD.format(
            "<Period><AdaptationSet mimeType='video/mp4'><SegmentTemplate media='$Time$'><SegmentTimeline>"
            f"<S d='1' r='{MAX_SEGMENTS * 1000}'/></SegmentTimeline></SegmentTemplate><Representation id='1'/>"
            "</AdaptationSet></Period>"
        ),
        MPD.format("<Period duration='PT9999999999999S'><AdaptationSet mimeType='video/mp4'/></Period>"),
        MPD.format(
            "<Period><AdaptationSet mimeType='video/mp4'><SegmentTemplate media='$Number$' duration='1' "
            "timescale='1000000'/><Representation id='1'/></AdaptationSet></Period>"
        ),
    ],
)
def test_sizes_counts_depths_and_durations_are_bounded(text: str) -> None:
    with pytest.raises(ManifestError) as caught:
        parse(text, URL)
    assert caught.value.code is ErrorCode.MANIFEST_LIMIT


def test_template_widths_are_bounded() -> None:
    text = MPD.format(
        "<Period><AdaptationSet mimeType='video/mp4'><SegmentTemplate media='$Number%0999999999d$' duration='4'/>"
        "<Representation id='1'/></AdaptationSet></Period>"
    )
    presentation = parse(text, URL)
    (segment,) = presentation.periods[0].tracks[0].renditions[0].segments
    assert len(segment.url) < 100
    assert "dash.template" in [warning.code for warning in presentation.warnings]


@pytest.mark.parametrize(
    "reference", ["file:///etc/passwd", "FILE:/etc/passwd", "file:relative"], ids=["host", "upper", "relative"]
)
def test_a_remote_manifest_must_not_name_local_files(reference: str) -> None:
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{reference}\n"
    multivariant = f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{reference}\n"
    mpd = MPD.format(
        f"<Period><AdaptationSet mimeType='video/mp4'><BaseURL>{reference}</BaseURL>"
        "<Representation id='1'/></AdaptationSet></Period>"
    )
    template = MPD.format(
        f"<Period><AdaptationSet mimeType='video/mp4'><SegmentTemplate media='{reference}$Number$' duration='4'/>"
        "<Representation id='1'/></AdaptationSet></Period>"
    )
    for text in (playlist, multivariant, mpd, template):
        with pytest.raises(ManifestError) as caught:
            parse(text, URL)
        assert caught.value.code is ErrorCode.MANIFEST_FORBIDDEN_URL
        assert caught.value.line
        assert bool(caught.value.path) == (text in (mpd, template))


@pytest.mark.parametrize(
    "text",
    [
        '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-KEY:METHOD=AES-128,URI="{}"\n#EXTINF:4,\na.ts\n',
        '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MAP:URI="{}"\n#EXTINF:4,\na.mp4\n',
        '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{}"\n',
        '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXT-X-RENDITION-REPORT:URI="{}"\n',
        '#EXTM3U\n#EXT-X-SESSION-KEY:METHOD=AES-128,URI="{}"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n',
        MPD.format("<Location>{}</Location>" + PERIOD),
        MPD.format("<PatchLocation>{}</PatchLocation>" + PERIOD),
    ],
    ids=["key", "map", "hint", "report", "session-key", "location", "patch-location"],
)
def test_nothing_of_a_remote_manifest_names_local_files(text: str) -> None:
    """Local files are refused wherever an address stands, private schemes are reported."""
    with pytest.raises(ManifestError) as caught:
        parse(text.replace("{}", "file:///etc/passwd"), URL)
    assert caught.value.code is ErrorCode.MANIFEST_FORBIDDEN_URL
    assert caught.value.line
    assert "forbidden_url" in [item.code for item in parse(text.replace("{}", "intent://x"), URL).warnings]
    assert "forbidden_url" not in [item.code for item in parse(text.replace("{}", "b"), URL).warnings]


@pytest.mark.parametrize(
    ("address", "trouble"),
    [
        ("https://a.test:99999/a.mp4", "the port “99999”"),
        ("https://a.test:http/a.mp4", "the port “http”"),
        ("//a.test:65536/a.mp4", "the port “65536”"),
        ("https:///a.mp4", "without a host"),
        ("///a.mp4", "without a host"),
        ("https://:8080/a.mp4", "without a host"),
        ("https:a.mp4", "without a host"),
        ("https://a.test:65535/a.mp4", None),
        ("https://[2001:db8::1]/a.mp4", None),
        ("https://me:secret@[2001:db8::1]:8443/a.mp4", None),
        ("https://a.test:/a.mp4", None),
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{}\n",
        MPD.format(PERIOD.replace("<Representation", '<SegmentTemplate media="{}" duration="4"/><Representation')),
    ],
    ids=["playlist", "template"],
)
def test_addresses_that_can_never_be_loaded_are_reported(text: str, address: str, trouble: str | None) -> None:
    found = [item for item in parse(text.replace("{}", address), URL).warnings if item.code == "forbidden_url"]
    if trouble is None:
        assert found == []
    else:
        assert trouble in found[0].sentence
        assert "secret" not in found[0].sentence
        assert found[0].place.line


def test_private_schemes_are_reported() -> None:
    text = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nintent://evil\n"
    assert [warning.code for warning in parse(text, URL).warnings] == ["forbidden_url"]
    assert parse(text, "intent://own/x").warnings == ()


def test_userinfo_never_reaches_the_model() -> None:
    text = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n"
    presentation = parse(text, "https://user:secret@example.org/x.m3u8")
    assert "secret" not in repr(presentation)
