"""Schemathesis at a service of its own: every call of the OpenAPI document, as a viewer and as an operator.

``python -m tests.soak.fuzz_api [--seconds S] [--as viewer|operator]`` runs all phases (examples, coverage, fuzzing,
stateful) again and again with new seeds until the time is over. No answer may be 5xx, and none undocumented: a
status, a media type, a header or a body that the document does not name. It ends at the first round with failures.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from tests.kit.backend import publish_noise, running_backend

_CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
_PHASES = "examples,coverage,fuzzing,stateful"
# What ends the caller's own rights, and then tells nothing more; and streams that last for minutes.
_LEFT_OUT = (
    "/api/v1/auth/logout-everywhere",
    "/api/v1/account/deletion",
    "/api/v1/admin/keys/rotation",
    "/api/v1/admin/jobs/{job_id}/events",
)
_PASSWORD = "a password of this run"


def run(seconds: float, role: str, folder: Path) -> list[str]:
    """The failures, as Schemathesis words them."""
    until, failures = time.monotonic() + seconds, []
    with running_backend(folder) as group:
        publish_noise(group.settings)
        httpx.get(f"{group.api_url}/openapi.json", timeout=300, trust_env=False)  # made once; Schemathesis waits 10 s
        accounts = group.context.accounts
        account = accounts.register(
            f"{role}@matinee.local", role, _PASSWORD, role="admin" if role == "operator" else "viewer"
        )
        seed = 1
        while (left := until - time.monotonic()) > 5:
            token = group.context.tokens.issue(account, "fuzz").access_token
            failures += _round(group.api_url, token, seed, left)
            if failures:
                break
            seed += 1
        print(f"as {role}: {seed - bool(failures)} rounds without a failure", flush=True)
    return failures


def _round(url: str, token: str, seed: int, left_s: float) -> list[str]:
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", f"{url}/openapi.json"]
    command += ["--header", f"Authorization: Bearer {token}", "--seed", str(seed), "--phases", _PHASES]
    command += ["--checks", ",".join(_CHECKS), "--max-examples", "20", "--continue-on-failure", "--no-color"]
    command += ["--request-timeout", "30", "--suppress-health-check", "all", "--generation-database", "none"]
    command += ["--max-time", str(max(1, int(left_s)))]
    command += [word for path in _LEFT_OUT for word in ("--exclude-path", path)]
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    try:
        ran = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=left_s + 60
        )
    except subprocess.TimeoutExpired as error:
        text = error.stdout.decode(errors="replace") if isinstance(error.stdout, bytes) else error.stdout or ""
        return _failures(text)
    if ran.returncode not in (0, 1):
        return [f"Schemathesis ended with {ran.returncode}: {ran.stdout[-2000:]}"]
    return _failures(ran.stdout) if ran.returncode else []


def _failures(text: str) -> list[str]:
    found = re.split(r"^=+ FAILURES =+$", text, maxsplit=1, flags=re.MULTILINE)
    return [found[1][:20_000]] if len(found) > 1 else []


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.fuzz_api", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--as", dest="roles", action="append", choices=("viewer", "operator"))
    args = parser.parse_args()
    failures = []
    for role in args.roles or ("viewer", "operator"):
        with tempfile.TemporaryDirectory() as folder:
            failures += run(args.seconds, role, Path(folder))
    print("\n".join(failures) or "nothing was wrong")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
