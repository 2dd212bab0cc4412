"""Part of ``make check``: no code that only tests call. vulture reads the packages, without the tests.

What is called from outside Python is read from the sources: names in QML and in templates, routes, Qt's slots and
properties, columns of the database. What somebody else calls is known by its class: a method that overrides one of a
library, a field of a pydantic model, a column, a member of an enumeration (read by its value). Everything else that
looks unused and is not needs a line in :data:`ALLOWED`, at most thirty.

Exit code 0 when nothing is unused, else 1.
"""

from __future__ import annotations

import enum
import importlib
import re
import sys
from functools import cache
from pathlib import Path

from pydantic import BaseModel
from sqlalchemy.orm import DeclarativeBase
from vulture import Vulture
from vulture.core import Item

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("abr", "drm_client", "player", "downloads", "ui", "backend_stub")
MIGRATIONS = "backend_stub/db/migrations/"  # called by Alembic, by file
CALLED_BY_DECORATOR = ["@router.*", "@scraped.*", "@app.*", "@event.*", "@model_validator", "@Slot", "@Property"]
ALLOWED = {
    "abr/guide.py": ("Guide", "gives_up"),  # for harnesses of others that run a policy (abr/README.md)
    "abr/model.py": ("since_switch", "Estimator"),  # for policies of others
    "abr/simulator/formats.py": ("trace_to_json",),  # writes what the simulator reads
    "abr/simulator/metrics.py": ("change_mbps",),  # written with asdict
    "abr/simulator/session.py": ("idle_s",),  # of the simulator's result
    "backend_stub/connection.py": ("access_log",),  # read by the class of uvicorn's that it sets it for
    "backend_stub/edge/cache.py": ("revalidated",),  # counted by its name
    "backend_stub/service_secrets.py": ("url_signing",),  # made at the first start; read by its own function
    "drm_client/rights.py": ("playback_s",),  # how a licence stands, for whoever shows it
    "backend_stub/encoding/jobs_cli.py": (
        "show_command",
        "follow_command",
        "cancel_command",
        "retry_command",
    ),  # by name
    "downloads/model.py": ("items_done",),  # a field of the index, which is written with asdict
    "player/mpv/player.py": ("recent_log",),  # of failed tests, to be read by people
    "player/reporting/qoe.py": ("mean_bitrate_bps", "segment_bitrate_bps"),  # of the summary, written with asdict
}
MOST_ALLOWED = 30


@cache
def outside_words() -> frozenset[str]:
    """Return every identifier in QML and in the templates of pages."""
    texts = [path for folder in ("ui", "backend_stub") for path in (ROOT / folder).rglob("*")]
    chosen = [path.read_text(encoding="utf-8") for path in texts if path.suffix in (".qml", ".html", ".mako")]
    bound = [
        path.read_text(encoding="utf-8") for path in texts if path.suffix == ".py" and "viewmodels" in path.parts
    ]
    words = re.findall(r"[A-Za-z_]\w+", "\n".join(chosen))
    return frozenset(words) | frozenset(re.findall(r"(?:shown|part)\([^\"\n]*\"(\w+)\"", "\n".join(bound)))


def is_set_on_somebody_else(place: str, line: int) -> bool:
    """Whether the line sets an attribute of another object than ``self``: a library's, whose readers are not ours."""
    text = (ROOT / place).read_text(encoding="utf-8").splitlines()[line - 1].strip()
    return re.match(r"(self|cls)\.\w+\s*[:=]", text) is None


def is_called_from_outside(item: Item) -> bool:
    """Whether something other than our Python calls it, as the sources say."""
    place = item.filename.relative_to(ROOT).as_posix()
    if place.startswith(MIGRATIONS) or item.name in ALLOWED.get(place, ()):
        return True
    if item.name.startswith("__") or (item.typ == "attribute" and is_set_on_somebody_else(place, item.first_lineno)):
        return True
    if place.startswith(("ui/", "backend_stub/admin")) and item.name in outside_words():
        return True
    return any(is_known_by_its_class(owner, item.name) for owner in owners(place, item.first_lineno))


@cache
def classes_of(place: str) -> tuple[type, ...]:
    """Return the classes that a module defines."""
    module = importlib.import_module(place.removesuffix(".py").replace("/", ".").removesuffix(".__init__"))
    return tuple(
        each for each in vars(module).values() if isinstance(each, type) and each.__module__ == module.__name__
    )


def owners(place: str, line: int) -> list[type]:
    """Return the class whose body has this line, by the sources; none outside of a class."""
    text = (ROOT / place).read_text(encoding="utf-8").splitlines()
    for number in range(line - 1, -1, -1):
        if found := re.match(r"class (\w+)", text[number]):
            return [each for each in classes_of(place) if each.__name__ == found[1]]
        if re.match(r"(async )?def |[A-Za-z_]", text[number]):
            return []
    return []


def is_known_by_its_class(owner: type, name: str) -> bool:
    if issubclass(owner, enum.Enum | BaseModel | DeclarativeBase):
        return True
    foreign = [base for base in owner.__mro__[1:] if base.__module__.partition(".")[0] not in PACKAGES]
    return any(name in vars(base) for base in foreign)


def unused() -> list[Item]:
    """Return what nothing calls, by file and line."""
    reader = Vulture(ignore_decorators=CALLED_BY_DECORATOR)
    reader.scavenge([str(ROOT / package) for package in PACKAGES])
    found = reader.get_unused_code(min_confidence=60)
    return [item for item in found if not is_called_from_outside(item)]


def main() -> int:
    left = unused()
    for item in left:
        place = item.filename.relative_to(ROOT)
        print(f"{place}:{item.first_lineno}: nothing but tests uses the {item.typ} {item.name}")
    allowed = sum(len(names) for names in ALLOWED.values())
    if allowed > MOST_ALLOWED:
        print(f"{allowed} names are allowed, {MOST_ALLOWED} at most")
    return 1 if left or allowed > MOST_ALLOWED else 0


if __name__ == "__main__":
    sys.exit(main())
