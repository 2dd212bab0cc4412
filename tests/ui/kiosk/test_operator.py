"""The operator's code."""

from __future__ import annotations

import pytest

from ui.kiosk.operator import CodeLock, code_record, is_code, is_code_record


@pytest.mark.parametrize(("text", "good"), [("4711", True), ("123", False), ("1" * 13, False), ("12a4", False)])
def test_codes_are_digits(text: str, *, good: bool) -> None:
    assert is_code(text) is good
    if not good:
        with pytest.raises(ValueError, match="digits"):
            code_record(text)


def test_a_record_opens_with_its_code_alone() -> None:
    record = code_record("4711")
    assert is_code_record(record)
    assert "4711" not in record.split(":")
    assert code_record("4711") != record
    lock = CodeLock(record)
    assert not lock.open("4712", 0.0)
    assert lock.open("4711", 0.0)


def test_five_wrong_codes_lock_it_for_a_minute() -> None:
    lock = CodeLock(code_record("4711"))
    assert not any(lock.open("0000", 10.0) for _ in range(5))
    assert lock.is_locked(69.0)
    assert not lock.open("4711", 69.0)
    assert lock.open("4711", 70.0)


def test_without_a_code_there_is_no_way_in() -> None:
    assert not CodeLock("").open("", 0.0)
    assert not CodeLock("").open("0000", 0.0)
