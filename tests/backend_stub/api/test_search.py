"""Search as a viewer meets it, and the index below."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sqlalchemy import delete, text, update

from backend_stub.db.models import CatalogueState, Title
from backend_stub.services import search_index
from backend_stub.services.editing import Words
from backend_stub.services.entitlement import ContractTerms
from backend_stub.services.search_index import SearchDocument, SearchIndex
from backend_stub.services.vocabulary import Near, Vocabulary
from backend_stub.titles import RECORDING, TRAILER
from tests.kit.rights import START, Caller, Service, refusal, service

FILMS = {
    "the-great-escape": ("The Great Escape", "Prisoners dig a tunnel.", 1963),
    "escape-room": ("Escape Room", "Six strangers and a great puzzle.", 2019),
    "amelie": ("Amélie", "A shy waitress in Paris.", 2001),
    "paris-texas": ("Paris, Texas", "A man walks out of the desert.", 1984),
    "desert-song": ("Song of the Desert", "Singers travel.", 1998),
}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Service]:
    with service(tmp_path) as made:
        with made.context.database.write() as session:
            for number, (title_id, (title, synopsis, year)) in enumerate(FILMS.items()):
                session.add(film(title_id, title, synopsis, year, START + number))
        yield made


@pytest.fixture
def viewer(running: Service) -> Caller:
    return running.client(running.account("anna"))


def film(title_id: str, title: str, synopsis: str, year: int, at: float) -> Title:
    return Title(
        id=title_id,
        title=title,
        synopsis=synopsis,
        year=year,
        duration_s=60.0,
        heights=[],
        variants=["clear"],
        open_licence=False,
        published_at=at,
    )


def kim_of(running: Service, viewer: Caller) -> Caller:
    """A profile of a child."""
    child = viewer.post("/profiles", {"name": "Kim", "maturity": 6}).json()
    kim = running.client(None)
    token = viewer.post(f"/profiles/{child['id']}/selection", {}).json()["access_token"]
    kim.headers["Authorization"] = f"Bearer {token}"
    return kim


def hits(viewer: Caller, query: str) -> list[str]:
    answer = viewer.get(f"/search?{query}")
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


def test_words_beginnings_and_accents(viewer: Caller) -> None:
    assert hits(viewer, "q=great") == ["the-great-escape", "escape-room"]  # the title counts for more
    assert hits(viewer, "q=esc gre") == ["the-great-escape", "escape-room"]
    assert hits(viewer, "q=amelie") == hits(viewer, "q=AMÉLIE") == ["amelie"]
    assert hits(viewer, "q=paris") == ["paris-texas", "amelie"]
    assert hits(viewer, "q=zzzzz") == hits(viewer, "q=!!") == []


@pytest.mark.parametrize(
    ("typed", "corrected", "found"),
    [
        ("escpae", "escape", "escape-room"),
        ("the grate escap", "the great escap", "the-great-escape"),
        ("tezas", "texas", "paris-texas"),
        ("dessert song", "desert song", "desert-song"),
    ],
)
def test_slips_of_the_finger(viewer: Caller, typed: str, corrected: str, found: str) -> None:
    answer = viewer.get(f"/search?q={typed}").json()
    assert answer["corrected"] == corrected
    assert found in [item["id"] for item in answer["items"]]


def test_what_a_viewer_may_not_see_corrects_nothing(running: Service, viewer: Caller) -> None:
    """Neither is named in the place of what was typed, nor hides what is further away."""
    with running.context.database.write() as session:
        session.add(film("kites", "Kites", "", 2000, START))
        session.add_all(film(f"spears-{number}", f"Spear{number}", "", 2000, START) for number in range(5))
    for number in range(5):
        running.context.rights.contracts.rate(f"spears-{number}", 16, by=None)
    kim = kim_of(running, viewer)
    asked = "/search?q=knites", "/search?q=spaer", "/search?q=paris spaer"
    assert [viewer.get(query).json()["corrected"] for query in asked] == ["kites", "spear", "paris spear"]
    assert [kim.get(query).json()["corrected"] for query in asked] == ["kites", None, None]
    assert hits(kim, "q=knites") == ["kites"]
    running.context.rights.contracts.rate("spears-1", 6, by=None)
    assert (kim.get(asked[1]).json()["corrected"], hits(kim, "q=spaer")) == ("spear", ["spears-1"])


def test_what_is_right_is_not_corrected(viewer: Caller) -> None:
    assert viewer.get("/search?q=great").json()["corrected"] is None


def test_years_and_pages(viewer: Caller) -> None:
    assert hits(viewer, "q=desert&year_from=1990") == ["desert-song"]
    assert hits(viewer, "q=desert&year_to=1990") == ["paris-texas"]
    first = viewer.get("/search?q=a&limit=2").json()
    second = viewer.get("/search?q=a&limit=2&offset=2").json()
    assert (first["more"], second["more"]) == (True, False)
    ids = [item["id"] for page in (first, second) for item in page["items"]]
    assert len(ids) == len(set(ids)) == 4


def test_only_what_the_viewer_may_see(running: Service, viewer: Caller) -> None:
    running.context.rights.contracts.set("amelie", ContractTerms(countries=frozenset({"FR"})), by=None)
    assert hits(viewer, "q=paris") == ["paris-texas"]
    running.context.rights.contracts.rate("paris-texas", 16, by=None)
    assert hits(kim_of(running, viewer), "q=paris") == []


def test_the_index_follows_the_catalogue(running: Service, viewer: Caller) -> None:
    assert hits(viewer, "q=texas") == ["paris-texas"]
    with running.context.database.write() as session:
        session.get_one(Title, "paris-texas").published_at = None
        session.add(film("texas-two", "Texas Two", "", 2000, START + 100))
    assert hits(viewer, "q=texas") == ["texas-two"]


def test_words_that_are_edited_are_found_at_once(running: Service, viewer: Caller) -> None:
    assert hits(viewer, "q=texas") == ["paris-texas"]
    running.context.titles.editing.change("amelie", Words(title="Texas, Paris"), by=None)
    assert sorted(hits(viewer, "q=texas")) == ["amelie", "paris-texas"]
    assert hits(viewer, "q=waitress") == ["amelie"]


def test_of_a_database_that_was_put_back_all_titles_are_read_again(running: Service, viewer: Caller) -> None:
    assert hits(viewer, "q=texas") == ["paris-texas"]
    with running.context.database.write() as session:
        session.execute(update(Title).where(Title.id == "amelie").values(title="Texas, Paris"))
        session.execute(delete(Title).where(Title.id == "paris-texas"))
        session.execute(update(CatalogueState).values(change=0))
    assert hits(viewer, "q=texas") == ["amelie"]


def test_rows_that_came_or_went_by_themselves_are_counted(running: Service, viewer: Caller) -> None:
    assert hits(viewer, "q=texas") == ["paris-texas"]
    search = running.context.titles.search
    search.keep_in_step()
    before = search._index.ids()
    with running.context.database.write() as session:
        session.execute(delete(Title).where(Title.id == "paris-texas"))
    running.clock.step(60)
    search.keep_in_step()
    assert search._index.ids() == before - {"paris-texas"}


def test_what_is_never_offered_is_not_in_the_index(running: Service, viewer: Caller) -> None:
    """Viewers' recordings would push films out of it, and their words would be offered to others as corrections."""
    index = running.context.titles.search._index
    assert hits(viewer, "q=texas") == ["paris-texas"]
    with running.context.database.write() as session:
        for number, kind in enumerate((RECORDING, TRAILER) * 5):
            one = film(f"own-{number}", "Zyxwvutsr", "", 2000, START + 100)
            one.kind = kind
            session.add(one)
    assert viewer.get("/search?q=zyxwvutss").json()["corrected"] is None
    assert index.count() == len(FILMS) + 1
    index.update([SearchDocument("own-1", "Zyxwvutsr", "", 2000)], (), index.stamp())  # as a version before did
    running.clock.step(10)
    running.context.titles.search.keep_in_step()
    assert index.count() == len(FILMS) + 1


def test_what_an_older_process_renames_is_found(running: Service, viewer: Caller) -> None:
    """It does not number its changes: it says when they were made."""
    for word, published in (("tango", True), ("waltz", True), ("foxtrot", False)):
        with running.context.database.write() as session:
            words = {"word": word, "now": running.clock.now(), "at": START if published else None}
            session.execute(
                text("UPDATE titles SET title = :word, edited_at = :now, published_at = :at WHERE id = 'amelie'"),
                words,
            )
        running.clock.step(10)
        running.context.titles.search.keep_in_step()
        assert hits(viewer, f"q={word}") == (["amelie"] if published else [])
    stamp = running.context.titles.search._index.stamp()
    running.clock.step(10)
    running.context.titles.search.keep_in_step()
    assert running.context.titles.search._index.stamp() == stamp, "it is taken in once"


def test_a_damaged_index_is_made_again(running: Service, viewer: Caller) -> None:
    assert hits(viewer, "q=texas") == ["paris-texas"]
    running.context.titles.search.close()
    path = running.context.settings.data_dir / "search.db"
    path.write_bytes(b"nonsense" * 1000)
    assert hits(viewer, "q=texas") == ["paris-texas"]


@pytest.mark.parametrize("query", ["", "q=", "q=a&limit=0", "q=a&offset=-1", "q=a&other=1", f"q={'a' * 201}"])
def test_queries_that_are_none(viewer: Caller, query: str) -> None:
    assert refusal(viewer.get(f"/search?{query}")) == (422, "invalid_request")


@given(st.text(max_size=60))
def test_any_text_is_answered(text: str) -> None:
    index = SearchIndex(Path(":memory:"))
    index.update([SearchDocument("a", "A Film", "of words", 2000)], [], "1")
    assert index.find(index.understand(text), 5) in ([], ["a"])
    index.close()


def distance(one: str, other: str) -> int:
    """Insertions, deletions, changes and swaps of neighbours, by the textbook."""
    table = {(at, -1): at + 1 for at in range(-1, len(one))} | {(-1, to): to + 1 for to in range(-1, len(other))}
    for at, letter in enumerate(one):
        for to, wanted in enumerate(other):
            ways = [table[at - 1, to] + 1, table[at, to - 1] + 1, table[at - 1, to - 1] + (letter != wanted)]
            if at and to and letter == other[to - 1] and one[at - 1] == wanted:
                ways.append(table[at - 2, to - 2] + 1)
            table[at, to] = min(ways)
    return table[len(one) - 1, len(other) - 1]


@given(st.text("abcd", min_size=3, max_size=7), st.sets(st.text("abcde", min_size=3, max_size=9), min_size=1))
def test_what_is_near_is_found_and_nothing_else(word: str, words: set[str]) -> None:
    found = Vocabulary((one, 1) for one in words).near(word, 1000)
    whole = {one: distance(word, one) for one in words}
    begun = {one: min(distance(word, one[:at]) for at in range(3, len(one) + 1)) for one in words}
    assume(min(begun.values()) > 0)  # else it is no slip
    slips = next((most for most in (1, 2)[: 1 if len(word) <= 4 else 2] if min(begun.values()) <= most), None)
    if slips is None:
        assert found == []
        return
    for near in found:
        assert distance(word, near.text) <= slips
        assert near.begun or near.text in words
        assert not near.begun or any(one.startswith(near.text) for one in words)
    near_words = {one for one in words if begun[one] <= slips}
    assert all(any(one.startswith(near.text) for near in found) for one in near_words)
    first = [whole.get(near.text) == slips for near in found]
    assert first == sorted(first, reverse=True)


def test_a_slip_in_one_of_many_words_is_found(tmp_path: Path) -> None:
    pick = random.Random(3)
    words = sorted({"".join(pick.choices("abdeiklmnorstu", k=pick.randint(6, 10))) for _ in range(3000)})
    index = SearchIndex(tmp_path / "search.db")
    index.update([SearchDocument(str(n), word, "", 2000) for n, word in enumerate(words)], [], "1")
    sample = pick.sample(words, 100)
    found = 0
    for word in sample:
        at = pick.randrange(1, len(word) - 1)
        typed = word[:at] + word[at + 1] + word[at] + word[at + 2 :]  # two letters swapped
        query = index.understand(typed)
        found += any(near.text == word for near in query.words[0])
    index.close()
    assert found >= 95


def test_the_nearest_comes_first_and_then_the_most_frequent() -> None:
    words = [("estate", 9), ("escape", 1), ("escapes", 5), ("escaped", 7)]
    assert Vocabulary(words).near("escpae", 1) == [Near("escape", begun=False)]
    assert Vocabulary(words).near("escpae", 2) == [Near("escape", begun=True)]  # and what begins so
    assert [near.text for near in Vocabulary([("bat", 1), ("cat", 3), ("rat", 2)]).near("xat", 2)] == ["cat", "rat"]
    assert Vocabulary(words).near("esacp", 1) == [Near("escap", begun=True)]
    assert Vocabulary([]).near("film", 3) == Vocabulary([("of", 1)]).near("of", 3) == []


def test_of_very_many_the_newest_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranking takes time for each, and for each that has one of the words."""
    monkeypatch.setattr(search_index, "_MOST_RANKED", 3)
    index = SearchIndex(tmp_path / "search.db")
    documents = [
        SearchDocument(name, "x", "river " * count, 2000) for name, count in zip("abcd", (9, 1, 5, 2), strict=True)
    ]
    index.update(documents[:3], [], "1")
    assert index.find(index.understand("river"), 3) == ["a", "c", "b"]
    index.update(documents[3:], [], "2")
    assert index.find(index.understand("river"), 3) == ["d", "c", "b"]
    index.close()


def test_words_of_titles_are_looked_for_in_titles_alone_while_these_are_enough(tmp_path: Path) -> None:
    index = SearchIndex(tmp_path / "search.db")
    index.update([SearchDocument(f"t{n}", f"The river {n}", "The river again", 2020) for n in range(9)], [], "1")
    query = index.understand("river")
    asked: list[str] = []
    index._open().set_trace_callback(asked.append)
    assert len(index.find(query, 5)) == 5
    assert not any("films" in one for one in asked)
    assert len(index.find(query, 20)) == 9
    assert any("films" in one for one in asked)
    index.close()


def test_an_index_of_an_earlier_version_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "search.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE VIRTUAL TABLE films USING fts5(title, synopsis, id, year, prefix = '2 3')")
    path.chmod(0o600)
    index = SearchIndex(path)
    index.update([SearchDocument("a", "Garden", "", 2000)], [], "1")
    assert index.find(index.understand("garde"), 5) == ["a"]
    assert path.stat().st_mode & 0o777 == 0o600
    index.close()


def test_titles_that_change_change_what_may_be_meant(tmp_path: Path) -> None:
    index = SearchIndex(tmp_path / "search.db")
    index.update([SearchDocument("a", "Escape", "", 2000)], [], "1")
    assert index.understand("escpae").corrected == "escape"
    index.update([SearchDocument("b", "Landscape", "", 2000)], ["a"], "2")
    assert index.understand("escpae").corrected is None
    assert index.find(index.understand("lnadscape"), 5) == ["b"]
    index.close()


def test_two_processes_over_one_folder_take_the_same_title_in(tmp_path: Path) -> None:
    """Each has seen that it is not there yet."""
    first, second = SearchIndex(tmp_path / "search.db"), SearchIndex(tmp_path / "search.db")
    with closing(first), closing(second):
        for index in (first, second):
            index.update([SearchDocument("amelie", *FILMS["amelie"])], [], "1")
        assert second.ids() == {"amelie"}
        assert first.find(first.understand("amelie"), 10) == ["amelie"]
