"""``matinee abr``: simulate and compare policies over traces, explain and replay recorded runs."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from abr import registry
from abr.explain import decision_at, explain, recorded_decisions, what_followed
from abr.replay import Replay, replay
from abr.simulator import synthetic
from abr.simulator.compare import OPTIMUM, PolicyStanding, compare
from abr.simulator.compare import run as run_session
from abr.simulator.formats import Ladder, Trace, ladder_from_json, trace_from_json
from abr.simulator.metrics import Score, score
from abr.simulator.plot import session_svg, sessions_html
from abr.simulator.session import Options, SimulatedSession
from player.base.errors import ComponentError, ErrorCode, InputError

GOOD = 0
MAX_FILE_BYTES = 64 * 1024 * 1024
SYNTHETIC_TRACES = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands to ``matinee abr``."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, text in (("simulate", "one session per policy and trace"), ("compare", "rank policies over traces")):
        sub = actions.add_parser(name, help=text, description=f"{text}; without traces, seeded synthetic ones")
        _add_simulation(sub)
        if name == "simulate":
            sub.add_argument(
                "--plot", metavar="FILE", type=Path, help="draw the sessions: .svg or .png (one session) or .html"
            )
        else:
            sub.add_argument(
                "--no-gain", action="store_true", help="leave out the clairvoyant optimum, which is slow"
            )
    text = "say why a recorded run fetched what it fetched"
    telling = actions.add_parser("explain", help=text, description=text)
    telling.add_argument("report", metavar="REPORT", type=Path, help="a report of matinee play --report")
    telling.add_argument("--at", metavar="S", type=float, help="only the decision in force at this second of the run")
    telling.add_argument("--json", action="store_true", help="print one JSON document")
    text = "run another policy over a recorded run's network"
    again = actions.add_parser("replay", help=text, description=text)
    again.add_argument("report", metavar="REPORT", type=Path, help="a report of matinee play --report")
    again.add_argument(
        "--policy",
        default=registry.DEFAULT,
        metavar="P",
        help=f"{', '.join(registry.names())} or {OPTIMUM}; with options as fixed:rung=2",
    )
    again.add_argument("--json", action="store_true", help="print one JSON document")


def _add_simulation(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--trace", metavar="F", nargs="+", type=Path, action="extend", default=[], help="trace files")
    parser.add_argument("--traces", metavar="DIR", type=Path, help="all .json trace files of a folder")
    parser.add_argument("--ladder", metavar="F", type=Path, help="ladder file")
    parser.add_argument(
        "--policy",
        metavar="P",
        action="append",
        help=f"{', '.join(registry.names())} or {OPTIMUM}; with options as fixed:rung=2 (may be repeated)",
    )
    parser.add_argument("--buffer", metavar="S", type=float, default=30.0, help="seconds of buffer (default 30)")
    parser.add_argument(
        "--replace",
        action="store_true",
        help="fetch buffered segments of low rungs again where the link carries more",
    )
    parser.add_argument(
        "--as-player",
        action="store_true",
        help="with what the player does around every policy, such as lower rungs while hardly anything is buffered",
    )
    parser.add_argument("--limit", metavar="N", type=int, help="use at most N of the traces")
    parser.add_argument("--seed", type=int, default=1, help="of the synthetic traces and the intervals")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Run ``matinee abr``. Bad input raises InputError."""
    actions = {"simulate": _simulate, "compare": _compare, "explain": _explain, "replay": _replay}
    try:
        return actions[args.action](args)
    except ValueError as error:
        sentence = str(error)
        raise InputError(ErrorCode.INPUT_USAGE, f"{sentence[:1].upper()}{sentence[1:]}.") from error


def _simulate(args: argparse.Namespace) -> int:
    ladder, traces, options = _inputs(args)
    rows: list[tuple[SimulatedSession, Score, Trace]] = []
    for name in args.policy or [registry.DEFAULT]:
        for trace in traces:
            session = replace(run_session(name, ladder, trace, options), policy=name)  # with its options
            rows.append((session, score(session, ladder), trace))
    if args.plot is not None:
        _plot(args.plot, ladder, rows)
    if args.json:
        _print_json([_session_dict(session, each) for session, each, _ in rows])
    else:
        lines = [[*_session_row(session, each), *_replaced(args, [each])] for session, each, _ in rows]
        print(_table([*_SIMULATE_HEAD, *_replaced_head(args)], lines))
    return GOOD


def _plot(path: Path, ladder: Ladder, rows: Sequence[tuple[SimulatedSession, Score, Trace]]) -> None:
    if path.suffix not in {".svg", ".png", ".html"}:
        raise ValueError("--plot writes .svg, .png or .html")
    drawings = [session_svg(session, ladder, trace) for session, _, trace in rows]
    if path.suffix in {".svg", ".png"} and len(drawings) != 1:
        raise ValueError(f"an {path.suffix} holds one session; name an .html file for several")
    if path.suffix == ".png":
        path.write_bytes(_png(drawings[0]))
    else:
        text = drawings[0] if path.suffix == ".svg" else sessions_html(drawings, "Simulated sessions")
        path.write_text(text, encoding="utf-8")
    print(f"wrote {path}", file=sys.stderr)


def _png(drawing: str) -> bytes:
    try:
        from ui.app.images.drawing import png_of
    except ImportError as error:
        raise ComponentError(ErrorCode.COMPONENT_QT, "A .png is drawn with Qt, which is not installed.") from error
    return png_of(drawing)


def _compare(args: argparse.Namespace) -> int:
    ladder, traces, options = _inputs(args)
    names = args.policy or [name for name in registry.names() if name != "fixed"]
    standings = compare(names, ladder, traces, options, with_gain=not args.no_gain, seed=args.seed)
    if args.json:
        _print_json(
            {"traces": len(traces), "buffer_s": args.buffer, "policies": [_standing_dict(s) for s in standings]}
        )
    else:
        print(f"{len(traces)} traces, {ladder.name}, {args.buffer:g} s of buffer; 95 % intervals in brackets")
        lines = [[*_standing_row(each), *_replaced(args, each.scores)] for each in standings]
        print(_table([*_COMPARE_HEAD, *_replaced_head(args)], lines))
    return GOOD


def _explain(args: argparse.Namespace) -> int:
    if args.at is not None and not math.isfinite(args.at):
        raise ValueError("--at must be a number of seconds")
    report = _load_report(args.report)
    recorded = recorded_decisions(report)
    chosen = recorded if args.at is None else [decision_at(recorded, args.at)]
    texts = [(each, explain(each, what_followed(report, recorded, each))) for each in chosen]
    if args.json:
        _print_json([{"at_s": each.at_s, "position": each.position, "text": text} for each, text in texts])
    else:
        print("\n\n".join(text for _, text in texts))
    return GOOD


def _replay(args: argparse.Namespace) -> int:
    result = replay(_load_report(args.report), args.policy)
    if args.json:
        _print_json(_replay_dict(result))
        return GOOD
    rows = [_replay_row(result, *field) for field in _REPLAY_FIELDS]
    print(_table(["", "as it was", result.recorded_policy, result.other_policy, "difference"], rows))
    print(
        "The policies are simulated on the recorded link, the difference is between them;"
        f" {result.measured:.0%} of its seconds were measured by transfers."
    )
    return GOOD


# --- inputs


def _inputs(args: argparse.Namespace) -> tuple[Ladder, list[Trace], Options]:
    files = [*args.trace, *(sorted(args.traces.glob("*.json")) if args.traces else [])]
    if args.traces and not files:
        raise ValueError(f"there are no .json files in {args.traces}, or it is no folder")
    if args.limit is not None and args.limit < 1:
        raise ValueError("--limit must be at least 1")
    if args.seed < 0:
        raise ValueError("--seed must be at least 0")
    traces = [trace_from_json(_read(path), path.stem) for path in files]
    if not traces:
        traces = synthetic.traces(SYNTHETIC_TRACES, seed=args.seed)
    if args.limit is not None:
        traces = traces[: args.limit]
    ladder = (
        ladder_from_json(_read(args.ladder), args.ladder.stem) if args.ladder else synthetic.ladder(seed=args.seed)
    )
    if not ladder.segment_s * 2 <= args.buffer <= 3600:
        raise ValueError(f"--buffer must be at least two segments ({2 * ladder.segment_s:g} s) and at most 3600 s")
    options = Options(buffer_max_s=args.buffer, as_player=args.as_player, replace_buffered=args.replace)
    return ladder, traces, options


def _read(path: Path) -> str:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise ValueError(f"the file {path} is larger than {MAX_FILE_BYTES // 2**20} MiB")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"the file {path} is not text") from error


def _load_report(path: Path) -> dict[str, Any]:
    """A report, or that of a recorded session."""
    if path.suffix == ".mrec":
        from player.qa.recording.archive import read_recording

        return read_recording(path).report
    try:
        report = json.loads(_read(path))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the file {path} is not a run report: {error}") from error
    if not isinstance(report, dict):
        raise ValueError(f"the file {path} is not a run report")
    return report


# --- outputs

_SIMULATE_HEAD = ["policy", "trace", "QoE", "Mbit/s", "start s", "stalls", "stalled s", "switches/min", "wasted MB"]
_COMPARE_HEAD = ["policy", "QoE", "", "gain %", "", "Mbit/s", "start s", "stalled s", "switches/min", "wasted MB"]
_REPLAY_FIELDS = (
    ("quality of experience", "qoe", 3),
    ("mean Mbit/s", "mbps", 3),
    ("start-up, s", "startup_s", 2),
    ("stalls", "stalls", 0),
    ("stalled, s", "stalled_s", 2),
    ("switches", "switches", 0),
    ("abandoned", "abandoned", 0),
    ("wasted, MB", "wasted_mbytes", 2),
)


def _session_row(session: SimulatedSession, each: Score) -> list[str]:
    return [
        session.policy,
        session.trace,
        f"{each.qoe:.3f}",
        f"{each.mbps:.2f}",
        f"{each.startup_s:.2f}",
        str(each.stalls),
        f"{each.stalled_s:.2f}",
        f"{each.switches_per_min:.1f}",
        f"{each.wasted_mbytes:.1f}",
    ]


def _standing_row(each: PolicyStanding) -> list[str]:
    gain = each.gain
    return [
        each.policy,
        f"{each.qoe[0]:.3f}",
        f"[{each.qoe[1]:.3f}, {each.qoe[2]:.3f}]",
        "-" if gain is None else f"{gain[0]:.1f}",
        "" if gain is None else f"[{gain[1]:.1f}, {gain[2]:.1f}]",
        *(
            f"{each.mean(field):.2f}"
            for field in ("mbps", "startup_s", "stalled_s", "switches_per_min", "wasted_mbytes")
        ),
    ]


def _replaced_head(args: argparse.Namespace) -> list[str]:
    return ["replaced", "wasted by it, MB"] if args.replace else []


def _replaced(args: argparse.Namespace, scores: Sequence[Score]) -> list[str]:
    """What was replaced, on average over sessions."""
    if not args.replace:
        return []
    count = len(scores)
    wasted = sum(each.replacing_wasted_mbytes for each in scores) / count
    return [f"{sum(each.replaced for each in scores) / count:.1f}", f"{wasted:.2f}"]


def _session_dict(session: SimulatedSession, each: Score) -> dict[str, Any]:
    return {
        "policy": session.policy,
        "trace": session.trace,
        "ladder": session.ladder,
        **each.to_dict(),
        "rungs": session.rungs,
        "stall_list": [{"at_s": round(at, 3), "duration_s": round(length, 3)} for at, length in session.stalls],
    }


def _standing_dict(each: PolicyStanding) -> dict[str, Any]:
    fields = (
        *("mbps", "startup_s", "stalled_s", "stalls", "switches_per_min", "wasted_mbytes"),
        *("replaced", "replacing_wasted_mbytes"),
    )
    return {
        "policy": each.policy,
        "qoe": each.qoe[0],
        "qoe_interval": each.qoe[1:],
        "gain": each.gain[0] if each.gain else None,
        "gain_interval": each.gain[1:] if each.gain else None,
        **{field: round(each.mean(field), 4) for field in fields},
    }


def _replay_dict(result: Replay) -> dict[str, Any]:
    return {
        "recorded_policy": result.recorded_policy,
        "other_policy": result.other_policy,
        "actual": None if result.actual is None else result.actual.to_dict(),
        "recorded": result.recorded.to_dict(),
        "other": result.other.to_dict(),
        "measured_share": round(result.measured, 4),
    }


def _replay_row(result: Replay, title: str, field: str, decimals: int) -> list[str]:
    actual = "-" if result.actual is None else f"{getattr(result.actual, field):.{decimals}f}"
    before, after = float(getattr(result.recorded, field)), float(getattr(result.other, field))
    difference = f"{after - before:+.{decimals}f}"
    return [title, actual, f"{before:.{decimals}f}", f"{after:.{decimals}f}", difference]


def _print_json(value: object) -> None:
    print(json.dumps(value, indent=1))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in [head, *rows]]
    return "\n".join("  ".join(line).rstrip() for line in lines)
