"""Subtitle files as people have them: every format and encoding, what their names say, and hostile ones."""

from __future__ import annotations

import os
import random

import pytest

from player.base.errors import MatineeError
from player.text.ass_columns import in_usual_order
from player.text.charsets import decoded
from player.text.subtitle_files import MAX_BYTES, beside, load, named, read

SRT = "1\n00:00:01,000 --> 00:00:02,500\n<i>{words}</i>\n\n2\n00:00:03,000 --> 00:00:04,000\nTwo\nlines\n"
VTT = "WEBVTT\n\n00:01.000 --> 00:02.500 align:start\n{words}\n"
ASS = (
    "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize\nStyle: Sign,Serif,30\n\n"
    "[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    "Dialogue: 0,0:00:01.00,0:00:02.50,Sign,,0,0,0,,{{\\an8}}{words}\n"
)
SUB = "{{25}}{{62}}{words}\n{{75}}{{100}}Two|lines\n"


@pytest.mark.parametrize("form", [SRT, VTT, ASS, SUB], ids=["srt", "vtt", "ass", "sub"])
def test_a_format_is_read(form):
    found = read(form.format(words="Good evening").encode(), fps=25.0)
    assert found.lines[0].text == "Good evening"
    assert (found.lines[0].start_s, found.lines[0].end_s) == pytest.approx((1.0, 2.5), abs=0.03)
    assert "Good evening" in found.document
    assert "[Events]" in found.document


ODD_ASS = """[Script Info]
ScriptType: v4.00+
PlayResY: 360

[V4+ Styles]
Format: Fontsize, Name, PrimaryColour, Fontname, Bold
Style: 41,Loud,&H0000FFFF,Serif,-1

[Events]
Format: Start, End, Actor, Style, Text
Comment: 0:00:00.00,0:00:09.00,,Loud,not shown
Dialogue: 0:00:01.00,0:00:02.50,Ann,Loud,Well, good evening
"""


def test_columns_of_ass_may_stand_in_any_order():
    found = read(ODD_ASS.encode())
    assert [(line.start_s, line.end_s, line.text) for line in found.lines] == [(1.0, 2.5, "Well, good evening")]
    assert "Style: Loud,Serif,41,&H0000FFFF," in found.document
    assert "Dialogue: 0,0:00:01.00,0:00:02.50,Loud,Ann,0,0,0,,Well, good evening" in found.document


def test_columns_in_their_usual_order_are_left_as_they_are():
    document = read(ODD_ASS.encode()).document
    assert in_usual_order(document) == document


def test_the_style_of_ass_stays_and_others_get_ours():
    assert "Serif" in read(ASS.format(words="x").encode()).document
    assert "sans-serif" in read(SRT.format(words="x").encode()).document
    assert r"{\i1}x{\i0}" in read(SRT.format(words="x").encode()).document


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("utf-8", "Müßiggang – naïve"),
        ("utf-8-sig", "Müßiggang"),
        ("utf-16", "Добрый вечер"),
        ("cp1252", "Übermütige Mädchen hören schöne Lieder, während Jürgen Äpfel für Käthe schält."),
        ("cp1251", "Добрый вечер, дорогие друзья. Сегодня мы собрались здесь, чтобы поговорить о погоде."),
        ("shift_jis", "こんばんは、皆さん。今日はとても良い天気ですね。明日も晴れるでしょう。"),
        ("iso8859_7", "Καλησπέρα σας, αγαπητοί φίλοι. Σήμερα θα μιλήσουμε για τον καιρό."),
    ],
)
def test_an_encoding_is_found(encoding, words):
    text = SRT.format(words=words) * 3
    assert words in decoded(text.encode(encoding))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("words", ["Good evening", "Добрый вечер", "مساء الخير", "こんばんは、皆さん"])
def test_utf_16_needs_no_mark(encoding, words):
    assert read(SRT.format(words=words).encode(encoding)).lines[0].text == words


@pytest.mark.parametrize(
    ("encoding", "language", "words"),
    [
        ("cp1252", None, "Além disso, não há razão. Você não está à vontade. O mar está calmo à noite."),
        ("cp1252", None, "Det är så här: vi åker båt över sjön på lördag. Är du där, Åsa?"),
        ("cp1250", None, "Dobro jutro, kako ste danas? Želim razgovarati s tvojim ocem. Čekaj me, đače."),
        ("cp1252", "is", "Góðan daginn, hvað segirðu? Það er þannig."),
        ("cp1253", "el-GR", "Καλημέρα, τι κάνεις;"),
        ("cp1255", "he", "שלום, מה שלומך?"),
        ("euc_jp", "ja", "こんにちは、元気ですか。"),
        ("cp852", "pl", "Cześć, jak się masz? Źle. Chcę porozmawiać z twoim ojcem."),
        ("iso2022_jp", None, "こんにちは、元気ですか。"),
        ("utf-32", None, "Good evening"),
        ("cp1251", "de", "Добрый вечер, дорогие друзья. Сегодня мы собрались здесь."),
    ],
)
def test_the_language_of_the_name_tells_the_encoding(encoding, language, words):
    """Short texts fit several encodings; a name that lies is no harm."""
    assert read(SRT.format(words=words).encode(encoding), language=language).lines[0].text == words


def test_what_belongs_to_a_film_is_found_by_its_name(tmp_path):
    film = tmp_path / "Film.mkv"
    (tmp_path / "Subs").mkdir()
    names = [
        "Film.srt",
        "Film.de.srt",
        "film.eng.forced.ass",
        "Film 2.srt",
        "Filmed.srt",
        "Film.txt",
        "Subs/Film.fr.sdh.vtt",
    ]
    for name in names:
        (tmp_path / name).touch()
    found = {place.path.name: place for place in beside(film)}
    assert set(found) == {"Film.srt", "Film.de.srt", "film.eng.forced.ass", "Film.fr.sdh.vtt"}
    assert found["Film.de.srt"].language == "de"
    assert found["film.eng.forced.ass"].language == "en"
    assert found["film.eng.forced.ass"].forced
    assert found["Film.fr.sdh.vtt"].hard_of_hearing
    assert found["Film.srt"].language is None
    assert named(tmp_path / "whatever.srt").language is None


def test_a_file_that_is_too_large_is_refused():
    with pytest.raises(MatineeError, match="too large"):
        read(b"1" * (MAX_BYTES + 1))


@pytest.mark.parametrize("data", [b"", b"\0" * 5000, b"\x00\x00\x01\xba" * 1000, b"{" * 50_000, b"[Events]\n" * 10])
def test_what_is_no_subtitle_file_is_told(data):
    with pytest.raises(MatineeError) as told:
        read(data)
    assert told.value.sentence.endswith(".")


def test_a_pipe_is_no_subtitle_file_and_nobody_waits_for_it(tmp_path):
    pipe = tmp_path / "film\u202etrs.srt"
    os.mkfifo(pipe)
    with pytest.raises(MatineeError, match=r"^filmtrs\.srt: this is no regular file"):
        load(pipe)


def test_anything_is_read_or_told():
    rng = random.Random(3)
    forms = [form.format(words="Good evening").encode() for form in (SRT, VTT, ASS, SUB)]
    for _ in range(400):
        data = bytearray(rng.choice(forms))
        for _ in range(rng.randrange(1, 12)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        try:
            found = read(bytes(data), fps=25.0)
        except MatineeError:
            continue
        assert len(found.document) < 1 << 20
