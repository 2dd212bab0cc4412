"""What the repository promises and no other tool checks: sizes, links, READMEs, one version, no machine of ours."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

from backend_stub.api import VERSION as SERVICE_VERSION
from tests.faults.model import all_faults, chosen_faults, faults_by_area
from ui.cli.main import COMMANDS, VERSION, main

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("abr", "drm_client", "player", "downloads", "ui", "backend_stub")
# Put together from halves, so that this file does not contain them itself.
OF_ONE_MACHINE = [first + second for first, second in (("/wo", "rk/"), ("/ro", "ot/"), ("/home/", "[a-z]"))]
REGISTRY_HOSTS = [
    name + r"\.org" for name in ("py" + "pi", "python" + "hosted", "deb" + r"ian", "registry.npm" + "js")
]
UNFINISHED = [r"\bTO" + r"DO\b", r"\bFIX" + r"ME\b", r"\bXX" + r"X\b"]
FORBIDDEN = re.compile("|".join(OF_ONE_MACHINE + REGISTRY_HOSTS + UNFINISHED))
NOT_OURS = ("LICENSE", "requirements.lock")


@cache
def committed() -> list[Path]:
    """The files of the repository that are there, as git knows them (new ones included, ignored ones not)."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def texts(*suffixes: str) -> dict[str, str]:
    """The text files with one of these suffixes, or all, by their place in the repository."""
    found = {}
    for path in committed():
        if suffixes and path.suffix not in suffixes:
            continue
        try:
            found[path.relative_to(ROOT).as_posix()] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            assert not suffixes, f"{path} is not UTF-8"
    return found


def project() -> dict[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_top_level_package_says_what_it_is() -> None:
    for name in (*PACKAGES, "packaging", "tests"):
        readme = ROOT / name / "README.md"
        assert readme.is_file(), f"{name} has no README"
        assert readme.read_text(encoding="utf-8").startswith(f"# {name}")


def test_packaging_does_not_hide_the_package_of_that_name() -> None:
    assert not (ROOT / "packaging" / "__init__.py").exists()
    import packaging.requirements

    assert not Path(packaging.requirements.__file__).is_relative_to(ROOT / "packaging")


def test_links_between_documents_lead_somewhere() -> None:
    documents = texts(".md")
    assert "README.md" in documents
    broken, seen = [], 0
    for name, text in documents.items():
        for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
            if re.match(r"[a-z]+:", target):
                continue
            seen += 1
            path, _, anchor = unquote(target).partition("#")
            file = (ROOT / name).parent / path if path else ROOT / name
            if not file.exists() or (anchor and anchor not in anchors(file)):
                broken.append(f"{name}: {target}")
    assert seen > 40
    assert broken == []


def test_modules_that_documents_name_exist() -> None:
    pattern = re.compile(rf"`((?:{'|'.join(PACKAGES)})(?:\.[A-Za-z_]\w*)+)")
    named = {(place, name) for place, text in texts(".md").items() for name in pattern.findall(text)}
    assert len(named) > 10
    assert [f"{place}: {name}" for place, name in sorted(named) if not is_in_the_code(name)] == []


def is_in_the_code(name: str) -> bool:
    """Whether a dotted name leads to a module, or to something that the module speaks of."""
    parts, folder = name.split("."), ROOT
    while parts and (folder / parts[0]).is_dir():
        folder /= parts.pop(0)
    if not parts:
        return True
    file = folder / f"{parts.pop(0)}.py"
    if not file.exists():
        return False
    text = file.read_text(encoding="utf-8")
    return all(re.search(rf"\b{part}\b", text) for part in parts)


def anchors(document: Path) -> set[str]:
    """The anchors that a Markdown document's headings give."""
    headings = re.findall(r"^#+ +(.+)$", document.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


def test_tests_make_libmpv_as_the_product_does() -> None:
    """Bare, it starts scripts of its own. Only benchmarks do that: they compare ours with it."""
    bare = re.compile(r"\bmpv\.M" + r"PV\(")
    found = [name for name, text in texts(".py").items() if bare.search(text)]
    assert [name for name in found if not name.startswith("tests/bench/")] == []
    assert found, "the search finds what it is for"


# Where time itself is what is made: a slow link, a moment to be killed at, a restart; or where ``until`` looks again.
SLEEPERS = {
    "tests/e2e/fuzz.py",
    "tests/e2e/test_tracks.py",  # until libmpv draws nothing new
    "tests/e2e/test_closing.py",  # in the middle of something that hangs
    "tests/kit/channel.py",
    "tests/kit/clearkey.py",
    "tests/kit/encoding.py",
    "tests/kit/fileserver.py",
    "tests/kit/kiosk_screen.py",
    "tests/kit/live_shapes.py",
    "tests/kit/lowlatency.py",
    "tests/kit/waiting.py",
    "tests/packaging/xvfb.py",
    "tests/run/part.py",
    "tests/run/plugin.py",
    "tests/suite/test_run.py",
    "tests/backend_stub/encoding/test_pipeline.py",
}


def test_tests_wait_for_what_is_to_happen_and_not_for_a_time() -> None:
    """``tests.kit.waiting.until`` looks until it is so."""
    pause = re.compile(r"^ +(time\.sleep|qtbot\.wait)\((?!10_000)", re.MULTILINE)
    found = {name for name, text in texts(".py").items() if name.startswith("tests/") and pause.search(text)}
    rest = {name for name in found if not name.startswith(("tests/bench/", "tests/soak/", "tests/test_repository"))}
    assert rest <= SLEEPERS


def test_the_version_is_the_same_everywhere() -> None:
    declared = project()["project"]["version"]  # type: ignore[index]
    newest = re.search(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert newest is not None
    assert newest[1] == declared
    assert declared == VERSION == SERVICE_VERSION


def test_nothing_speaks_of_one_machine_or_is_left_unfinished() -> None:
    found = [
        f"{name}:{number}: {line.strip()[:80]}"
        for name, text in texts().items()
        if name not in NOT_OURS
        for number, line in enumerate(text.splitlines(), 1)
        if (hit := FORBIDDEN.search(line)) and not is_part_of_an_address(line, hit)
    ]
    assert found == []


def is_part_of_an_address(line: str, hit: re.Match[str]) -> bool:
    """A path in an example address or a test's playlist is nobody's folder."""
    return hit[0] == OF_ONE_MACHINE[1] and ("example.org" in line or line == f"{hit[0]}c.ts")


def test_the_figures_of_the_readme_are_those_of_the_measurements() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    said = readme.split("## How good is it?")[1].split("##")[0]
    figures = re.findall(r"\d+(?:[.,]\d+)*", said)
    assert len(figures) > 3
    measured = re.findall(r"\d+(?:[.,]\d+)*", (ROOT / "docs" / "measurements.md").read_text(encoding="utf-8"))
    assert set(figures) <= set(measured)


def test_every_dependency_is_explained() -> None:
    declared = project()
    names = requirements(declared["project"]["dependencies"])  # type: ignore[index]
    for extra in declared["project"]["optional-dependencies"].values():  # type: ignore[index]
        names |= requirements(extra)
    names |= requirements(declared["dependency-groups"]["dev"])  # type: ignore[index]
    assert len(names) > 20
    explained = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    rows = [cell for line in explained.splitlines() if line.startswith("|") for cell in line.split("|")[1:2]]
    rows = [cell for cell in rows if "(npm" not in cell]  # no requirement of ours: tests compare with them
    named = {re.sub(r"\[.*", "", name) for cell in rows for name in re.findall(r"`([^`]+)`", cell)}
    assert named == names


def requirements(lines: list[str]) -> set[str]:
    """The names alone."""
    return {re.split(r"[\[<>=~! ;]", line, maxsplit=1)[0] for line in lines}


def test_the_lock_has_every_dependency_with_hashes() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", lock.strip())
    assert len(entries) > 50
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    locked = {re.split(r"[\[=]", entry, maxsplit=1)[0] for entry in entries}
    declared = project()["project"]
    wanted = requirements(declared["dependencies"])  # type: ignore[index]
    for extra in declared["optional-dependencies"].values():  # type: ignore[index]
        wanted |= requirements(extra)
    assert wanted <= locked


def test_the_base_is_enough_for_the_headless_player_and_the_tools() -> None:
    declared = project()
    extras = declared["project"]["optional-dependencies"]  # type: ignore[index]
    beyond = requirements([*extras["app"], *extras["backend"], *declared["dependency-groups"]["dev"]])  # type: ignore[index]
    modules = importlib.metadata.packages_distributions()
    blocked = sorted(name for name, by in modules.items() if {canonical(each) for each in by} & beyond)
    assert {"PySide6", "fastapi", "m3u8", "uvicorn"} <= set(blocked)
    wanted = [command.module for name, command in COMMANDS.items() if name not in ("app", "demo", "serve", "publish")]
    wanted += [
        "player.engine",
        "player.playback.session",
        "player.mpv.player",
        "player.reporting.report",
        "player.media.ts",
    ]
    script = f"""
import importlib, sys
sys.modules.update(dict.fromkeys({blocked!r}))
for name in {wanted!r}:
    importlib.import_module(name)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 0, done.stderr.decode()


def canonical(name: str) -> str:
    """A distribution's name as pyproject.toml writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    assert f"usage: matinee {command}" in capsys.readouterr().out


def test_the_commands_of_the_readme_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    used = {word for word in re.findall(r"matinee ([a-z]+)", readme) if word != "is"}
    assert used
    assert used <= set(COMMANDS)
    targets = set(
        re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    )
    called = set(re.findall(r"(?:^(?:\$ )?|`)make ([a-z]+)", readme, flags=re.MULTILINE))
    assert {"demo", "test"} <= called <= targets


def test_faults_are_chosen_by_their_area_or_by_a_word_of_their_name() -> None:
    areas = faults_by_area()
    assert {fault.name for fault in areas["rooms"]} < {fault.name for fault in chosen_faults(["rooms", "live-"])}
    assert chosen_faults(["no such"]) == []
    assert len(chosen_faults([])) == sum(map(len, areas.values()))


def test_every_fault_names_a_test_that_is_there() -> None:
    faults = all_faults()
    assert len(faults) > 3
    for fault in faults.values():
        place, _, name = fault.test.partition("::")
        assert f"def {name.partition('[')[0].rpartition('::')[2]}(" in (ROOT / place).read_text(encoding="utf-8"), (
            fault
        )
