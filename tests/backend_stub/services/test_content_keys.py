from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from backend_stub.clock import SystemClock
from backend_stub.db.database import Database
from backend_stub.db.migrate import upgrade
from backend_stub.db.models import ContentKey, KeyEnvelope, Title
from backend_stub.master_keys import KEPT_S, MasterKeys
from backend_stub.problems import ProblemError
from backend_stub.services import master_key_rotation
from backend_stub.services.content_keys import KeyVault, PlainKey, open_draft, seal_draft
from backend_stub.services.master_key_rotation import KeyCare
from tests.kit.rights import SettableClock

HD = PlainKey("HD", b"k" * 16, b"s" * 16)
SD = PlainKey("SD", b"l" * 16, b"t" * 16)
KIDS = [HD.kid.hex(), SD.kid.hex()]
NO_ENVIRONMENT: Mapping[str, str] = {}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'x.db'}")
    upgrade(made)
    with made.write() as session:
        for title_id in ("film", "other"):
            session.add(
                Title(
                    id=title_id,
                    title="Film",
                    synopsis="",
                    year=2024,
                    duration_s=1,
                    heights=[],
                    variants=[],
                    open_licence=False,
                )
            )
    yield made
    made.close()


@pytest.fixture
def masters(tmp_path: Path) -> MasterKeys:
    return MasterKeys(tmp_path, NO_ENVIRONMENT)


@pytest.fixture
def stored(database: Database, masters: MasterKeys) -> Database:
    with database.write() as session:
        KeyVault(masters).store(session, "film", [HD, SD])
    return database


def opened(database: Database, masters: MasterKeys, title_id: str = "film") -> list[PlainKey]:
    with database.read() as session:
        return KeyVault(masters).of_title(session, title_id, KIDS)


def test_what_is_stored_opens_again(stored: Database, masters: MasterKeys) -> None:
    assert opened(stored, masters) == [HD, SD]
    with stored.read() as session:
        wrapped = [row.wrapped for row in session.scalars(select(ContentKey))]
        wrapped += [row.wrapped for row in session.scalars(select(KeyEnvelope))]
    assert len(wrapped) == 3
    assert not any(key.key in one for one in wrapped for key in (HD, SD))


@pytest.mark.logs_errors
@pytest.mark.parametrize(("member", "value"), [("label", "SD"), ("kid", "00" * 16), ("wrapped", b"x" * 44)])
def test_a_changed_row_does_not_open(stored: Database, masters: MasterKeys, member: str, value: object) -> None:
    with stored.write() as session:
        setattr(session.get_one(ContentKey, ("film", HD.kid.hex())), member, value)
    with stored.read() as session, pytest.raises(ProblemError) as caught:
        KeyVault(masters).of_title(session, "film", [*KIDS, "00" * 16])
    assert caught.value.code == "key_damaged"


@pytest.mark.logs_errors
def test_neither_a_key_nor_an_envelope_opens_under_another_title(stored: Database, masters: MasterKeys) -> None:
    with stored.write() as session:
        envelope = session.get_one(KeyEnvelope, "film")
        row = session.get_one(ContentKey, ("film", HD.kid.hex()))
        session.add(KeyEnvelope(title_id="other", master_id=envelope.master_id, wrapped=envelope.wrapped))
        session.add(ContentKey(title_id="other", kid=row.kid, label=row.label, wrapped=row.wrapped, scheme=2))
    with pytest.raises(ProblemError):
        opened(stored, masters, "other")


@pytest.mark.logs_errors
def test_every_flipped_byte_is_found(stored: Database, masters: MasterKeys) -> None:
    with stored.read() as session:
        session.expunge(envelope := session.get_one(KeyEnvelope, "film"))
        whole = envelope.wrapped
    for place in range(len(whole)):
        with stored.write() as session:
            changed = bytearray(whole)
            changed[place] ^= 1
            session.get_one(KeyEnvelope, "film").wrapped = bytes(changed)
        with pytest.raises(ProblemError):
            opened(stored, masters)


def test_a_new_master_key_opens_everything_and_old_ones_are_forgotten_later(
    stored: Database, masters: MasterKeys, tmp_path: Path
) -> None:
    first, _ = masters.current
    elsewhere = MasterKeys(tmp_path, NO_ENVIRONMENT)  # another process, started before
    clock = SettableClock()
    care = KeyCare(stored, clock, masters)
    second = care.rotate_master(by=None)
    assert second != first
    with stored.read() as session:
        assert [row.master_id for row in session.scalars(select(KeyEnvelope))] == [second]
    for ring in (masters, elsewhere, MasterKeys(tmp_path, NO_ENVIRONMENT)):
        assert opened(stored, ring) == [HD, SD]
    clock.step(KEPT_S - 1)
    third = care.rotate_master(by=None)
    assert MasterKeys(tmp_path, NO_ENVIRONMENT).get(first) is not None
    clock.step(1)
    care.rotate_master(by=None)
    ring = MasterKeys(tmp_path, NO_ENVIRONMENT)
    assert (ring.get(first), ring.get(second) is None, ring.get(third) is None) == (None, False, False)
    assert opened(stored, ring) == [HD, SD]


def test_a_change_of_many_keys_lets_others_write_meanwhile(
    stored: Database, masters: MasterKeys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(master_key_rotation, "_AT_ONCE", 1)
    with stored.write() as session:
        KeyVault(masters).store(session, "other", [HD])
    changed: list[int] = []

    def note(session: Session, _context: object) -> None:
        changed.append(sum(isinstance(row, KeyEnvelope) for row in session.dirty))

    event.listen(Session, "after_flush", note)
    try:
        KeyCare(stored, SystemClock(), masters).rotate_master(by=None)
    finally:
        event.remove(Session, "after_flush", note)
    assert [number for number in changed if number] == [1, 1]
    for title_id, keys in (("film", [HD, SD]), ("other", [HD])):
        assert opened(stored, MasterKeys(tmp_path, NO_ENVIRONMENT), title_id) == keys


def test_what_was_begun_before_two_changes_opens_after_them(
    stored: Database, masters: MasterKeys, tmp_path: Path
) -> None:
    recorder = KeyVault(MasterKeys(tmp_path, NO_ENVIRONMENT))
    care = KeyCare(stored, SystemClock(), masters)
    with stored.write() as session:
        draft = seal_draft(MasterKeys(tmp_path, NO_ENVIRONMENT), "job", [HD])
    for _ in range(2):
        care.rotate_master(by=None)
    with stored.write() as session:
        recorder.store(session, "other", [HD, SD])
    assert opened(stored, MasterKeys(tmp_path, NO_ENVIRONMENT), "other") == [HD, SD]
    assert open_draft(MasterKeys(tmp_path, NO_ENVIRONMENT), "job", draft) == (HD,)


def test_two_services_on_one_folder_that_change_the_key_in_turn_lose_none(stored: Database, tmp_path: Path) -> None:
    both = [KeyCare(stored, SystemClock(), MasterKeys(tmp_path, NO_ENVIRONMENT)) for _ in range(2)]
    for care in (*both, *both):
        care.rotate_master(by=None)
        assert opened(stored, MasterKeys(tmp_path, NO_ENVIRONMENT)) == [HD, SD]


def test_changes_at_once_come_one_after_the_other(stored: Database, tmp_path: Path) -> None:
    def rotate(_number: int) -> str:
        return KeyCare(stored, SystemClock(), MasterKeys(tmp_path, NO_ENVIRONMENT)).rotate_master(by=None)

    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(rotate, range(16)))
    assert len(made) == 16
    assert opened(stored, MasterKeys(tmp_path, NO_ENVIRONMENT)) == [HD, SD]


def test_keys_of_services_before_envelopes_still_open_and_get_one(database: Database, masters: MasterKeys) -> None:
    _, master = masters.current
    nonce = b"n" * 12
    bound_to = "\n".join(("film", HD.label, HD.kid.hex())).encode()
    with database.write() as session:
        wrapped = nonce + AESGCM(master).encrypt(nonce, HD.key, bound_to)
        session.add(ContentKey(title_id="film", kid=HD.kid.hex(), label=HD.label, wrapped=wrapped))
    assert opened(database, masters) == [HD]
    KeyCare(database, SystemClock(), masters).rotate_master(by=None)
    with database.read() as session:
        assert session.get_one(ContentKey, ("film", HD.kid.hex())).scheme == 2
    assert opened(database, masters) == [HD]


@pytest.mark.logs_errors
def test_the_master_key_may_come_from_the_environment(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    old, new = "11" * 32, "22" * 32
    with database.write() as session:
        KeyVault(MasterKeys(folder, {"MATINEE_MASTER_KEY": old})).store(session, "film", [HD])
    assert list(folder.iterdir()) == []
    changed = MasterKeys(folder, {"MATINEE_MASTER_KEY": new, "MATINEE_OLD_MASTER_KEYS": old})
    KeyCare(database, SystemClock(), changed).rotate_master(by=None)
    alone = MasterKeys(folder, {"MATINEE_MASTER_KEY": new})
    assert opened(database, alone) == [HD]
    assert new not in repr(alone)
    with pytest.raises(ProblemError):
        opened(database, MasterKeys(folder, {"MATINEE_MASTER_KEY": old}))
    with pytest.raises(ValueError, match="hexadecimal"):
        MasterKeys(folder, {"MATINEE_MASTER_KEY": "22"})


def test_sizes_are_checked_and_no_key_shows() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        PlainKey("HD", b"k" * 15, b"s" * 16)
    assert "s" * 16 not in repr(HD)
