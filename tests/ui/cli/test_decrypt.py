"""``matinee decrypt``: what it takes, what it writes, what it says."""

from __future__ import annotations

import base64
import random
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.drm_client.encryptors import CbcChain
from tests.drm_client.mp4_builder import (
    Clear,
    Layout,
    Protection,
    box,
    fragment,
    fragmented_file,
    movie,
    protected_entry,
    read_fragment_samples,
)
from ui.cli.main import main

KID, KEY = "00112233445566778899aabbccddeeff", "0f0e0d0c0b0a09080706050403020100"
OTHER_KID = "ffeeddccbbaa99887766554433221100"
JWK = ":".join(base64.urlsafe_b64encode(bytes.fromhex(text)).decode().rstrip("=") for text in (KID, KEY))
PROTECTION = Protection("cenc", bytes.fromhex(KID), bytes.fromhex(KEY))
TS = (b"\x47\x1f\xff\x10" + bytes(184)) * 6


def samples(seed: int) -> list[Clear]:
    generator = random.Random(seed)
    return [Clear(generator.randbytes(100), PROTECTION, (), 0, generator.randbytes(8)) for _ in range(3)]


def payloads(*seeds: int) -> list[bytes]:
    return [each.data for seed in seeds for each in samples(seed)]


def write_whole(path: Path, seed: int = 1) -> Path:
    path.write_bytes(fragmented_file([samples(seed)], [protected_entry(b"mp4a", PROTECTION)], Layout()))
    return path


def write_parts(folder: Path) -> list[Path]:
    parts = [folder / "init.mp4", folder / "1.m4s", folder / "2.m4s"]
    parts[0].write_bytes(box(b"ftyp", b"iso6") + movie([protected_entry(b"mp4a", PROTECTION)], Layout()))
    for seed, path in enumerate(parts[1:], 1):
        path.write_bytes(box(b"styp", b"msdh") + fragment(samples(seed), Layout()))
    return parts


def run(*words: object) -> int:
    return main(["decrypt", *(str(word) for word in words)])


def encrypted_ts(iv: bytes) -> bytes:
    padding = 16 - len(TS) % 16
    return CbcChain(bytes.fromhex(KEY), iv).apply(TS + bytes([padding]) * padding)


@pytest.mark.parametrize(
    "key", [f"{KID}:{KEY}", KEY, f"{KID.upper()}:0x{KEY}", "00112233-4455-6677-8899-aabbccddeeff:" + KEY, JWK]
)
def test_a_whole_file(tmp_path: Path, key: str, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "new" / "clear.mp4"
    assert run(write_whole(tmp_path / "in.mp4"), "--key", key, "-o", target) == 0
    assert read_fragment_samples(target.read_bytes()) == payloads(1)
    told = capsys.readouterr()
    assert str(target) in told.err
    assert told.out == ""
    assert KEY not in told.err


def test_init_and_media_segments_become_one_file(tmp_path: Path) -> None:
    assert run(*write_parts(tmp_path), "--key", f"{KID}:{KEY}", "-o", tmp_path / "clear") == 0
    assert read_fragment_samples((tmp_path / "clear").read_bytes()) == payloads(1, 2)


def test_a_folder_takes_one_file_each(tmp_path: Path) -> None:
    assert run(*write_parts(tmp_path), "--key", f"{KID}:{KEY}", "-o", f"{tmp_path}/clear/") == 0
    assert sorted(path.name for path in (tmp_path / "clear").iterdir()) == ["1.m4s", "2.m4s", "init.mp4"]


def test_the_order_of_a_shell_is_no_order_of_segments(tmp_path: Path) -> None:
    """Two titles side by side, listed by their letters: 10 before 2, and init segments behind their segments."""
    for folder, first in (("a", 1), ("b", 5)):
        (tmp_path / folder).mkdir()
        init, *segments = write_parts(tmp_path)
        init.rename(tmp_path / folder / "zero.mp4")
        for name, seed in (("10.m4s", first + 1), ("2.m4s", first)):
            path = tmp_path / folder / name
            path.write_bytes(box(b"styp", b"msdh") + fragment(samples(seed), Layout()))
        for segment in segments:
            segment.unlink()
    listed = sorted((tmp_path / "a").iterdir())
    assert [path.name for path in listed] == ["10.m4s", "2.m4s", "zero.mp4"]
    assert run(*listed, "--key", f"{KID}:{KEY}", "-o", tmp_path / "clear.mp4") == 0
    assert read_fragment_samples((tmp_path / "clear.mp4").read_bytes()) == payloads(1, 2)
    assert run(tmp_path / "a", "--key", f"{KID}:{KEY}", "-o", tmp_path / "folder.mp4") == 0
    assert (tmp_path / "folder.mp4").read_bytes() == (tmp_path / "clear.mp4").read_bytes()
    both = [*listed, *sorted((tmp_path / "b").iterdir())]
    assert run(*both, "--key", f"{KID}:{KEY}", "-o", f"{tmp_path}/out/") == 0
    written = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.m*")}
    assert written == {f"{folder}/{name}" for folder in "ab" for name in ("10.m4s", "2.m4s", "zero.mp4")}
    assert read_fragment_samples((tmp_path / "out" / "b" / "2.m4s").read_bytes()) == payloads(5)


def test_several_complete_files_need_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both = [write_whole(tmp_path / "a.mp4"), write_whole(tmp_path / "b.mp4", 2)]
    assert run(*both, "--key", KEY, "-o", tmp_path / "out.mp4") == 2
    assert "name a folder" in capsys.readouterr().err
    assert run(*both, "--key", KEY, "-o", tmp_path / "out") == 0
    assert read_fragment_samples((tmp_path / "out" / "b.mp4").read_bytes()) == payloads(2)


@pytest.mark.parametrize(
    ("tag", "iv"),
    [
        ('METHOD=AES-128,URI="https://k.example/key",IV=0x000102030405060708090a0b0c0d0e0f', bytes(range(16))),
        ('METHOD=AES-128,URI="https://k.example/key"', None),
        ('METHOD=AES-128,URI="local.key"', None),
    ],
)
def test_a_playlist_tells_method_and_ivs(tmp_path: Path, tag: str, iv: bytes | None) -> None:
    lines = ["#EXTM3U", "#EXT-X-VERSION:6", "#EXT-X-TARGETDURATION:4", "#EXT-X-MEDIA-SEQUENCE:7", f"#EXT-X-KEY:{tag}"]
    for number in (7, 8):
        (tmp_path / f"s{number}.ts").write_bytes(encrypted_ts(iv or number.to_bytes(16, "big")))
        lines += ["#EXTINF:4,", f"s{number}.ts"]
    playlist = tmp_path / "media.m3u8"
    playlist.write_text("\n".join([*lines, "#EXT-X-ENDLIST"]))
    key = KEY
    if "local" in tag:
        (tmp_path / "local.key").write_bytes(bytes.fromhex(KEY))
        key = f"{OTHER_KID}:{KEY[::-1]}"
    assert run(playlist, "--key", key, "-o", tmp_path / "clear.ts") == 0
    assert (tmp_path / "clear.ts").read_bytes() == TS * 2
    assert run(playlist, tmp_path / "s8.ts", "--key", key, "-o", tmp_path / "second.ts") == 0
    assert (tmp_path / "second.ts").read_bytes() == TS


def test_a_multivariant_playlist_gives_a_folder(tmp_path: Path) -> None:
    write_parts(tmp_path)
    media = '#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:4\n#EXT-X-MAP:URI="init.mp4"\n'
    media += '#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI="skd://x",KEYFORMAT="com.apple.streamingkeydelivery"\n'
    for name in ("low", "high"):
        (tmp_path / f"{name}.m3u8").write_text(media + "#EXTINF:4,\n1.m4s\n#EXTINF:4,\n2.m4s\n#EXT-X-ENDLIST\n")
    variants = "".join(
        f"#EXT-X-STREAM-INF:BANDWIDTH={rate}\n{name}.m3u8\n" for name, rate in (("low", 1), ("high", 2))
    )
    variants += '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="keyframes.m3u8"\n'
    keyframes = media + "#EXT-X-I-FRAMES-ONLY\n#EXTINF:4,\n#EXT-X-BYTERANGE:90@0\n1.m4s\n#EXT-X-ENDLIST\n"
    (tmp_path / "keyframes.m3u8").write_text(keyframes)
    (tmp_path / "master.m3u8").write_text("#EXTM3U\n" + variants)
    (tmp_path / "high.m3u8").write_text((tmp_path / "low.m3u8").read_text().replace("2.m4s", "1.m4s"))
    both = [tmp_path / "master.m3u8", tmp_path / "low.m3u8", tmp_path / "keyframes.m3u8"]
    assert run(*both, "--key", f"{KID}:{KEY}", "-o", tmp_path / "out") == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["high.mp4", "low.mp4"]
    assert read_fragment_samples((tmp_path / "out" / "low.mp4").read_bytes()) == payloads(1, 2)
    assert run(tmp_path / "keyframes.m3u8", "--key", f"{KID}:{KEY}", "-o", tmp_path / "no.mp4") == 2


def test_a_playlist_names_nothing_outside_its_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "inner"
    folder.mkdir()
    (tmp_path / "secret.ts").write_bytes(TS)
    for reference in ("../secret.ts", "https://cdn.example/s.ts", (tmp_path / "secret.ts").as_uri()):
        (folder / "p.m3u8").write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{reference}\n#EXT-X-ENDLIST\n")
        assert run(folder / "p.m3u8", "--key", KEY, "-o", tmp_path / "out.ts") == 2
        assert "not in its folder" in capsys.readouterr().err
    assert not (tmp_path / "out.ts").exists()


def test_segments_without_a_playlist(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    iv = bytes(range(16))
    (tmp_path / "unknown.ts").write_bytes(encrypted_ts(iv))
    (tmp_path / "segment-12.ts").write_bytes(encrypted_ts((12).to_bytes(16, "big")))
    out = tmp_path / "clear.ts"
    assert run(tmp_path / "unknown.ts", "--key", KEY, "--iv", f"0x{iv.hex()}", "-o", out) == 0
    assert out.read_bytes() == TS
    assert run(tmp_path / "segment-12.ts", "--key", KEY, "-o", out) == 0
    assert out.read_bytes() == TS
    assert run(tmp_path / "unknown.ts", "--key", KEY, "-o", tmp_path / "no.ts") == 2
    assert "give --iv" in capsys.readouterr().err


def test_a_playlist_beside_a_segment_is_asked(tmp_path: Path) -> None:
    iv = bytes(range(5, 21))
    (tmp_path / "one.ts").write_bytes(encrypted_ts(iv))
    (tmp_path / "broken.m3u8").write_text("#EXTM3U\nnonsense")
    (tmp_path / "media.m3u8").write_text(
        f'#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-KEY:METHOD=AES-128,URI="k",IV=0x{iv.hex()}\n'
        "#EXTINF:4,\nzero.ts\n#EXTINF:4,\none.ts\n#EXT-X-ENDLIST\n"
    )
    assert run(tmp_path / "one.ts", "--key", KEY, "-o", tmp_path / "clear.ts") == 0
    assert (tmp_path / "clear.ts").read_bytes() == TS


def test_a_playlist_in_the_folder_above_names_the_key_by_its_id(tmp_path: Path) -> None:
    iv = bytes(range(5, 21))
    (tmp_path / "video").mkdir()
    (tmp_path / "video" / "one.ts").write_bytes(encrypted_ts(iv))
    uri = "data:text/plain;base64," + base64.b64encode(bytes.fromhex(KID)).decode()
    (tmp_path / "media.m3u8").write_text(
        f'#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-KEY:METHOD=AES-128,URI="{uri}",IV=0x{iv.hex()}\n'
        "#EXTINF:4,\nvideo/one.ts\n#EXT-X-ENDLIST\n"
    )
    both = ["--key", f"{OTHER_KID}:{KEY[::-1]}", "--key", f"{KID}:{KEY}"]
    for given in (tmp_path / "video" / "one.ts", tmp_path / "media.m3u8"):
        assert run(given, *both, "-o", tmp_path / "clear.ts") == 0
        assert (tmp_path / "clear.ts").read_bytes() == TS


def test_packed_audio_with_a_clear_begin(tmp_path: Path) -> None:
    """Segments before the first key pass as they are; so do they beside others that say they are encrypted."""
    frame = b"\xff\xf1\x4c\x80\x0a\x1f\xfc" + bytes(range(73))  # ADTS, 80 bytes in all
    key, iv = bytes.fromhex(KEY), bytes(range(16))
    secret = frame[:23] + CbcChain(key, iv).apply(frame[23:71]) + frame[71:]
    described = b"com.apple.streaming.audioDescription\0zaac\0\0\x01\0"
    private = b"PRIV" + bytes([0, 0, 0, len(described)]) + b"\0\0" + described
    tag = b"ID3\x04\0\0\0\0\0" + bytes([len(private)]) + private
    (tmp_path / "1.aac").write_bytes(frame * 3)
    (tmp_path / "2.aac").write_bytes(tag + secret * 3)
    (tmp_path / "media.m3u8").write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n1.aac\n"
        f'#EXT-X-KEY:METHOD=SAMPLE-AES,URI="k",IV=0x{iv.hex()}\n#EXTINF:4,\n2.aac\n#EXT-X-ENDLIST\n'
    )
    out = tmp_path / "clear.aac"
    files = [tmp_path / "1.aac", tmp_path / "2.aac"]
    for given in ([tmp_path / "media.m3u8"], files, [*files, "--iv", iv.hex()]):
        assert run(*given, "--key", KEY, "-o", out) == 0
        assert out.read_bytes() == frame * 3 + b"ID3\x04" + bytes(6) + frame * 3


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["in.mp4", "--key", "zz"], 2, "hexadecimal digits"),
        (["in.mp4", "--key", f"12:{KEY}"], 2, "key ID of key 1"),
        (["in.mp4", "--key", f"{KID}:{KEY}", "--iv", "12"], 2, "--iv"),
        (["missing.mp4", "--key", KEY], 2, "cannot be read"),
        (["empty.mp4", "--key", KEY], 2, "is empty"),
        (["nothing", "--key", KEY], 2, "no files"),
        (["missing.m3u8", "--key", KEY], 2, "cannot be read"),
        (["text.mp4", "--key", KEY], 2, "initialisation vector is not known"),
        (["title.mpd", "--key", KEY], 2, "no period"),
        (["cut.mp4", "--key", KEY], 1, "ends before its last sample"),
        (["in.mp4", "--key", f"{OTHER_KID}:{KEY}"], 1, f"--key {KID}:KEY"),
    ],
)
def test_what_goes_wrong_is_one_sentence(
    tmp_path: Path, words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = write_whole(tmp_path / "in.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: whole.index(b"mdat") + 50])
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "nothing").mkdir()
    (tmp_path / "title.mpd").write_text('<?xml version="1.0"?>\n<MPD/>')
    (tmp_path / "text.mp4").write_text("this is not a film\n" * 9)
    assert run(tmp_path / words[0], *words[1:], "-o", tmp_path / "out.mp4") == code
    told = capsys.readouterr().err
    assert said in told
    assert len(told.strip().splitlines()) == 1
    assert KEY not in told
    assert not (tmp_path / "out.mp4").exists()


def test_an_input_is_never_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_whole(tmp_path / "in.mp4")
    before = path.read_bytes()
    assert run(path, "--key", KEY, "-o", path) == 2
    assert run(path, "--key", KEY, "-o", f"{tmp_path}/") == 2
    assert path.read_bytes() == before
    assert "not written over" in capsys.readouterr().err


SEA_MPD = """<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" xmlns:sea="urn:mpeg:dash:schema:sea:2012" type="static"
     profiles="urn:mpeg:dash:profile:isoff-live:2011" mediaPresentationDuration="PT12S" minBufferTime="PT2S">
 <Period><AdaptationSet contentType="video" mimeType="video/mp4">
  <ContentProtection schemeIdUri="urn:mpeg:dash:sea:2012">
   <sea:SegmentEncryption schemeIdUri="urn:mpeg:dash:sea:{cipher}:2013"/>
   <sea:KeySystem keySystemUri="urn:mpeg:dash:sea:keysys:http:2013"/>
   {periods}
  </ContentProtection>
  <SegmentTemplate timescale="1" duration="4" startNumber="1" initialization="init.mp4" media="$Number$.m4s"/>
  <Representation id="v" bandwidth="1000" codecs="avc1.64001e"/>
 </AdaptationSet></Period>
</MPD>"""


@pytest.mark.parametrize(
    ("cipher", "periods", "ivs"),
    [
        (
            "aes128-cbc",
            '<sea:CryptoPeriod IV="0x{iv}" keyUriTemplate="https://k.example/$base$"/>',
            [bytes(range(16))] * 3,
        ),
        ("aes128-cbc", '<sea:CryptoPeriod keyUriTemplate="k"/>', [n.to_bytes(16, "big") for n in (1, 2, 3)]),
        (
            "aes128-cbc",
            '<sea:CryptoPeriod numSegments="1" IV="{iv}"/><sea:CryptoPeriod startOffset="1" IV="0x05"/>',
            [bytes(range(16)), *[(5).to_bytes(16, "big")] * 2],
        ),
        (
            "aes128-cbc",
            '<sea:CryptoTimeline numCryptoPeriods="3" numSegments="1" ivBase="0x7"/>',
            [n.to_bytes(16, "big") for n in (7, 8, 9)],
        ),
        ("aes128-gcm", '<sea:CryptoPeriod IV="0x000102030405060708090a0b"/>', [bytes(range(12))] * 3),
    ],
)
@pytest.mark.parametrize("init_encrypted", [False, True])
def test_dash_segment_encryption_is_told_by_the_mpd(
    tmp_path: Path, cipher: str, periods: str, ivs: list[bytes], init_encrypted: bool
) -> None:
    def seal(data: bytes, iv: bytes) -> bytes:
        if cipher == "aes128-gcm":
            return AESGCM(bytes.fromhex(KEY)).encrypt(iv, data, None)
        padding = 16 - len(data) % 16
        return CbcChain(bytes.fromhex(KEY), iv).apply(data + bytes([padding]) * padding)

    clear = [b"\0\0\0\x10ftypisom\0\0\0\0"] + [b"\0\0\0\x18moof" + bytes([n]) * 100 for n in (1, 2, 3)]
    (tmp_path / "init.mp4").write_bytes(seal(clear[0], ivs[0]) if init_encrypted else clear[0])
    for number, iv in enumerate(ivs, 1):
        (tmp_path / f"{number}.m4s").write_bytes(seal(clear[number], iv))
    mpd = tmp_path / "manifest.mpd"
    mpd.write_text(SEA_MPD.format(cipher=cipher, periods=periods.format(iv=bytes(range(16)).hex())))
    assert run(mpd, "--key", f"{KID}:{KEY}", "-o", tmp_path / "clear.mp4") == 0
    assert (tmp_path / "clear.mp4").read_bytes() == b"".join(clear)
    assert run(tmp_path / "2.m4s", "--key", f"{KID}:{KEY}", "-o", tmp_path / "second.m4s") == 0
    assert (tmp_path / "second.m4s").read_bytes() == clear[2]


def test_an_mpd_of_samples_gives_each_rendition(tmp_path: Path) -> None:
    write_parts(tmp_path)
    mpd = SEA_MPD.format(cipher="none", periods="").replace("PT12S", "PT8S").replace("sea:2012", "mp4protection:2011")
    (tmp_path / "manifest.mpd").write_text(mpd)
    assert run(tmp_path / "manifest.mpd", "--key", f"{KID}:{KEY}", "-o", f"{tmp_path}/out/") == 0
    assert read_fragment_samples((tmp_path / "out" / "v.mp4").read_bytes()) == payloads(1, 2)


def test_of_several_keys_the_fitting_one_is_found(tmp_path: Path) -> None:
    other = KEY[::-1]
    keys = [KEY, other]
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:4", "#EXT-X-MEDIA-SEQUENCE:0"]
    for number, key in enumerate([other, KEY]):
        padding = 16 - len(TS) % 16
        data = CbcChain(bytes.fromhex(key), number.to_bytes(16, "big")).apply(TS + bytes([padding]) * padding)
        (tmp_path / f"s{number}.ts").write_bytes(data)
        lines += [f'#EXT-X-KEY:METHOD=AES-128,URI="https://k.example/{number}"', "#EXTINF:4,", f"s{number}.ts"]
    (tmp_path / "media.m3u8").write_text("\n".join([*lines, "#EXT-X-ENDLIST"]))
    words = [word for key in keys for word in ("--key", f"{key[:32]}:{key}")]
    assert run(tmp_path / "media.m3u8", *words, "-o", tmp_path / "clear.ts") == 0
    assert (tmp_path / "clear.ts").read_bytes() == TS * 2


@pytest.mark.parametrize("method", ["AES-256", "AES-256-CTR", "AES-256-GCM"])
def test_long_keys_without_a_playlist_tell_their_method(tmp_path: Path, method: str) -> None:
    key, iv = bytes(range(32)), (7).to_bytes(16, "big")
    padding = 16 - len(TS) % 16
    if method == "AES-256-GCM":
        sealed = iv + AESGCM(key).encrypt(iv, TS, None)
    elif method == "AES-256":
        sealed = CbcChain(key, iv).apply(TS + bytes([padding]) * padding)
    else:
        sealed = Cipher(algorithms.AES(key), modes.CTR(iv)).encryptor().update(TS)
    (tmp_path / "seg-7.ts").write_bytes(sealed)
    assert run(tmp_path / "seg-7.ts", "--key", key.hex(), "-o", tmp_path / "clear.ts") == 0
    assert (tmp_path / "clear.ts").read_bytes() == TS
