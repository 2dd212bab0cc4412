"""``docs/settings.md`` and ``docs/metrics.md`` out of the program.

Run ``python packaging/reference_pages.py`` to write both. A test says when one is not today's
(``tests/packaging/test_installed_files.py``).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("player", "abr", "drm_client", "downloads", "ui", "backend_stub")
_HOW = "Made from the program by `python packaging/reference_pages.py`."
_MOST_CHOICES = 20

OTHERS: Mapping[str, tuple[str, str]] = {
    "service_url": ("", "The service that was chosen, where the program was started without one."),
    "audio_device": ("", "libmpv's name of the output device that the player's menu chose; empty for the default."),
}
"""Members that stand on no page of settings: name and meaning."""
UNLISTED = frozenset({*OTHERS, "download_folder"})
"""Members whose values depend on the machine."""
CLIENT: Mapping[str, str] = {
    "MATINEE_SERVICE": "address of the service; `--service` of most commands",
    "MATINEE_PASSWORD": "password of the account, for commands that sign in",
    "MATINEE_PLAIN_HTTP": "host of a service that is reached without TLS; `--plain-http`",
    "MATINEE_DOWNLOADS": "folder of the downloads; `--folder` of `matinee download`",
    "MATINEE_PASSPHRASE": "passphrase of the file that has the device key",
    "MATINEE_PASSPHRASE_FILE": "file with that passphrase",
    "MATINEE_NEW_PASSPHRASE": "the passphrase that `matinee passphrase` sets",
    "MATINEE_VIDEO": "`software` or `opengl`: how the window draws video",
    "MATINEE_KIOSK_DATE": "the date that one process of a kiosk hands to the next; nobody sets it",
    "MATINEE_KIOSK_CLOCK_OFFSET": "file with the seconds by which `matinee selftest` moves a kiosk's clock",
    "MATINEE_CHROMIUM": "the Chromium that runs browser players",
    "MATINEE_PLAYERS": "folder of the browser players of npm",
    "MATINEE_FFMPEG": "the FFmpeg with VMAF that judges pictures",
}
"""Variables of the client's programs."""
SERVICE: Mapping[str, str] = {
    "MATINEE_DATABASE_URL": "SQLAlchemy URL of the database; without it an SQLite file in the data folder",
    "MATINEE_WAKE_URL": "Redis or PostgreSQL that wakes encoding workers; without it a file in the data folder",
    "MATINEE_STORE_URL": "`s3://BUCKET/PREFIX` for the files of jobs; without it the staging folder",
    "MATINEE_SHARED_URL": "Redis in which several API processes count together; without it each counts its own",
    "MATINEE_PUBLIC_URL": "how clients reach the API",
    "MATINEE_TRUSTED_PROXIES": "networks of proxies that may say where a call comes from, with spaces between",
    "MATINEE_BIND_NETWORK": "`1`: addresses of a play session work in the network alone that asked for them",
    "MATINEE_NETWORK_TRIES": "wrong passwords that a network address has in 15 minutes; 100 without it",
    "MATINEE_MAIL_URL": "`smtp://` or `smtps://` server; without it mail goes into a folder",
    "MATINEE_MAIL_FROM": "sender of mail",
    "MATINEE_MASTER_KEY": "key that encrypts content keys and secrets in the database",
    "MATINEE_OLD_MASTER_KEYS": "keys before it, while they are replaced",
    "MATINEE_EDGE_TOKEN": "token of an edge on another machine",
}
"""Variables of the service's programs."""


def variables() -> set[str]:
    """The variables that the sources of the packages name, but those of tests."""
    found: set[str] = set()
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            found |= set(re.findall(r"\bMATINEE_[A-Z_]*[A-Z]\b", path.read_text(encoding="utf-8")))
    return {name for name in found if not name.startswith("MATINEE_TEST")}


def settings_page() -> str:
    """Return the page of the app's preferences and of environment variables."""
    sys.path.insert(0, str(ROOT))
    from ui.app.profile.preferences import Preferences
    from ui.app.viewmodels.setting_choices import choices_of, words_of

    rows = []
    for field in fields(Preferences):
        name, meaning = OTHERS.get(field.name) or words_of(field.name)
        listed = [] if field.name in UNLISTED else choices_of(field.name)
        choices = [value for value, _words in listed][:_MOST_CHOICES]
        values = ", ".join(f"`{json.dumps(value)}`" for value in choices)
        rows.append((f"`{field.name}`", name, meaning, f"`{json.dumps(field.default)}`", values))
    return "\n".join(
        [
            "# Settings",
            "",
            _HOW,
            "",
            "## The app",
            "",
            "The app keeps what the viewer chose in `settings.json` of its profile.",
            "",
            *_table(("member", "on the page", "what it does", "default", "values"), rows),
            "",
            "## Environment of the client",
            "",
            *_table(("variable", "what it is"), ((f"`{name}`", what) for name, what in CLIENT.items())),
            "",
            "## Environment of the service",
            "",
            *_table(("variable", "what it is"), ((f"`{name}`", what) for name, what in SERVICE.items())),
            "",
        ]
    )


def metrics_page() -> str:
    """Return the page of what ``/metrics`` says."""
    sys.path.insert(0, str(ROOT))
    from backend_stub.metrics import COUNTERS, GAUGES

    known = [*COUNTERS.items(), *GAUGES.items()]
    rows = ((f"`{name}`", ", ".join(f"`{label}`" for label in one.labels), one.help) for name, one in known)
    return "\n".join(
        [
            "# Metrics",
            "",
            _HOW,
            "`GET /metrics` is for operators, in the text format of Prometheus.",
            "",
            *_table(("metric", "labels", "what it is"), rows),
            "",
        ]
    )


def pages() -> dict[str, str]:
    """Return each page by its name in ``docs``."""
    return {"settings.md": settings_page(), "metrics.md": metrics_page()}


def _table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(heading)} |", "|" + "---|" * len(heading)]
    return [*lines, *(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows)]


if __name__ == "__main__":
    for name, text in pages().items():
        (ROOT / "docs" / name).write_text(text, encoding="utf-8")
