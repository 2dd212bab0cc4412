"""``docs/protocol.md`` tells of everything that the service has."""

from __future__ import annotations

import re
from pathlib import Path

from tests.kit.api_document import api_document

ROOT = Path(__file__).resolve().parents[2]
PROTOCOL = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")


def test_every_refusal_is_listed() -> None:
    pattern = re.compile(r'(?:ProblemError|_unauthorised|_expired_session)\(\s*(?:\d+,\s*)?"(\w+)"')
    codes = {
        code
        for path in (ROOT / "backend_stub").rglob("*.py")
        for code in pattern.findall(path.read_text(encoding="utf-8"))
    }
    assert len(codes) > 40
    assert sorted(code for code in codes if f"`{code}`" not in PROTOCOL) == []


def test_every_call_is_listed() -> None:
    paths = [path.removeprefix("/api/v1") for path in api_document()["paths"]]
    assert len(paths) > 30
    assert [path for path in paths if not re.search(rf"{re.escape(path)}[`?]", PROTOCOL)] == []


def test_every_method_of_a_call_is_listed_with_it() -> None:
    missing = []
    for path, methods in api_document()["paths"].items():
        short = path.removeprefix("/api/v1")
        text = "\n".join(line for line in PROTOCOL.splitlines() if re.search(rf"{re.escape(short)}[`?]", line))
        missing += [
            f"{method.upper()} {short}" for method in methods if not re.search(rf"\b{method.upper()}\b", text)
        ]
    assert missing == []


def test_every_refusal_stands_with_its_status() -> None:
    rows = {
        row.split("|")[1]: row for row in PROTOCOL.partition("## Refusals")[2].splitlines() if row.startswith("|")
    }
    wrong = []
    for path in (ROOT / "backend_stub").rglob("*.py"):
        for status, code in re.findall(r'ProblemError\(\s*(\d+),\s*"(\w+)"', path.read_text(encoding="utf-8")):
            row = next((row for statuses, row in rows.items() if status in statuses), "")
            wrong += [] if f"`{code}`" in row or code == "injected_fault" else [f"{status} {code} ({path.name})"]
    assert wrong == []


def test_every_member_of_a_viewers_call_is_named() -> None:
    document = api_document()
    schemas, missing = document["components"]["schemas"], []
    for path, methods in document["paths"].items():
        for method, call in {} if "/admin/" in path else methods.items():
            for content in call.get("requestBody", {}).get("content", {}).values():
                name = content["schema"].get("$ref", "").rpartition("/")[2]
                members = schemas.get(name, {}).get("properties", {})
                missing += [f"{method} {path}: {one}" for one in members if not re.search(rf"\b{one}\b", PROTOCOL)]
    assert missing == []
