"""Whole MP4 files: what an independent writer encrypted comes out clear, well-formed and without traces."""

from __future__ import annotations

import contextlib
import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keys import KeyRing
from drm_client.mp4file import Mp4Decryptor
from drm_client.pssh import build_pssh
from tests.drm_client.mp4_builder import (
    Clear,
    Layout,
    Protection,
    box,
    clear_entry,
    fragment,
    fragmented_file,
    movie,
    progressive_file,
    protected_entry,
    read_fragment_samples,
    read_progressive_samples,
    types,
    walk,
)

RANDOM = random.Random(4)
KID_A, KID_B = b"a" * 16, b"b" * 16
KEY_A, KEY_B = b"A" * 16, b"B" * 16
CENC = Protection("cenc", KID_A, KEY_A)
PROTECTIONS = {
    "cenc": CENC,
    "cenc-16": Protection("cenc", KID_A, KEY_A, iv_size=16),
    "cens-1-9": Protection("cens", KID_A, KEY_A, crypt=1, skip=9),
    "cbc1": Protection("cbc1", KID_A, KEY_A, iv_size=16),
    "cbcs-1-9": Protection("cbcs", KID_A, KEY_A, iv_size=0, constant_iv=b"0123456789abcdef", crypt=1, skip=9),
    "cbcs-5-5": Protection("cbcs", KID_A, KEY_A, iv_size=0, constant_iv=b"0123456789abcdef", crypt=5, skip=5),
    "cbcs-full-8": Protection("cbcs", KID_A, KEY_A, iv_size=0, constant_iv=b"01234567"),
    "cbcs-own-iv": Protection("cbcs", KID_A, KEY_A, iv_size=16, crypt=1, skip=9),
}
PSSH = build_pssh("1077efec-c0b2-4d02-ace3-3c1e52e2fb4b", [KID_A, KID_B])
TRACES = {b"sinf", b"encv", b"enca", b"pssh", b"senc", b"saiz", b"saio", b"sbgp", b"sgpd", b"uuid"}


def ring() -> KeyRing:
    keys = KeyRing()
    keys.add(KID_A, KEY_A)
    keys.add(KID_B, KEY_B)
    return keys


def decrypt(data: bytes, keys: KeyRing | None = None) -> bytes:
    return bytes(Mp4Decryptor(ring() if keys is None else keys).decrypt(bytearray(data)))


def sample(how: Protection | None, *, subsampled: bool = False, group: int = 0) -> Clear:
    data = RANDOM.randbytes(RANDOM.randrange(0, 700))
    subsamples = []
    if subsampled:
        left = len(data)
        while left:
            clear = min(left, RANDOM.randrange(0, 40))
            protected = min(left - clear, 16 * RANDOM.randrange(0, 20))
            subsamples.append((clear, protected))
            left -= clear + protected
    iv = RANDOM.randbytes(how.iv_size) if how is not None else b""
    return Clear(data, how, tuple(subsamples), group, iv)


def fragments_of(how: Protection | None, *, subsampled: bool = False) -> list[list[Clear]]:
    return [[sample(how, subsampled=subsampled) for _ in range(RANDOM.randrange(1, 8))] for _ in range(3)]


def payloads(fragments: list[list[Clear]]) -> list[bytes]:
    return [each.data for samples in fragments for each in samples]


@pytest.mark.parametrize("subsampled", [False, True])
@pytest.mark.parametrize("name", sorted(PROTECTIONS))
@pytest.mark.parametrize("layout", ["senc", "saio", "explicit-base"])
def test_fragments_come_out_clear(name: str, layout: str, subsampled: bool) -> None:
    how = PROTECTIONS[name]
    chosen = Layout(senc="saio" if layout == "saio" else "senc", default_base=layout != "explicit-base", pssh=PSSH)
    fragments = fragments_of(how, subsampled=subsampled)
    clear = decrypt(fragmented_file(fragments, [protected_entry(b"mp4a", how)], chosen))
    assert read_fragment_samples(clear) == payloads(fragments)
    assert not types(clear) & TRACES
    assert {b"mp4a", b"esds", b"btrt"} <= types(clear)


def test_indexes_point_at_the_moved_fragments() -> None:
    fragments = fragments_of(CENC)
    clear = decrypt(fragmented_file(fragments, [protected_entry(b"mp4a", CENC)], Layout(pssh=PSSH)))
    moofs = [start for type_, start, *_ in walk(clear) if type_ == b"moof"]
    sidx = next((body, end) for type_, _, body, end in walk(clear) if type_ == b"sidx")
    position, pointed = sidx[1], []
    for number in range(len(fragments)):
        pointed.append(position)
        position += struct.unpack_from(">I", clear, sidx[0] + 24 + 12 * number)[0]
    assert pointed == moofs
    tfra = next(body for type_, _, body, _ in walk(clear) if type_ == b"tfra")
    assert [struct.unpack_from(">I", clear, tfra + 20 + 11 * n)[0] for n in range(len(moofs))] == moofs
    assert position == next(start for type_, start, *_ in walk(clear) if type_ == b"mfra")


@pytest.mark.parametrize("senc", ["senc", "saio"])
@pytest.mark.parametrize("name", sorted(PROTECTIONS))
def test_progressive_files_come_out_clear(name: str, senc: str) -> None:
    how = PROTECTIONS[name]
    samples = [sample(how, subsampled=True) for _ in range(10)]
    data = progressive_file(samples, [protected_entry(b"mp4a", how)], Layout(senc=senc, pssh=PSSH))
    clear = decrypt(data)
    assert read_progressive_samples(clear) == [each.data for each in samples]
    assert not types(clear) & TRACES


@pytest.mark.parametrize("where", ["movie", "fragment"])
@pytest.mark.parametrize("version", [1, 2])
def test_sample_groups_change_the_key_and_the_protection(where: str, version: int) -> None:
    groups = [Protection("cenc", KID_B, KEY_B), Protection(protected=False, iv_size=0)]
    offset = 0x10000 if where == "fragment" else 0
    layout = Layout(
        movie_groups=groups if where == "movie" else (),
        fragment_groups=groups if where == "fragment" else (),
        sgpd_version=version,
    )
    choices = [(CENC, 0), (groups[0], 1 + offset), (groups[1], 2 + offset)]
    fragments = [[sample(how, group=group) for how, group in RANDOM.choices(choices, k=9)] for _ in range(3)]
    fragments[0][:3] = [sample(how, group=group) for how, group in choices]
    clear = decrypt(fragmented_file(fragments, [protected_entry(b"mp4a", CENC)], layout))
    assert read_fragment_samples(clear) == payloads(fragments)
    assert not types(clear) & TRACES


def test_groups_of_different_lengths_mix_own_and_constant_ivs() -> None:
    own = Protection("cbcs", KID_A, KEY_A, iv_size=16, crypt=1, skip=9)
    constant = Protection("cbcs", KID_B, KEY_B, iv_size=0, constant_iv=b"fedcba9876543210", crypt=2, skip=3)
    layout = Layout(fragment_groups=[own, constant])
    default = PROTECTIONS["cbcs-1-9"]
    samples = [sample(own, subsampled=True, group=0x10001), sample(constant, subsampled=True, group=0x10002)] * 3
    clear = decrypt(fragmented_file([samples], [protected_entry(b"mp4a", default)], layout))
    assert read_fragment_samples(clear) == [each.data for each in samples]


def test_clear_lead_by_a_second_sample_entry() -> None:
    entries = [protected_entry(b"mp4a", CENC), clear_entry(b"mp4a")]
    head = box(b"ftyp", b"iso6") + movie(entries, Layout())
    lead, rest = [sample(None) for _ in range(3)], [sample(CENC) for _ in range(3)]
    plain = Layout(senc="saio", saiz=False)
    first = fragment(lead, plain, entry=2)
    clear = decrypt(head + first + fragment(rest, Layout(), entry=1))
    assert read_fragment_samples(clear) == [each.data for each in lead + rest]


def test_piff_files_come_out_clear() -> None:
    how = Protection("cbc1", KID_A, KEY_A, iv_size=16)
    fragments = fragments_of(how, subsampled=True)
    data = fragmented_file(fragments, [protected_entry(b"mp4a", how, piff=True)], Layout(senc="piff", saiz=False))
    clear = decrypt(data)
    assert read_fragment_samples(clear) == payloads(fragments)
    assert not types(clear) & TRACES


def test_segments_follow_their_init_segment() -> None:
    decryptor = Mp4Decryptor(ring())
    init = box(b"ftyp", b"iso6") + movie([protected_entry(b"mp4a", CENC)], Layout(pssh=PSSH))
    assert not types(bytes(decryptor.decrypt(bytearray(init)))) & TRACES
    for samples in fragments_of(CENC, subsampled=True):
        segment = box(b"styp", b"msdh") + fragment(samples, Layout())
        assert read_fragment_samples(bytes(decryptor.decrypt(bytearray(segment)))) == [one.data for one in samples]
    with pytest.raises(DrmError) as caught:
        Mp4Decryptor(ring()).decrypt(bytearray(fragment([sample(CENC)], Layout())))
    assert caught.value.code is DrmErrorCode.DECRYPT_FAILED


def test_a_clear_file_passes_unchanged() -> None:
    data = fragmented_file([[sample(None)]], [clear_entry(b"mp4a")], Layout(senc="saio", saiz=False))
    assert decrypt(data) == data


def test_other_sample_groups_stay() -> None:
    roll = box(b"sgpd", b"\1\0\0\0roll", struct.pack(">IIh", 2, 1, -1)) + box(b"sbgp", bytes(4), b"roll", bytes(4))
    head = box(b"ftyp", b"iso6") + movie([protected_entry(b"mp4a", CENC)], Layout(), stbl=roll)
    clear = decrypt(head)
    assert b"roll" in clear
    assert {b"sgpd", b"sbgp"} <= types(clear)


def test_the_missing_key_is_named_and_nothing_is_written() -> None:
    data = fragmented_file([[Clear(b"x" * 40, CENC, (), 0, bytes(8))]], [protected_entry(b"mp4a", CENC)], Layout())
    with pytest.raises(DrmError) as caught:
        decrypt(data, KeyRing())
    assert caught.value.code is DrmErrorCode.NO_KEY
    assert caught.value.fields["kid"] == KID_A.hex()


def test_a_file_cut_short_is_told() -> None:
    data = fragmented_file([[Clear(b"x" * 4000, CENC, (), 0, bytes(8))]], [protected_entry(b"mp4a", CENC)], Layout())
    cut = data[: data.index(b"mdat") + 1000]
    with pytest.raises(DrmError) as caught:
        decrypt(cut)
    assert caught.value.code is DrmErrorCode.DECRYPT_FAILED


WHOLE = fragmented_file(
    [[sample(PROTECTIONS["cbcs-1-9"], subsampled=True) for _ in range(3)]],
    [protected_entry(b"mp4a", PROTECTIONS["cbcs-1-9"])],
    Layout(pssh=PSSH, movie_groups=[CENC]),
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=6), st.integers(0, len(WHOLE))
)
def test_damage_is_an_error_of_ours_or_some_output(flips: list[tuple[int, int]], length: int) -> None:
    damaged = bytearray(WHOLE)
    for place, value in flips:
        damaged[place] = value
    with contextlib.suppress(DrmError):
        assert len(decrypt(bytes(damaged[:length]))) <= length
