"""``matinee nginx-config`` and the options of ``matinee serve`` that say where edges stand."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from ui.cli.main import main
from ui.cli.options import countries


def test_it_writes_the_configuration_and_says_how_to_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["nginx-config", "--data", str(tmp_path), "--listen", "127.0.0.1:9999", "--name", "edge-x"]) == 0
    place = tmp_path / "nginx" / "nginx.conf"
    assert capsys.readouterr().out == f"nginx -p {place.parent} -c {place}\n"
    text = place.read_text()
    assert "listen 127.0.0.1:9999;" in text
    assert "http://127.0.0.1:8400/api/v1/edge-check" in text
    assert 'X-Edge "edge-x"' in text


def test_what_nginx_would_misread_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nginx-config", "--data", str(tmp_path), "--listen", "1; return 200"]) == 2
    assert "listen" in capsys.readouterr().err
    assert not (tmp_path / "nginx" / "nginx.conf").exists()


def test_countries_are_two_letters_each() -> None:
    assert countries("de, AT") == ("DE", "AT")
    for wrong in ("Germany", "d", "d1"):
        with pytest.raises(argparse.ArgumentTypeError):
            countries(wrong)
