"""``docs/protocol.md`` tells of everything that the service has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast

from backend_stub.app import create_app
from backend_stub.context import ServiceContext

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
    paths = [path.removeprefix("/api/v1") for path in create_app(cast(ServiceContext, None)).openapi()["paths"]]
    assert len(paths) > 30
    assert [path for path in paths if not re.search(rf"{re.escape(path)}[`?]", PROTOCOL)] == []
