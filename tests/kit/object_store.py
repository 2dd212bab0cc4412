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
from xml.etree import ElementTree

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.server import MotoRequestHandler
from werkzeug.serving import run_simple
from werkzeug.test import Client

_KEY = ".//{http://s3.amazonaws.com/doc/2006-03-01/}Key"


class KeptObjects:
    """The application; what changes an object is answered once its file has changed too."""

    def __init__(self, bucket: str, folder: Path) -> None:
        self._app = DomainDispatcherApplication(create_backend_app)
        self._inside = Client(self._app)
        self._bucket, self._folder = bucket, folder
        self._lock = threading.Lock()
        self._inside.put(f"/{bucket}").close()
        for file in folder.glob("*"):
            self._inside.put(f"/{bucket}/{quote(unquote(file.name))}", data=file.read_bytes()).close()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in {"PUT", "POST", "DELETE"}:
            answer: Iterable[bytes] = self._app(environ, start_response)
            return answer
        with self._lock:
            body = b"".join(self._app(environ, start_response))
            self._keep(environ["PATH_INFO"].removeprefix(f"/{self._bucket}").lstrip("/"))
        return [body]

    def _keep(self, changed: str) -> None:
        with self._inside.get(f"/{self._bucket}?list-type=2") as listing:
            there = {quote(str(one.text), safe="") for one in ElementTree.fromstring(listing.data).iterfind(_KEY)}
        for file in self._folder.glob("*"):
            if file.name not in there:
                file.unlink()
        if (name := quote(changed, safe="")) in there:
            draft = self._folder.with_name("draft")
            with self._inside.get(f"/{self._bucket}/{quote(changed)}") as answer:
                draft.write_bytes(answer.data)
            draft.replace(self._folder / name)


def main(port: str, bucket: str, folder: str) -> None:
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    run_simple("127.0.0.1", int(port), KeptObjects(bucket, place), threaded=True, request_handler=MotoRequestHandler)


if __name__ == "__main__":
    main(*sys.argv[1:])
