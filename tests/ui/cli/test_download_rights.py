"""``matinee download renew`` over licences that another program removes meanwhile."""

from __future__ import annotations

from concurrent.futures import Future
from types import SimpleNamespace

from drm_client.errors import DrmError, DrmErrorCode
from ui.cli import download_rights


def test_a_licence_that_is_removed_while_it_is_renewed_is_told_like_any_failure():
    def submit(work):
        work.close()
        renewed = Future()
        renewed.set_result("licence-1")
        return renewed

    def standing(_licence_id):
        raise DrmError(DrmErrorCode.NO_LICENCE, "There is no licence for this title on this device.")

    entry, error = download_rights._renew_one(
        SimpleNamespace(submit=submit, service=None, device_id=None),
        SimpleNamespace(standing=standing),
        SimpleNamespace(id="abc"),
    )
    assert (entry["id"], entry["code"]) == ("abc", "drm.no_licence")
    assert error is not None
