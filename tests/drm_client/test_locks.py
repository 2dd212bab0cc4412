"""Locks between processes, where somebody has put something else in the place of a lock's file."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from drm_client import locks
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keystore import FileKeyStore
from drm_client.locks import held, is_held

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="who may write in a folder there makes no such things"
)


def a_link(path: Path) -> None:
    elsewhere = path.parent / "elsewhere"
    elsewhere.write_text("somebody's")
    path.symlink_to(elsewhere)


def a_link_to_nothing(path: Path) -> None:
    path.symlink_to(path.parent / "nothing")


def a_link_in_a_circle(path: Path) -> None:
    path.symlink_to(path)


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def a_folder(path: Path) -> None:
    path.mkdir()


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # the name of a socket has at most 107 bytes
    return tmp_path / "a.lock"


@pytest.mark.parametrize("put", [a_link, a_link_to_nothing, a_link_in_a_circle, os.mkfifo, a_socket, a_folder])
@pytest.mark.parametrize("wait", [True, False])
def test_what_is_no_file_is_deleted_and_the_lock_holds(lock: Path, put: Callable[[Path], None], wait: bool) -> None:
    put(Path(lock.name))
    assert not is_held(lock), "nobody can hold it"
    with held(lock, wait=wait):
        assert lock.is_file()
        assert not lock.is_symlink()
        assert is_held(lock)
        with pytest.raises(BlockingIOError), held(lock, wait=False):
            pass
    assert not is_held(lock)


def test_no_link_is_followed(lock: Path) -> None:
    a_link_to_nothing(lock)
    with held(lock):
        pass
    assert not (lock.parent / "nothing").exists()
    lock.unlink()
    a_link(lock)
    elsewhere = lock.parent / "elsewhere"
    with held(elsewhere, wait=False), held(lock, wait=False):
        assert elsewhere.read_text() == "somebody's"


def test_nobody_waits_for_a_pipe(lock: Path) -> None:
    os.mkfifo(lock)
    reader = os.open(lock, os.O_RDONLY | os.O_NONBLOCK)  # so that who would write into it gets it
    try:
        with held(lock, wait=False):
            assert lock.is_file(), "it was deleted, not locked"
    finally:
        os.close(reader)


def test_a_folder_with_something_in_it_is_an_error_that_names_it(lock: Path) -> None:
    (lock / "kept").mkdir(parents=True)
    assert not is_held(lock)
    with pytest.raises(OSError, match=r"a folder is where a lock goes; move .*a\.lock away"), held(lock):
        pass
    assert (lock / "kept").is_dir()
    keys = lock.rename(lock.parent / "keys.lock").parent
    with pytest.raises(DrmError) as caught, FileKeyStore(keys).alone():
        pass
    assert caught.value.code is DrmErrorCode.KEY_STORE


def test_somebody_who_keeps_putting_a_link_there_is_an_error(lock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unlink = Path.unlink

    def again(path: Path, missing_ok: bool = False) -> None:
        unlink(path, missing_ok)
        path.symlink_to("nothing")

    lock.symlink_to("nothing")
    monkeypatch.setattr(Path, "unlink", again)
    with pytest.raises(OSError, match="keeps putting"), held(lock):
        pass


def test_what_another_program_has_made_meanwhile_is_not_deleted(lock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both find a link. The other deletes it, makes the file and locks it before this one comes to delete."""
    delete = locks._delete_what_is_no_file
    other = contextlib.ExitStack()

    def later(path: Path) -> None:
        delete(path)
        locks._take(other.enter_context(path.open("ab")), wait=False, shared=False)
        delete(path)

    lock.symlink_to("nothing")
    monkeypatch.setattr(locks, "_delete_what_is_no_file", later)
    with other, pytest.raises(BlockingIOError), held(lock, wait=False):
        pass
