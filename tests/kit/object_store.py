"""moto's S3 interface that keeps what it acknowledged over ``kill -9``: each object is a file of a folder as well.

``python -m tests.kit.object_store PORT BUCKET FOLDER`` serves on 127.0.0.1.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import s3_backends
from moto.server import MotoRequestHandler
from werkzeug.serving import run_simple


class KeptObjects:
    """The application; what changes an object is answered once its file has changed too."""

    def __init__(self, bucket: str, folder: Path) -> None:
        self._app: Any = DomainDispatcherApplication(create_backend_app)
        self._objects: Any = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
        self._bucket, self._folder = bucket, folder
        self._lock = threading.Lock()
        self._objects.create_bucket(bucket, "us-east-1")
        for file in folder.glob("*"):
            self._objects.put_object(bucket, unquote(file.name), file.read_bytes())

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in {"PUT", "POST", "DELETE"}:
            answer: Iterable[bytes] = self._app(environ, start_response)
            return answer
        with self._lock:
            body = b"".join(self._app(environ, start_response))
            self._keep(environ["PATH_INFO"].removeprefix(f"/{self._bucket}").lstrip("/"))
        return [body]

    def _keep(self, changed: str) -> None:
        there = self._objects.get_bucket(self._bucket).keys
        for file in self._folder.glob("*"):
            if unquote(file.name) not in there:
                file.unlink()
        if changed in there:
            draft = self._folder.with_name("draft")
            draft.write_bytes(there[changed].value)
            draft.replace(self._folder / quote(changed, safe=""))


def main(port: str, bucket: str, folder: str) -> None:
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    run_simple("127.0.0.1", int(port), KeptObjects(bucket, place), threaded=True, request_handler=MotoRequestHandler)


if __name__ == "__main__":
    main(*sys.argv[1:])
