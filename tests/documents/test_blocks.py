"""Each code block of the pages is run by a command, is marked as shown, or is a file of its language."""

from __future__ import annotations

import re

import pytest

from tests.documents.blocks import GUIDES, RUN, Block, blocks, fault_of, pages
from tests.documents.page import sign_of
from tests.documents.report_pictures import GUIDE, REPORTS, plans


@pytest.mark.parametrize(("page", "text"), list(pages()), ids=lambda value: value[:30])
def test_every_block_of_a_page_is_known(page: str, text: str) -> None:
    faults = [f"{page}:{block.line}: {fault_of(block)}" for block in blocks(text) if fault_of(block)]
    assert faults == []
    assert text.count("\n```") + text.startswith("```") == 2 * len(blocks(text)), "a block that is not understood"


def test_the_guides_have_commands_that_run() -> None:
    texts = dict(pages())
    assert [page for page in GUIDES if not any(block.language == RUN for block in blocks(texts[page]))] == []


def test_commands_end_where_the_shell_has_read_them_whole() -> None:
    text = "one \\\n  two\nthree 'a\nb'  # said\n\ntell() {\n  four\n}\nfive |\n  six\n"
    assert Block("sh", text, 1).commands() == [
        "one \\\n  two",
        "three 'a\nb'  # said",
        "tell() {\n  four\n}",
        "five |\n  six",
    ]


@pytest.mark.parametrize(
    ("language", "text"),
    [("", "matinee"), ("bash", "matinee"), ("console", "matinee"), ("json", "{"), ("yaml", "a: [")],
)
def test_a_block_that_nobody_knows_is_found(language: str, text: str) -> None:
    assert fault_of(Block(language, text, 1)) != ""


def test_the_plans_whose_reports_are_pictured_are_in_the_guide() -> None:
    text = dict(pages())[GUIDE]
    assert plans(text).keys() == REPORTS.keys()
    pictures = {f"pictures/{picture}.png" for picture, _ in REPORTS.values()}
    assert pictures == set(re.findall(r"\((pictures/[\w-]+\.png)\)", text))


@pytest.mark.parametrize(
    ("command", "sign"),
    [
        ("matinee serve --port 0", "http://"),
        ("MATINEE_PASSWORD='choose one' matinee serve --admin root@example.org", "http://"),
        ("$(matinee nginx-config)", "port 8410"),
        ("matinee jobs", None),
    ],
)
def test_a_command_that_stays_is_known(command: str, sign: str | None) -> None:
    assert sign_of(command) == sign
