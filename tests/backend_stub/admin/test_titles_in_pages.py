"""The operator's titles in pages, by their names."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

from sqlalchemy import delete

from backend_stub.db.models import Title
from tests.backend_stub.admin.test_running import Console
from tests.kit.rights import START, service


def test_titles_go_on_where_the_last_one_of_a_page_was_deleted(tmp_path: Path) -> None:
    with service(tmp_path) as running:
        console = Console(running, running.account("root", role="admin"))
        with running.context.database.write() as session:
            session.add_all(title(number) for number in range(60))
        first = console.get("/titles").text
        older = re.search(r'<p class="more"><a href="([^"]+)"', first)
        assert older is not None
        last = max(re.findall(r"\brow-(\d+)\b", first))
        with running.context.database.write() as session:
            session.execute(delete(Title).where(Title.id == f"row-{last}"))
        second = set(re.findall(r"\brow-(\d+)\b", console.get("/titles" + unescape(older[1])).text))
        assert second == {f"{number:02}" for number in range(int(last) + 1, 60)}
        assert console.get("/titles?after=nonsense").status_code == 422


def title(number: int) -> Title:
    """Its name has all that an address has a meaning for."""
    words = {"title": f"Q, & = ? # % é row-{number:02}", "synopsis": "", "year": 2000, "duration_s": 1.0}
    return Title(id=f"row-{number:02}", **words, heights=[], variants=[], open_licence=True, published_at=START)
