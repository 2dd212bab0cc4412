"""docs/errors.md and the code say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from drm_client.errors import DrmError, DrmErrorCode
from player.base.errors import ANY_ERROR, ErrorCode, ExitCode, MatineeError, exit_code, exit_code_of

TABLE = Path(__file__).resolve().parent.parent / "docs" / "errors.md"
ROW = re.compile(r"^\| `([a-z_.]+)` \| (.+?) \| (.+?) \| (\d+) \|$", re.MULTILINE)
CODES = [str(code) for code in (*ErrorCode, *DrmErrorCode)]


def rows() -> dict[str, tuple[str, str, int]]:
    return {
        code: (meaning, remedy, int(number))
        for code, meaning, remedy, number in ROW.findall(TABLE.read_text(encoding="utf-8"))
    }


def test_every_code_is_in_the_table_and_the_table_names_no_other() -> None:
    assert sorted(rows()) == sorted(CODES)


@pytest.mark.parametrize("code", CODES)
def test_the_exit_code_is_the_documented_one(code: str) -> None:
    meaning, remedy, number = rows()[code]
    assert meaning
    assert remedy
    assert int(exit_code_of(code)) == number


def test_both_families_have_one_shape() -> None:
    ours = MatineeError(ErrorCode.NET_DNS, "No such host.", recoverable=True, host="example")
    keys = DrmError(DrmErrorCode.NO_KEY, "No key.", kid="00")
    assert ours.as_dict().keys() == keys.as_dict().keys()
    assert all(isinstance(error, ANY_ERROR) for error in (ours, keys))
    assert exit_code(ours) is ExitCode.NETWORK
    assert exit_code(keys) is ExitCode.FAILED
