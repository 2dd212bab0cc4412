"""A YAML file as plain values that remember their lines. Pure.

Anchors and aliases are refused (a few lines of them can grow into gigabytes), so are tags, and depth and size have
bounds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from player.base.errors import ErrorCode, InputError

MAX_BYTES = 4 * 1024 * 1024
_MAX_DEPTH = 24

# YAML 1.1, as PyYAML reads it, takes a number with an exponent only where it has a point, too.
_EXPONENT = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]{1,4}")

Place = tuple[str | int, ...]
"""Where a value stands: the names and numbers that lead to it."""


@dataclass(frozen=True, slots=True)
class PlanDocument:
    """``value`` is made of dicts, lists, text, numbers, booleans and None; ``lines`` count from 1."""

    value: Any
    name: str = "the plan"
    lines: dict[Place, int] = field(default_factory=dict)

    def line(self, place: Place) -> int | None:
        """The line of a value, or of what it would stand in."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place)

    def error(self, place: Place, sentence: str) -> InputError:
        """An error about a value, with its line and its place."""
        line = self.line(place)
        where = f"{self.name}, line {line}: " if line is not None else f"{self.name}: "
        path = dotted(place)
        return InputError(
            ErrorCode.INPUT_FILE, f"{where}{f'{path}: ' if path else ''}{sentence}", line=line, path=path
        )


def dotted(place: Place) -> str:
    """A place for people: ``networks[0].constant.kbps``."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def load(path: Path) -> PlanDocument:
    """The document in a file. Raises InputError."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(ErrorCode.INPUT_FILE, f"{path.name} is larger than {MAX_BYTES // 2**20} MiB.")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(ErrorCode.INPUT_FILE, f"{path.name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(ErrorCode.INPUT_FILE, f"{path.name} is not text in UTF-8.") from error
    return read(text, path.name)


def read(text: str, name: str = "the plan") -> PlanDocument:
    """The document in a text. Raises InputError with the line where it is not well formed."""
    import yaml  # only plans need it

    document = PlanDocument(None, name)
    try:
        _check_events(yaml.parse(text, Loader=yaml.SafeLoader), name)
        loader = yaml.SafeLoader(text)
        try:
            node = loader.get_single_node()
            value = None if node is None else _plain(loader, node, (), document)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        line = None if error.problem_mark is None else error.problem_mark.line + 1
        raise _at(name, line, f"this is not YAML: {error.problem or error.context}.") from error
    except (yaml.YAMLError, ValueError) as error:
        raise _at(name, None, "this is not YAML.") from error
    return PlanDocument(value, name, document.lines)


def _check_events(events: Iterator[Any], name: str) -> None:
    import yaml

    depth = 0
    for event in events:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _at(name, line, "anchors and aliases are not used in plans.")
        if getattr(event, "tag", None):
            raise _at(name, line, "tags are not used in plans.")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise _at(name, line, "this is nested too deeply.")


def _plain(loader: Any, node: Any, place: Place, document: PlanDocument) -> Any:  # noqa: ANN401  (PyYAML is untyped)
    import yaml

    document.lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(loader, item, (*place, number), document) for number, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key, line = key_node.value, key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise _at(document.name, line, "a name must be plain text.")
            if key in found:
                raise _at(document.name, line, f'"{key}" stands here twice.')
            document.lines[(*place, key)] = line
            found[key] = _plain(loader, value_node, (*place, key), document)
        return found
    value = loader.construct_object(node)
    if isinstance(value, str) and node.style is None and _EXPONENT.fullmatch(value):
        value = float(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise document.error(place, "this is not a number one can use.")
    if value is not None and not isinstance(value, str | int | float | bool):
        return str(node.value)  # dates are text here
    return value


def _at(name: str, line: int | None, sentence: str) -> InputError:
    where = f"{name}: " if line is None else f"{name}, line {line}: "
    return InputError(ErrorCode.INPUT_FILE, f"{where}{sentence}", line=line)
