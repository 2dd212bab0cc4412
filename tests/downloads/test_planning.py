"""From a manifest to a plan."""

from __future__ import annotations

from downloads.model import Choice, Origin
from downloads.planning import draft
from player.opening import Addresses
from tests.kit.streaming import Link
from tests.kit.transport import Act

MPD = b"""<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT8S"><Period>
<AdaptationSet contentType="video" mimeType="video/mp4" codecs="avc1.42c01e">
<SegmentTemplate media="$Number$.m4s" duration="4"/><Representation id="v" bandwidth="1000"/>
</AdaptationSet></Period></MPD>"""


async def test_a_damaged_manifest_is_had_elsewhere() -> None:
    manifests = {"edge-a": "http://a.test/t/x.mpd", "edge-b": "http://b.test/t/x.mpd"}
    link = Link(dict.fromkeys(manifests.values(), MPD), tuple(manifests))
    link.transport.plan(manifests["edge-a"], Act(body=MPD[:70]))
    origin = Origin(url=manifests["edge-a"])
    drafted = await link.clock.run(draft(origin, Addresses(manifests), link.loader, Choice(), 0.0))
    assert [request.pathway for request in link.transport.requests] == ["edge-a", "edge-b"]
    assert drafted.plan.base_url == manifests["edge-b"]
    assert drafted.bodies[0] == MPD
    assert [len(item.addresses) for item in drafted.plan.items] == [1, 2, 2]
