"""A new password by mail, confirmed addresses, a copy of an account, its end."""

from __future__ import annotations

import email
import json
import re
import ssl
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from sqlalchemy import func, select

from backend_stub.db.models import Account, AuditEntry, Base, KioskReport, LedgerCard, MailCode
from backend_stub.mail import Mail, MailError, SmtpMailer, open_mailer
from backend_stub.payments.local import LocalProvider
from backend_stub.problems import ProblemError
from tests.kit.rights import Caller, Service, refusal, service
from tests.kit.smtp import mail_server

NEW = "correct horse battery"
SECOND = "staple of the second kind"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Service]:
    with service(tmp_path) as made:
        yield made


def mails(bench: Service, to: str) -> list[str]:
    """The codes that were sent to an address, in order."""
    bench.context.mail_codes.send_due()
    found = []
    for path in sorted(bench.context.settings.mail_dir.glob("*.eml")):
        message = email.message_from_bytes(path.read_bytes())
        if message["To"] == to:
            code = re.search(r"^    (\w{4}-\w{4})$", str(message.get_payload()), re.MULTILINE)
            assert code is not None
            found.append(code[1])
    return found


def reset(bench: Service, name: str = "ann", *, code: str | None = None, host: str = "192.0.2.7", **more: str) -> Any:
    body = {"email": f"{name}@matinee.local", "code": code, "new_password": NEW, "device_name": "Desk", **more}
    return bench.client(None, host).post("/auth/password-reset/confirmation", body)


def ask(bench: Service, name: str = "ann", host: str = "192.0.2.7") -> Any:
    return bench.client(None, host).post("/auth/password-reset", {"email": f"{name}@matinee.local"})


def sign_in(bench: Service, password: str, host: str = "192.0.2.9") -> int:
    body = {"email": "ann@matinee.local", "password": password, "device_name": "x"}
    return bench.client(None, host).post("/auth/login", body).status_code


class TestReset:
    def test_a_code_sets_a_new_password_once_and_ends_every_sign_in(self, bench: Service) -> None:
        before = bench.client(bench.account("ann"))
        assert ask(bench).status_code == 204
        (code,) = mails(bench, "ann@matinee.local")
        answer = reset(bench, code=code.lower().replace("-", " "))
        assert answer.status_code == 200, answer.text
        assert refusal(before.get("/account")) == (401, "token_invalid")
        after = Caller(
            bench.app, bench.runner, "192.0.2.1", {"Authorization": f"Bearer {answer.json()['access_token']}"}
        )
        assert after.get("/account").json()["email_verified"] is True
        assert [sign_in(bench, "secret"), sign_in(bench, NEW)] == [401, 200]
        assert refusal(reset(bench, code=code)) == (404, "code_not_found")

    def test_nobody_learns_whether_there_is_an_account(self, bench: Service) -> None:
        bench.account("ann")
        closed = bench.account("closed")
        bench.context.accounts.change(closed, by=None, active=False)
        answers = [ask(bench, name) for name in ("ann", "closed", "nobody")]
        assert len({(one.status_code, one.content) for one in answers}) == 1
        with bench.context.database.read() as session:
            rows = session.scalars(select(MailCode)).all()
        assert len({(row.due_at, row.code_hash, row.sends) for row in rows}) == 1
        assert len(rows) == 3
        assert [len(mails(bench, f"{name}@matinee.local")) for name in ("ann", "closed", "nobody")] == [1, 0, 0]
        wrong = [reset(bench, name, code="BBBB-BBBB") for name in ("ann", "closed", "nobody")]
        assert {refusal(one) for one in wrong} == {(404, "code_not_found")}
        limits = [[ask(bench, name, f"192.0.2.{n}").status_code for n in range(20, 26)] for name in ("ann", "nobody")]
        assert limits[0] == limits[1] == [204] * 4 + [429] * 2

    def test_a_code_is_short_lived_and_few_are_tried(self, bench: Service) -> None:
        bench.account("ann")
        ask(bench)
        (code,) = mails(bench, "ann@matinee.local")
        bench.clock.step(15 * 60 + 1)
        assert refusal(reset(bench, code=code)) == (404, "code_not_found")
        ask(bench)
        code = mails(bench, "ann@matinee.local")[-1]
        for number in range(5):
            wrong = "BBBB-BBBB" if code != "BBBB-BBBB" else "CCCC-CCCC"
            assert refusal(reset(bench, code=wrong, host=f"192.0.2.{number}")) == (404, "code_not_found")
        assert refusal(reset(bench, code=code)) == (404, "code_not_found")
        assert sign_in(bench, "secret") == 200

    def test_asking_again_at_once_keeps_the_code_that_was_sent(self, bench: Service) -> None:
        """Else whoever knows the address could take each code back."""
        bench.account("ann")
        ask(bench)
        (code,) = mails(bench, "ann@matinee.local")
        ask(bench, host="203.0.113.1")
        assert mails(bench, "ann@matinee.local") == [code]
        assert reset(bench, code=code).status_code == 200

    def test_codes_are_for_one_account_and_one_purpose(self, bench: Service) -> None:
        for name in ("ann", "bob"):
            bench.account(name)
        ask(bench, "bob")
        (code,) = mails(bench, "bob@matinee.local")
        assert refusal(reset(bench, "ann", code=code)) == (404, "code_not_found")
        bob = bench.context.accounts.find("bob@matinee.local")
        assert bob is not None
        there = bench.client(bob.id)
        assert refusal(there.post("/auth/email-verification/confirmation", {"code": code})) == (404, "code_not_found")

    def test_nothing_that_is_kept_is_the_code(self, bench: Service) -> None:
        bench.account("ann")
        ask(bench)
        (code,) = mails(bench, "ann@matinee.local")
        with bench.context.database.read() as session:
            row = session.scalars(select(MailCode)).one()
        assert row.code_hash is not None
        assert len(row.code_hash) == 64
        assert code not in str(vars(row))

    def test_a_weak_password_costs_no_code(self, bench: Service) -> None:
        bench.account("ann")
        ask(bench)
        (code,) = mails(bench, "ann@matinee.local")
        assert refusal(reset(bench, code=code, new_password="password1")) == (422, "weak_password")
        assert reset(bench, code=code).status_code == 200


class TestVerification:
    def test_a_new_account_confirms_its_address(self, bench: Service) -> None:
        body = {"email": "new@matinee.local", "password": NEW, "name": "New", "device_name": "Desk"}
        tokens = bench.client(None).post("/auth/register", body).json()
        client = Caller(bench.app, bench.runner, "192.0.2.1", {"Authorization": f"Bearer {tokens['access_token']}"})
        assert client.get("/account").json()["email_verified"] is False
        (code,) = mails(bench, "new@matinee.local")
        wrong = client.post("/auth/email-verification/confirmation", {"code": "x"})
        assert refusal(wrong) == (404, "code_not_found")
        assert client.post("/auth/email-verification/confirmation", {"code": code}).status_code == 204
        assert client.get("/account").json()["email_verified"] is True
        assert client.post("/auth/email-verification", {}).status_code == 204
        assert len(mails(bench, "new@matinee.local")) == 1  # it is confirmed already

    def test_another_code_can_be_asked_for(self, bench: Service) -> None:
        client = bench.client(bench.account("ann"))
        for number in range(2):
            bench.clock.step(61)
            assert client.post("/auth/email-verification", {}).status_code == 204
            assert len(mails(bench, "ann@matinee.local")) == number + 1
        old, new = mails(bench, "ann@matinee.local")
        answers = [client.post("/auth/email-verification/confirmation", {"code": code}) for code in (old, new)]
        assert [one.status_code for one in answers] == [404, 204]


class TestDeletion:
    def test_nothing_of_the_account_is_left(self, bench: Service) -> None:
        ann = bench.account("ann", plan="free")
        device = bench.device(ann)
        card = {"request_id": "r1", "plan": "premium", "card": "4242424242424242"}
        assert device.client.post("/account/subscription", card).status_code == 200
        session_id = device.play().json()["session_id"]
        assert device.beat(session_id).status_code == 200
        with bench.context.database.write() as session:
            session.add(KioskReport(device_id=device.device_id, told_at=1.0, status={}))
        ask(bench)
        assert refusal(device.client.post("/account/deletion", {"password": "wrong"})) == (401, "wrong_credentials")
        assert device.client.post("/account/deletion", {"password": "secret"}).status_code == 204
        assert refusal(device.client.get("/account")) == (401, "token_invalid")
        assert sign_in(bench, "secret") == 401
        with bench.context.database.read() as session:
            for table in Base.metadata.sorted_tables:
                if "account_id" in table.columns and table.name != "audit":
                    held = select(func.count()).select_from(table).where(table.c.account_id == ann)
                    assert session.scalar(held) == 0, table.name
            assert session.scalar(select(func.count()).select_from(Account).where(Account.id == ann)) == 0
            for model in (KioskReport, MailCode, LedgerCard):
                assert session.scalar(select(func.count()).select_from(model)) == 0
            left = session.scalars(select(AuditEntry).where(AuditEntry.account_id == ann)).all()
            assert left[-1].action == "account.deleted"
            assert {(entry.subject, str(entry.detail)) for entry in left} == {("", "{}")}

    def test_its_cards_go_before_nobody_knows_them(self, bench: Service, monkeypatch: pytest.MonkeyPatch) -> None:
        """A deletion that breaks off at a card may be tried again."""
        ann = bench.account("ann", plan="free")
        client = bench.client(ann)
        card = {"request_id": "r1", "plan": "premium", "card": "4242424242424242"}
        assert client.post("/account/subscription", card).status_code == 200
        forget, tries = LocalProvider.forget_card, iter([False, True])

        def once_away(provider: LocalProvider, token: str) -> None:
            if not next(tries):
                raise ProblemError(503, "payment_unavailable", "Not now.")
            forget(provider, token)

        monkeypatch.setattr(LocalProvider, "forget_card", once_away)
        answers = [client.post("/account/deletion", {"password": "secret"}).status_code for _ in range(2)]
        assert answers == [503, 204]
        with bench.context.database.read() as session:
            assert session.scalar(select(func.count()).select_from(LedgerCard)) == 0

    def test_another_account_keeps_the_same_device(self, bench: Service) -> None:
        first = bench.device(bench.account("ann"))
        second = bench.client(bench.account("bob"))
        first.client, there = second, first.client
        assert first.register().status_code == 200
        with bench.context.database.write() as session:
            session.add(KioskReport(device_id=first.device_id, told_at=1.0, status={}))
        assert there.post("/account/deletion", {"password": "secret"}).status_code == 204
        assert [one["device_id"] for one in second.get("/devices").json()["items"]] == [first.device_id]
        with bench.context.database.read() as session:
            assert session.get(KioskReport, first.device_id) is not None

    def test_an_operator_stays(self, bench: Service) -> None:
        root = bench.client(bench.account("root", role="admin"))
        assert refusal(root.post("/account/deletion", {"password": "secret"})) == (409, "operator_account")


class TestExport:
    def test_it_holds_what_is_the_accounts_and_no_secret(self, bench: Service) -> None:
        ann, bob = bench.device(bench.account("ann")), bench.device(bench.account("bob"))
        for device in (ann, bob):
            session_id = device.play().json()["session_id"]
            device.beat(session_id)
            device.client.call("PUT", "/list/film", {"listed": True, "changed_at": 1.0})
        answer = ann.client.get("/account/export")
        assert answer.headers["content-disposition"].startswith("attachment")
        whole = answer.json()
        assert whole["account"].keys() == {
            column.name for column in Account.__table__.columns if column.name != "password_hash"
        }
        assert (whole["account"]["email"], whole["account"]["kiosks"]) == ("ann@matinee.local", False)
        records = whole["records"]
        assert records["devices"][0]["id"] == ann.device_id
        assert len(records["play_sessions"]) == 1
        assert {row["account_id"] for rows in records.values() for row in rows} == {whole["account"]["id"]}
        assert bob.device_id not in answer.text
        names = {name for rows in records.values() for row in rows for name in row}
        assert not [name for name in names if "hash" in name or "card_token" in name]
        assert "argon2" not in answer.text

    def test_a_childs_profile_gets_none(self, bench: Service) -> None:
        """It holds what the others of the household watched and paid."""
        client = bench.client(bench.account("ann"))
        child = client.post("/profiles", {"name": "Kim", "maturity": 6, "pin": None}).json()["id"]
        token = client.post(f"/profiles/{child}/selection", {"pin": None}).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        assert refusal(client.get("/account/export")) == (403, "profile_not_allowed")

    def test_it_is_made_a_few_times_only(self, bench: Service) -> None:
        client = bench.client(bench.account("ann"))
        assert [client.get("/account/export").status_code for _ in range(6)] == [200] * 5 + [429]

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("POST", "/auth/logout-everywhere", {}),
            ("POST", "/auth/device/approval", {"user_code": "ABCDEFGH", "approve": True}),
            ("GET", "/account/payments", None),
            ("POST", "/auth/password", {"password": "x" * 12, "new_password": "unguessable-77-gReat"}),
            ("POST", "/account/deletion", {"password": "x" * 12}),
            ("POST", "/auth/email-verification", {}),
            ("DELETE", "/devices/" + "a" * 43, None),
        ],
    )
    def test_a_childs_profile_takes_no_care_of_the_account(
        self, bench: Service, method: str, path: str, body: object
    ) -> None:
        client = bench.client(bench.account("ann"))
        child = client.post("/profiles", {"name": "Kim", "maturity": 6, "pin": None}).json()["id"]
        token = client.post(f"/profiles/{child}/selection", {"pin": None}).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        assert refusal(client.call(method, path, body)) == (403, "profile_not_allowed")


class TestMailers:
    def test_files_are_for_their_owner_alone(self, tmp_path: Path) -> None:
        open_mailer("", "Matinee <m@x>", tmp_path / "mail").send(Mail("a@b", "Subject", "Text ü"))
        (path,) = (tmp_path / "mail").iterdir()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert json.dumps(email.message_from_bytes(path.read_bytes())["From"]) == '"Matinee <m@x>"'

    def test_over_smtp_with_a_password(self, tmp_path: Path) -> None:
        with mail_server() as server:
            url = f"smtp://me:p%40ss@127.0.0.1:{server.port}"
            open_mailer(url, "Matinee <m@x.example>", tmp_path).send(Mail("a@b.example", "Subject", "Text\n.\nends"))
        assert [(one["To"], one["Subject"]) for one in server.received] == [("a@b.example", "Subject")]
        assert any(word.startswith("AUTH PLAIN") for word in server.words)

    def test_a_certificate_of_nobody_is_not_trusted(self, tmp_path: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert("elsewhere.example").configure_cert(context)
        with mail_server(context) as server, pytest.raises(MailError):
            SmtpMailer(f"smtp://me:secret@127.0.0.1:{server.port}", "m@x").send(Mail("a@b", "S", "T"))
        assert server.received == []
        assert not any(word.startswith("AUTH") for word in server.words)

    def test_an_address_cannot_bring_headers_of_its_own(self, tmp_path: Path) -> None:
        with pytest.raises(MailError):
            open_mailer("", "m@x", tmp_path).send(Mail("a@b\nBcc: c@d", "S", "T"))

    @pytest.mark.parametrize("url", ["http://h", "smtp://", "smtp://h:x"])
    def test_what_is_no_mail_server_is_refused(self, url: str, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match=r"[Mm]ail"):
            open_mailer(url, "m@x", tmp_path)

    def test_what_is_refused_goes_again_with_a_new_code(self, tmp_path: Path) -> None:
        with mail_server() as server, service(tmp_path, mail_url=f"smtp://127.0.0.1:{server.port}") as bench:
            bench.account("ann")
            server.refusing = True
            ask(bench)
            codes = bench.context.mail_codes
            assert [codes.send_due(), codes.send_due()] == [0, 0]  # the second waits
            server.refusing = False
            bench.clock.step(61)
            assert [codes.send_due(), codes.send_due()] == [1, 0]
            found = re.search(r"(\w{4}-\w{4})", server.received[0].get_content())
            assert found is not None
            assert reset(bench, code=found[1]).status_code == 200
