"""The prose check sees long sentences and unwanted words, and no code."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.prose import (
    Passage,
    banned,
    main,
    of_comments,
    of_markdown,
    of_python,
    of_qml,
    of_strings,
    of_translations,
    words,
)


def sentences(page: str) -> list[str]:
    return [sentence for passage in of_markdown("page.md", page) for sentence in passage.sentences()]


def test_sentences_are_told_apart() -> None:
    assert sentences("One comes first. Another, e.g. this one, follows `a.b(c). D` and ends.") == [
        "One comes first.",
        "Another, eg this one, follows Code and ends.",
    ]


def test_items_and_cells_are_texts_of_their_own() -> None:
    assert sentences(
        "- the first item here\n- the second item here\n\n| a cell of three | and one more cell |\n|---|---|\n"
    ) == [
        "the first item here",
        "the second item here",
        "a cell of three",
        "and one more cell",
    ]


def test_a_semicolon_ends_a_text_in_a_table_only() -> None:
    assert (
        len(sentences("| one thing is here; another is there |\n|---|\n| one thing is here; another is there |\n"))
        == 3
    )
    assert len(sentences("One thing is here; another is there.")) == 1


def test_code_is_no_prose() -> None:
    assert sentences("```\nmatinee play anew and anew again\n```\n") == []
    assert words("Run Code, Code or Code first.") == 3


def test_docstrings_are_read_paragraph_by_paragraph() -> None:
    source = 'def f():\n    """Return the first thing.\n\n    It is made anew each time.\n    """\n'
    found = [sentence for passage in of_python("m.py", source) for sentence in passage.sentences()]
    assert found == ["Return the first thing.", "It is made anew each time."]


def test_unwanted_words_are_found_whole() -> None:
    assert banned().findall("It is had Anew; renewed and a new one are fine.") == ["is had", "Anew"]


def texts(passages: Iterable[Passage]) -> list[str]:
    return [passage.text for passage in passages]


def test_comments_are_read_as_they_stand_together() -> None:
    source = "# One sentence over\n# two lines.\nx = 1  # of its own\n# another\ny = '# no comment'\n"
    assert texts(of_comments("m.py", source)) == ["One sentence over two lines.", "of its own", "another"]


def test_whole_sentences_that_the_program_says_are_read() -> None:
    source = (
        'def f(x):\n    """No string."""\n    say(f"There are {x} of it anew.")\n    raise FError("no sentence")\n'
    )
    assert texts(of_strings("m.py", source)) == ["no sentence", "There are value of it anew."]


def test_qml_has_comments_too() -> None:
    source = "// Two lines\n  // are one.\nText { text: 'https://example.org' } // an end\n"
    assert [text.split() for text in texts(of_qml("P.qml", source))] == [
        ["Two", "lines", "are", "one."],
        ["an", "end"],
    ]


def test_both_languages_are_read() -> None:
    source = "<TS><message><source>Play again</source><translation>Noch einmal</translation></message></TS>"
    assert texts(of_translations("a.ts", source)) == ["Play again", "Noch einmal"]


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        ("word " * 2501, "2501 words, which nobody reads to the end"),
        ("It is made " + "and " * 33 + "done.", "37 words: It is made"),
        ("It is made anew.", "banned: anew: It is made anew."),
        (("This is a sentence of exactly " + "twenty " * 14 + "words. ") * 5, "words a sentence in the mean"),
    ],
)
def test_what_breaks_a_rule_ends_with_1(
    page: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "docs").mkdir()
    place = tmp_path / "docs" / "guide-x.md"
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.setattr("tests.prose.ROOT", tmp_path)
    place.write_text("All is well here.", encoding="utf-8")
    assert main([]) == 0
    place.write_text(page, encoding="utf-8")
    assert main([]) == 1
    assert fault in capsys.readouterr().out


def test_comments_strings_and_both_languages_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written = {
        "player/m.py": '"""Made anew each time."""\n# A comment made anew.\nsay("A sentence said anew.")\n',
        "ui/P.qml": "// A comment of QML, anew.\n",
        "ui/de.ts": "<TS><message><source>Play it all anew</source>"
        "<translation>anew im Deutschen</translation></message></TS>",
    }
    for name, text in written.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.setattr("tests.prose.ROOT", tmp_path)
    assert main([]) == 1
    found = capsys.readouterr().out.splitlines()
    assert [line.split("anew: ", 1)[1] for line in found] == [
        "Made anew each time.",
        "A comment made anew.",
        "A sentence said anew.",
        "A comment of QML, anew.",
        "Play it all anew",
        "anew im Deutschen",
    ]
