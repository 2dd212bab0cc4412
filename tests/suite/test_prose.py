"""The prose check sees long sentences and unwanted words, and no code."""

from __future__ import annotations

from tests.prose import banned, of_markdown, of_python, words


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
