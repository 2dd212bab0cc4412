"""Part of ``make check``, alone ``make prose``: is what people read short and plain?

Pages, docstrings, comments and what the program says are read, in English and in German.

The rules: a sentence has 35 words at most, a page averages under 20, and none of the words of ``docs/banned.txt`` is
used. A guide has 2,500 words at most. Code blocks and code in quotes are not counted. ``--worst N`` names the longest
sentences of each place.

Exit code 0 when every rule holds, else 1.
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parent.parent
BANNED = ROOT / "docs" / "banned.txt"
PACKAGES = ("abr", "drm_client", "player", "downloads", "ui", "backend_stub", "packaging", "tests")
HISTORY = "docs/measurements/"  # diaries of figures: kept as they were written
NOT_PROSE = ("backend_stub/db/migrations/",)
LONGEST, AVERAGE = 35, 20.0  # words of a sentence; of a page's sentences in the mean
FEW = 5  # a page of fewer sentences has no mean worth a rule
GUIDES, LONGEST_GUIDE = "docs/guide-", 2500  # words, as ``wc -w`` counts them

_HELP = ("help", "description", "epilog")
_CODE = re.compile(r"``[^`]*``|`[^`]*`")
_ROLE = re.compile(r":[a-z]+:(`[^`]*`)")
_ADDRESS = re.compile(r"https?://\S+")
_END = re.compile(r"(?<=[.!?])[\"'”)\]]*\s+(?=[\"'“(\[]?(?:[A-Z0-9`§]|libmpv|mpv|httpx))|(?<=:)\s*\n")
_WORD = re.compile(r"[^\W_][\w'’.,/:-]*")
_SENTENCE = re.compile(r"[A-Z“][^<>{}=\n]* [^<>{}=\n]*[.!?]")
_ABBREVIATION = re.compile(r"\b(e\.g|i\.e|etc|vs|cf|approx|no|Fig|sec)\.\s")


@dataclass(frozen=True, slots=True)
class Passage:
    """Text without a break of its own: a paragraph, an item of a list, a cell of a table."""

    place: str  # file, relative to the repository
    line: int
    text: str
    cell: bool = False  # of a table: a semicolon ends what is said there

    def sentences(self) -> Iterator[str]:
        text = _ADDRESS.sub("address", _CODE.sub("Code", _ROLE.sub(r"\1", self.text)))
        text = _ABBREVIATION.sub(lambda found: found.group(0).replace(".", ""), text)
        if self.cell:
            text = text.replace("; ", ". Also ")
        for sentence in _END.split(text):
            if len(_WORD.findall(sentence)) > 2:  # else a name, not a sentence
                yield " ".join(sentence.split())


def words(sentence: str) -> int:
    """Count the words of a sentence, without what is in code quotes: a list of names is no long sentence."""
    return sum(word.rstrip(".,:") != "Code" for word in _WORD.findall(sentence))


def of_markdown(place: str, text: str) -> Iterator[Passage]:
    """Yield the passages of a page: headings, paragraphs, items and cells, no code blocks."""
    line = 1
    cell = False
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.map is not None:
            line = token.map[0] + 1
        if token.type in ("td_open", "td_close"):
            cell = token.type == "td_open"
        if token.type == "inline":
            parts = []
            for child in token.children or ():
                if child.type == "text":
                    parts.append(child.content)
                elif child.type == "code_inline":
                    parts.append("`code`")
                elif child.type in ("softbreak", "hardbreak"):
                    parts.append(" ")
            yield Passage(place, line, "".join(parts), cell)


def of_python(place: str, text: str) -> Iterator[Passage]:
    """Yield the paragraphs of a module's docstrings."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            said = ast.get_docstring(node)
            if said is not None:
                line = node.body[0].lineno
                for paragraph in re.split(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )", said):
                    if not paragraph.startswith("    "):  # what follows "::" is shown as it is
                        yield Passage(place, line, paragraph)


def of_comments(place: str, text: str) -> Iterator[Passage]:
    """Yield the comments of a module. Lines that follow each other at one margin are one."""
    lines = text.splitlines()
    said: list[str] = []
    first, last, margin = 0, 0, -1
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT:
            continue
        line, column = token.start
        alone = not lines[line - 1][:column].strip()
        if not (said and alone and line == last + 1 and column == margin):
            if said:
                yield Passage(place, first, " ".join(said))
            said, first = [], line
        said.append(token.string.lstrip("#: "))
        last, margin = line, column if alone else -1
    if said:
        yield Passage(place, first, " ".join(said))


def of_strings(place: str, text: str) -> Iterator[Passage]:
    """Yield what the program says in a module: the help of its options, its errors, and every whole sentence."""
    tree = ast.parse(text)
    taken = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings, for ``of_python``
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            taken.update(map(id, node.values))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            said = [word.value for word in node.keywords if word.arg in _HELP]
            said += node.args if called.endswith("Error") else []
            taken.update(map(id, said))
        elif isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in taken:
            said = [node] if _SENTENCE.fullmatch(_spoken(node)) else []
        else:
            continue
        for value in said:
            if " " in _spoken(value):
                yield Passage(place, node.lineno, _spoken(value))


def _spoken(node: ast.expr) -> str:
    """Return the text of a string, with "value" for what is put into it; nothing if it is no string."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    words = [part.value if isinstance(part, ast.Constant) else "value" for part in parts]
    return "".join(map(str, words)) if all(isinstance(word, str) for word in words) else ""


def of_qml(place: str, text: str) -> Iterator[Passage]:
    """Yield the comments of a QML file; its texts are in the translations."""
    for found in re.finditer(r"(?:^[ \t]*//.*\n)+|(?<=[ \t])//.*$", text, flags=re.MULTILINE):
        said = re.sub(r"^[ \t]*//+", "", found.group(0), flags=re.MULTILINE)
        yield Passage(place, text.count("\n", 0, found.start()) + 1, said)


def of_translations(place: str, text: str) -> Iterator[Passage]:
    """Yield the texts of the app, as the translations list them, in both languages."""
    for message in ElementTree.fromstring(text).iter("message"):
        for part in ("source", "translation"):
            yield Passage(place, 1, message.findtext(part) or "")


def passages() -> Iterator[Passage]:
    """Yield all that the rules are for, page by page."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode().split("\0")
    for place in sorted(name for name in listed if name and (ROOT / name).is_file()):
        if place.startswith((HISTORY, *NOT_PROSE)):
            continue
        if place.endswith(".md"):
            yield from of_markdown(place, (ROOT / place).read_text(encoding="utf-8"))
        elif place.endswith(".py") and place.startswith(PACKAGES):
            text = (ROOT / place).read_text(encoding="utf-8")
            yield from of_python(place, text)
            yield from of_comments(place, text)
            if not place.startswith("tests/"):
                yield from of_strings(place, text)
        elif place.endswith(".qml"):
            yield from of_qml(place, (ROOT / place).read_text(encoding="utf-8"))
        elif place.endswith(".ts"):
            yield from of_translations(place, (ROOT / place).read_text(encoding="utf-8"))


def banned() -> re.Pattern[str]:
    """Return what finds each phrase of ``docs/banned.txt``: one a line, ``#`` begins a remark."""
    phrases = [line.split("#")[0].strip() for line in BANNED.read_text(encoding="utf-8").splitlines()]
    return re.compile(r"\b(" + "|".join(re.escape(phrase) for phrase in phrases if phrase) + r")\b", re.IGNORECASE)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Check that what people read is short and plain.")
    parser.add_argument("under", nargs="*", help="files or folders; all of them without")
    parser.add_argument("--worst", type=int, default=0, help="name so many of the longest sentences of each place")
    parser.add_argument("--counts", action="store_true", help="print one line for each place and no sentence")
    args = parser.parse_args(argv)
    pages: dict[str, list[tuple[int, int, str]]] = {}
    faults: dict[str, list[str]] = {}
    never = banned()
    for passage in passages():
        if args.under and not passage.place.startswith(tuple(args.under)):
            continue
        page = pages.setdefault(passage.place, [])
        found = faults.setdefault(passage.place, [])
        for sentence in passage.sentences():
            length = words(sentence)
            page.append((length, passage.line, sentence))
            if length > LONGEST:
                found.append(f"{passage.place}:{passage.line}: {length} words: {sentence}")
            found += [
                f"{passage.place}:{passage.line}: banned: {word}: {sentence}" for word in never.findall(sentence)
            ]
    for place, page in pages.items():
        if place.startswith(GUIDES):
            length = len((ROOT / place).read_text(encoding="utf-8").split())
            if length > LONGEST_GUIDE:
                faults[place].append(f"{place}: {length} words, which nobody reads to the end")
        mean = sum(length for length, _, _ in page) / max(1, len(page))
        if len(page) >= FEW and mean >= AVERAGE:
            faults[place].append(f"{place}: {mean:.1f} words a sentence in the mean")
        if args.counts and faults[place]:
            print(f"{len(faults[place]):5} faults, {len(page):5} sentences, mean {mean:4.1f}: {place}")
        elif not args.counts:
            print(*faults[place], sep="\n", end="\n" if faults[place] else "")
        for length, line, sentence in sorted(page, reverse=True)[: args.worst]:
            print(f"{place}:{line}: {length} words: {sentence}")
    count = sum(map(len, faults.values()))
    print(
        f"prose: {count} faults in {sum(map(len, pages.values()))} sentences of {len(pages)} files", file=sys.stderr
    )
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
