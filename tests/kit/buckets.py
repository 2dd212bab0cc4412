"""A bucket by the S3 interface, served by moto in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import Request, urlopen

import pytest

BUCKET = "films"


@contextmanager
def s3_bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an empty bucket; the environment says how to reach it, also to processes begun meanwhile."""
    from moto.server import ThreadedMotoServer  # not where tests are only read

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        # The fake serves whoever asks.
        told = {"ENDPOINT": endpoint, "ALLOW_HTTP": "true", "REGION": "us-east-1"}
        told |= {"ACCESS_KEY_ID": "anybody", "SECRET_ACCESS_KEY": "anything"}
        for name, value in told.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        urlopen(Request(f"{endpoint}/{BUCKET}", method="PUT"), timeout=60).close()
        yield f"s3://{BUCKET}/studio"
    finally:
        server.stop()
