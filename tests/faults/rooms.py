"""Faults of a session, of the retry driver, and of the transport that all requests share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

import drm_client.mp4_protection
import player.manifest.edit
import player.manifest.locations
import player.media.fragment
import player.net.http
import player.net.stale_connections
import player.service.client
from drm_client.boxes import Box
from drm_client.mp4_protection import SampleGroups, TrackEncryption
from player.manifest.model import Period
from player.playback.phases import Opening, Playing
from player.playback.reload import Reloads
from player.playback.session import Session
from tests.faults.model import Fault


def _forget_early_seek(patch: pytest.MonkeyPatch) -> None:
    """A seek while the title opens is not made when libmpv has its file."""

    def player_event(self: Playing, name: str) -> None:
        self.parts.controls.early_seek_s = None
        done(self, name)

    done = Playing.player_event
    patch.setattr(Playing, "player_event", player_event)


def _seek_without_a_file(patch: pytest.MonkeyPatch) -> None:
    """libmpv is told to seek before it has a file."""
    patch.setattr(Reloads, "can_seek", True)

    async def seek(self: Session, target_s: float) -> None:
        if isinstance(self._phase, Opening):
            self._parts.player.seek(target_s)

    patch.setattr(Session, "_seek", seek)


def _leave_libmpv_behind(patch: pytest.MonkeyPatch) -> None:
    """A session that is stopped while it opens lets libmpv wait for its stream."""

    async def close(self: Opening) -> None:
        self.parts.waiting.end()

    patch.setattr(Opening, "close", close)


def _follow_after_the_end(patch: pytest.MonkeyPatch) -> None:
    """libmpv's thread names another file after the session is closed."""
    patch.setattr(Reloads, "close", Reloads._withdraw)


def _give_up_kept_connections(patch: pytest.MonkeyPatch) -> None:
    """What a server closes as it is used again is a failure."""
    patch.setattr(player.net.http, "_REPEATABLE", frozenset())


def _take_every_turn(patch: pytest.MonkeyPatch) -> None:
    """An answer of very many parts holds the loop until it is read."""
    patch.setattr(player.net.stale_connections, "_MOST_IN_A_ROW", 1 << 30)


def _keep_by_id_alone(patch: pytest.MonkeyPatch) -> None:
    """What is loaded of a rendition is kept by its id, which repeats from period to period."""

    def keyed(period: Period, _number: int) -> Period:
        tracks = (
            replace(track, renditions=tuple(replace(each, key=each.id) for each in track.renditions))
            for track in period.tracks
        )
        return replace(period, tracks=tuple(tracks))

    patch.setattr(player.manifest.edit, "keyed", keyed)


def _below_by_characters(patch: pytest.MonkeyPatch) -> None:
    """An address lies below another one if it starts with the same characters."""

    def lies_below(url: str, base: str) -> str | None:
        return url.removeprefix(base) if url.startswith(base) else None

    patch.setattr(player.manifest.locations, "below", lies_below)
    patch.setattr(player.service.client, "below", lies_below)


def _ignore_default_groups(patch: pytest.MonkeyPatch) -> None:
    """A sample that no mapping names has its track's encryption, whatever the default group says."""
    grouped = drm_client.mp4_protection.grouped_encryptions

    def by_mapping_alone(  # the arguments are those of the function in whose place it stands
        data: bytes,
        container: Box,
        ungrouped: Sequence[TrackEncryption | None],
        track: SampleGroups,
        own: SampleGroups,
    ) -> list[TrackEncryption | None]:
        return grouped(data, container, ungrouped, replace(track, default=0), replace(own, default=0))

    patch.setattr(player.media.fragment, "grouped_encryptions", by_mapping_alone)


_FRAGMENT = "tests/player/media/test_fragment.py"
_SESSION = "tests/player/playback/test_session.py"
FAULTS = [
    Fault(
        "session-early-seek-lost",
        f"{_SESSION}::test_a_seek_before_anything_is_known_is_made_when_libmpv_has_its_file",
        _forget_early_seek,
    ),
    Fault(
        "session-seeks-without-a-file",
        f"{_SESSION}::test_of_the_seeks_while_a_title_opens_the_last_one_counts[http://a.test/en-init]",
        _seek_without_a_file,
    ),
    Fault(
        "session-leaves-libmpv-behind",
        f"{_SESSION}::test_a_stop_closes_everything_in_each_phase[Opening]",
        _leave_libmpv_behind,
    ),
    Fault(
        "session-follows-after-the-end",
        "tests/player/playback/test_reload.py::test_a_file_that_would_follow_a_closed_one_is_not_opened",
        _follow_after_the_end,
    ),
    Fault(
        "net-kept-connection-fails",
        "tests/player/net/test_http1.py::test_a_connection_that_ends_as_it_is_used_again_is_made_anew",
        _give_up_kept_connections,
    ),
    Fault(
        "net-crumbs-hold-the-loop",
        "tests/player/net/test_http1.py::test_an_answer_of_very_many_parts_leaves_others_their_turn",
        _take_every_turn,
    ),
    Fault(
        "sources-keep-by-id-alone",
        "tests/player/stream/test_sources.py::test_periods_may_use_the_same_ids",
        _keep_by_id_alone,
    ),
    Fault(
        "urls-below-by-characters",
        "tests/player/manifest/test_urls_below.py::test_an_address_is_moved_from_its_own_home_only",
        _below_by_characters,
    ),
    Fault(
        "urls-service-by-characters",
        "tests/player/service/test_service.py::test_the_access_token_goes_to_our_service_only",
        _below_by_characters,
    ),
    Fault(
        "media-default-group-ignored",
        f"{_FRAGMENT}::test_the_default_group_holds_for_samples_that_no_mapping_names[of the track]",
        _ignore_default_groups,
    ),
]
