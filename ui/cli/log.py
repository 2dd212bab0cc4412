"""The log as lines for people, or as JSON for machines. Addresses and credentials are hidden here, too."""

from __future__ import annotations

import datetime
import json
import logging
import sys

from player.net.redact import redact_text

_TALKATIVE = ("httpcore", "hpack")  # at debug level they log headers: signed addresses, tokens


class Lines(logging.Formatter):
    """A line for people, and the traceback where there is one: ``LEVEL logger: message``."""

    def __init__(self) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        return redact_text(super().format(record))


class JsonLines(logging.Formatter):
    """One JSON object on each line: ``time`` (ISO 8601, UTC), ``level``, ``logger``, ``message``."""

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
        line = {
            "time": when.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact_text(record.getMessage()),
        }
        if record.exc_info:
            line["exception"] = redact_text(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def start_log(level: str, *, as_json: bool) -> None:
    """Log on stderr from now on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if as_json else Lines())
    logging.basicConfig(level=level.upper(), handlers=[handler])
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.INFO)
