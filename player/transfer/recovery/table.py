"""The error matrix as a page for people: ``docs/error-matrix.md``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from player.net.model import RequestKind
from player.transfer.recovery.matrix import MATRIX, TROUBLE_BY_CODE, MatrixRow
from player.transfer.recovery.model import Action, Trouble
from player.transfer.recovery.steps import FIRST_DELAY_S, LONGEST_DELAY_S, LONGEST_RETRY_AFTER_S

_SEEN_AS: Mapping[Trouble, str] = {
    Trouble.DNS: "name not found",
    Trouble.UNREACHABLE: "no route to the host",
    Trouble.REFUSED: "connection refused",
    Trouble.TLS: "no secure connection",
    Trouble.TIMEOUT: "no first byte in time",
    Trouble.STALLED: "silence in mid-body",
    Trouble.TRICKLE: "a body that trickles",
    Trouble.CUT: "connection cut",
    Trouble.SLOW: "slower than real time",
    Trouble.DENIED: "401, 403: signature or token expired",
    Trouble.NOT_FOUND: "404",
    Trouble.GONE: "410",
    Trouble.RANGE: "416",
    Trouble.RATE_LIMITED: "429",
    Trouble.SERVER: "5xx",
    Trouble.LENGTH: "wrong length",
    Trouble.PROTOCOL: "no proper HTTP answer",
    Trouble.CORRUPT: "corrupt box or document",
    Trouble.NO_KEY: "no key, or no longer",
    Trouble.UNDECRYPTABLE: "decryption gives no sense",
    Trouble.UNDECODABLE: "decoder error",
    Trouble.CLOCK_SKEW: "refused while this clock is wrong",
    Trouble.DISK_FULL: "disk full",
    Trouble.UNSAFE: "forbidden address",
    Trouble.FINAL: "anything else",
}
_NAMED: Mapping[Action, str] = {
    Action.OTHER_PATH: "other CDN",
    Action.OTHER_RUNG: "other rung",
    Action.REFRESH_SESSION: "refresh address or token",
    Action.REFRESH_LICENCE: "refresh licence",
    Action.SKIP: "go on without",
    Action.FAIL: "fail",
}
_PREFACE = f"""# Error matrix

Made of the table in `player.transfer.recovery` by `python -m player.transfer.recovery`; a test compares the two.

Each row names what is tried after a failure, in this order; the first that the situation still allows is taken, and
the last stands when nothing is left. The situation: CDNs, rungs and refreshes left, rounds so far, time since the
first failure, media in hand. Another CDN or rung counts as left until it has been tried; each retry makes all CDNs
worth trying again.

Retries wait {FIRST_DELAY_S:g} s, twice as long each time, at most {LONGEST_DELAY_S:g} s, with a jitter of half of
that. They wait less while the buffer runs dry, and at least as long as `Retry-After` asks for. A `Retry-After`
of more than {LONGEST_RETRY_AFTER_S:g} s is not waited for. \
With little media in hand another rung is taken before a second retry.
Waiting for the network pauses loading and ends by itself; for what a live programme adds there is a look a second.
Before anything has worked it is not done, and a paused viewer and a download wait as long as it takes. A download
leaves no gaps: it fails where playback goes on without a segment.

Decryption is known to give no sense where the data says so: a padding, a tag, a box or a frame that cannot be. A
segment that is encrypted as a whole is then fetched again with its key. Single samples carry no such sign: with a
wrong key it is the decoder that fails.
"""


def markdown() -> str:
    """The whole page."""
    return "\n".join([_PREFACE, *_kinds(), *_codes()])


def _kinds() -> Iterator[str]:
    by_rows: dict[tuple[MatrixRow, ...], list[RequestKind]] = {}
    for kind, row_of in MATRIX.items():
        by_rows.setdefault(tuple(row_of[trouble] for trouble in Trouble), []).append(kind)
    for rows, kinds in by_rows.items():
        yield f"## {', '.join(kinds)}\n"
        yield "| failure | what is done, in order |\n|---|---|"
        for answer, troubles in _alike(rows):
            yield f"| {'; '.join(_SEEN_AS[trouble] for trouble in troubles)} | {answer} |"
        yield ""


def _alike(rows: Sequence[MatrixRow]) -> list[tuple[str, list[Trouble]]]:
    found: dict[str, list[Trouble]] = {}
    for trouble, row in zip(Trouble, rows, strict=True):
        found.setdefault(_in_words(row), []).append(trouble)
    return list(found.items())


def _in_words(row: MatrixRow) -> str:
    words = []
    for action in row.tries:
        if action is Action.RETRY:
            words.append("retry once" if row.rounds == 1 else f"retry {row.rounds} times")
        elif action is Action.WAIT_FOR_NETWORK:
            words.append(f"wait for the network, {row.patience_s:g} s")
        else:
            words.append(_NAMED[action])
    return ", ".join([*words, _NAMED[row.last]])


def _codes() -> Iterator[str]:
    yield "## Which error is which failure\n"
    yield "| failure | error codes |\n|---|---|"
    for trouble in Trouble:
        codes = [f"`{code}`" for code, sort in TROUBLE_BY_CODE.items() if sort is trouble]
        yield f"| {_SEEN_AS[trouble]} | {', '.join(codes) or 'all others'} |"
    yield ""
