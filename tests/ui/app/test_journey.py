"""The whole of the app in the hands of a viewer who has keys only: sign in, choose who watches, search, play, seek,
change the language, download, lose the network, play on, see the licence run out, renew it, play again."""

from __future__ import annotations

import pytest

from tests.kit.evenings import household_service, journey


@pytest.mark.realtime
@pytest.mark.parametrize("tv", [False, True], ids=["desk", "tv"])
def test_by_keys_only(tmp_path, tv):
    with household_service(tmp_path / "service") as service:
        journey(service, tmp_path / "profile", {"QT_QPA_PLATFORM": "offscreen"}, tv=tv)
