"""The whole app in the hands of a viewer who has keys only.

The viewer signs in, chooses who watches, searches, plays, seeks, changes the language and downloads. Then the network
is lost, playback goes on, the licence runs out and is renewed, and the title plays again.
"""

from __future__ import annotations

import pytest

from tests.kit.evenings import household_service, journey


@pytest.mark.realtime
@pytest.mark.parametrize("tv", [False, True], ids=["desk", "tv"])
def test_by_keys_only(tmp_path, tv):
    with household_service(tmp_path / "service") as service:
        journey(service, tmp_path / "profile", {"QT_QPA_PLATFORM": "offscreen"}, tv=tv)
