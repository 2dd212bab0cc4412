"""From an upload in pieces to a title on show, over the API; and what a publisher can do with jobs and versions."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from backend_stub.clock import SystemClock
from backend_stub.encoding.worker import WorkerOptions, run_worker
from backend_stub.jobs.model import NewJob, NewTask
from backend_stub.problems import ProblemError
from backend_stub.server import ServerGroup
from backend_stub.services.content_keys import PlainKey
from backend_stub.services.publishing import PublishedTitle, PublishError, publish
from backend_stub.services.uploads import Uploads, file_name
from tests.kit.backend import KEYS, signed_in_viewer, stage_title
from tests.kit.encoding import tiny_film

CHUNK = "application/offset+octet-stream"


@pytest.fixture(scope="module")
def publisher(group: ServerGroup) -> Iterator[httpx.Client]:
    with signed_in_viewer(group) as viewer:
        account = group.context.accounts.ensure_demo_viewer()
        group.context.accounts.change(account.id, by=None, role="publisher")
        viewer.client.timeout = httpx.Timeout(60)
        yield viewer.client


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def patch(client: httpx.Client, place: str, offset: int, data: bytes, **headers: str) -> httpx.Response:
    sent = {"Tus-Resumable": "1.0.0", "Upload-Offset": str(offset), "Content-Type": CHUNK, **headers}
    return client.patch(place, content=data, headers=sent)


def checksum(data: bytes) -> str:
    return "sha256 " + base64.b64encode(hashlib.sha256(data).digest()).decode()


def upload(client: httpx.Client, data: bytes, name: str) -> str:
    """In two pieces, the second after asking how far the first has come; the id."""
    metadata = "filename " + base64.b64encode(name.encode()).decode()
    made = client.post("/admin/uploads", headers={"Upload-Length": str(len(data)), "Upload-Metadata": metadata})
    assert made.status_code == 201
    place = made.headers["Location"]
    half = len(data) // 2
    assert patch(client, place, 0, data[:half]).headers["Upload-Offset"] == str(half)
    state = client.head(place)
    assert (state.headers["Upload-Offset"], state.headers["Upload-Length"]) == (str(half), str(len(data)))
    sent = patch(client, place, half, data[half:], **{"Upload-Checksum": checksum(data[half:])})
    assert (sent.status_code, sent.headers["Upload-Offset"]) == (204, str(len(data)))
    upload_id: str = made.json()["upload_id"]
    return upload_id


def test_an_upload_becomes_a_title(group: ServerGroup, publisher: httpx.Client, tmp_path: Path) -> None:
    film = tiny_film(tmp_path / "film.mp4", 4).read_bytes()
    assert len(film) > 10_000
    upload_id = upload(publisher, film, "my film.mp4")
    asked = {"upload_id": upload_id, "title": "Uploaded", "encrypted": False, "clear": True, "preset": "ultrafast"}
    job = publisher.post("/admin/jobs", json=asked).json()
    assert (job["state"], job["done"]) == ("waiting", 0.0)
    stop = threading.Event()
    worker = threading.Thread(target=run_worker, args=(group.settings, WorkerOptions(poll_s=0.2), stop))
    worker.start()
    try:
        with publisher.stream("GET", f"/admin/jobs/{job['id']}/events") as events:
            assert events.headers["content-type"].startswith("text/event-stream")
            told = [json.loads(line[6:]) for line in events.iter_lines() if line.startswith("data: ")]
    finally:
        stop.set()
        worker.join()
    assert told[-1]["state"] == "done"
    assert [one["done"] for one in told] == sorted(one["done"] for one in told)
    assert told[-1]["result"]["title_id"] == "uploaded"
    assert publisher.get("/catalog/uploaded").json()["variants"] == ["clear"]
    detail = publisher.get(f"/admin/jobs/{job['id']}").json()
    assert {task["state"] for task in detail["tasks"]} == {"done"}
    assert publisher.get(f"/admin/uploads/{upload_id}").status_code == 404
    (version,) = publisher.get("/admin/titles/uploaded/versions").json()["items"]
    assert (version["version"], version["shown"], version["heights"]) == (1, True, [36])
    (quality,) = version["qualities"]
    assert quality["metric"] in {"vmaf", "ssim"}
    assert 20 < quality["score"] <= 100


def test_what_is_wrong_with_an_upload_is_said_and_nothing_of_it_kept(publisher: httpx.Client) -> None:
    place = publisher.post("/admin/uploads", headers={"Upload-Length": "10"}).headers["Location"]
    good = {"Upload-Checksum": checksum(b"01234")}
    assert patch(publisher, place, 0, b"0123x", **good).status_code == 460
    assert code(patch(publisher, place, 3, b"345")) == (409, "wrong_offset")
    assert code(patch(publisher, place, 0, b"0", **{"Upload-Checksum": "crc32 AAAA"})) == (400, "bad_checksum")
    assert code(patch(publisher, place, 0, b"0", **{"Content-Type": "text/plain"}))[0] == 415
    assert code(patch(publisher, place, 0, b"0", **{"Tus-Resumable": "0.2"})) == (412, "tus_version")
    assert publisher.head(place).headers["Upload-Offset"] == "0"
    assert patch(publisher, place, 0, b"01234", **good).status_code == 204
    assert code(patch(publisher, place, 5, b"567890")) == (413, "too_large")
    assert publisher.head(place).headers["Upload-Offset"] == "5"
    asked = {"upload_id": place.rsplit("/", 1)[1], "title": "Half"}
    assert code(publisher.post("/admin/jobs", json=asked)) == (409, "upload_incomplete")
    assert publisher.delete(place).status_code == 204
    assert publisher.head(place).status_code == 404
    assert "checksum" in publisher.options("/admin/uploads").headers["Tus-Extension"]


def test_one_sends_at_a_time_and_names_are_harmless(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path, SystemClock())
    made = uploads.create(4, "../../etc/passwd")
    assert made.name == "passwd"
    with uploads.appending(made.id, 0, ""), pytest.raises(ProblemError, match="Somebody else"):
        uploads.appending(made.id, 0, "").__enter__()
    assert [file_name(name) for name in ("", "..", "a/b\\c.mp4", ".hidden", "partial")] == [
        "film",
        "film",
        "c.mp4",
        "hidden",
        "film",
    ]
    long = uploads.create(0, "電影" * 200 + ".mp4")
    assert uploads.file(long.id).name.endswith("電影.mp4")


def test_an_upload_whose_beginning_was_not_written_is_none(tmp_path: Path) -> None:
    """The service was killed while it wrote down what an upload is."""
    uploads = Uploads(tmp_path, SystemClock())
    made = uploads.create(4, "film.mp4")
    (tmp_path / made.id / "upload.json").write_text("")
    with pytest.raises(ProblemError, match="no such upload"):
        uploads.get(made.id)


def test_jobs_are_listed_and_steered(group: ServerGroup, publisher: httpx.Client) -> None:
    tasks = [NewTask("look", "probe")]
    job_id = group.context.jobs.submit(NewJob("test", "Steered", "steered", {}, host="nowhere"), tasks)
    assert publisher.put(f"/admin/jobs/{job_id}/priority", json={"priority": 5}).json()["priority"] == 5
    claim = group.context.jobs.claim("somebody", host="nowhere", job_id=job_id)
    assert claim is not None
    group.context.jobs.fail(claim, "It is broken.", final=True)
    parked = publisher.get("/admin/jobs?state=parked").json()["items"]
    assert [(job["id"], job["trouble"]) for job in parked] == [(job_id, "It is broken.")]
    assert publisher.post(f"/admin/jobs/{job_id}/retry").json()["state"] == "running"
    assert publisher.post(f"/admin/jobs/{job_id}/cancellation").json()["state"] == "cancelled"
    place = publisher.get("/admin/jobs?limit=1").json()["next_before"]
    assert job_id not in {job["id"] for job in publisher.get(f"/admin/jobs?before={place}").json()["items"]}


def version(group: ServerGroup, name: str, heights: tuple[int, ...], *, replace: bool = False) -> None:
    folder = stage_title(group.settings, name=name)
    (folder / "clear" / "manifest.mpd").write_text(f"<MPD id='{name}'/>")
    keys = [PlainKey(key.label, name.encode().ljust(16), key.key) for key in KEYS[:1]]
    publish(group.settings, PublishedTitle(name, folder, 12.0, heights, keys, title_id="several", replace=replace))


def test_versions_are_shown_rolled_back_and_deleted(group: ServerGroup) -> None:
    version(group, "one", (240,))
    with pytest.raises(PublishError, match="already"):
        version(group, "two", (240,))
    with signed_in_viewer(group) as viewer:
        first = viewer.play("several", "clear")["manifests"][0]["dash"]
        version(group, "three", (240, 480), replace=True)
        second = viewer.play("several", "clear")["manifests"][0]["dash"]
        files = httpx.Client(trust_env=False)
        assert [files.get(url).text for url in (first, second)] == ["<MPD id='one'/>", "<MPD id='three'/>"]
        group.context.accounts.change(group.context.accounts.ensure_demo_viewer().id, by=None, role="publisher")
        listed = viewer.client.get("/admin/titles/several/versions").json()["items"]
        assert [(one["version"], one["shown"]) for one in listed] == [(2, True), (1, False)]
        assert code(viewer.client.delete("/admin/titles/several/versions/2")) == (409, "version_shown")
        assert viewer.client.post("/admin/titles/several/versions/1/selection").status_code == 204
        assert viewer.client.get("/catalog/several").json()["heights"] == [240]
        assert viewer.play("several", "clear")["manifests"][0]["dash"].endswith("/several/clear/manifest.mpd")
        assert code(viewer.client.post("/admin/titles/several/versions/9/selection")) == (404, "version_not_found")
        assert viewer.client.delete("/admin/titles/several/versions/2").status_code == 204
        assert files.get(second).status_code == 404
        assert files.get(first).status_code == 200
        assert viewer.client.delete("/admin/titles/several").status_code == 204
        assert code(viewer.client.get("/catalog/several")) == (404, "title_not_found")
        assert files.get(first).status_code in (403, 404)  # the edge may know that the title is gone, or not find it
        files.close()
