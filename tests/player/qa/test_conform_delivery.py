"""A low-latency server that answers as RFC 8216bis 6.2.5 has it, and servers that break one rule each."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs, urlsplit

import pytest

from player.qa.conform.hls_delivery import RULES, Answer, judged, removed

URL = "http://a.test/v.m3u8"
HEAD = (
    "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:4\n"
    "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=24,PART-HOLD-BACK=3\n#EXT-X-PART-INF:PART-TARGET=2\n"
)


class Server:
    """``breaks`` is the code of the rule that it does not keep."""

    def __init__(self, breaks: str = "", *, ended: bool = False, first: int = 1) -> None:
        self.breaks = breaks
        self.ended = ended
        self.first = first

    def playlist(self, *, skip: bool = False, count: int = 10) -> str:
        lines = [HEAD + f"#EXT-X-MEDIA-SEQUENCE:{self.first}"]
        last = self.first + count - 1
        skipped = 3 if skip else 0
        lines += [f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}"] if skip else []
        for number in range(self.first + skipped, last + 1):
            if number == last:
                lines += [f'#EXT-X-PART:DURATION=2,URI="{number}.{part}.m4s"' for part in (0, 1)]
            lines += ["#EXTINF:4,", f"{number}.m4s"]
        if self.ended:
            return "\n".join([*lines, "#EXT-X-ENDLIST", ""])
        parts = [f'#EXT-X-PART:DURATION=2,URI="{last + 1}.0.m4s"']
        return "\n".join([*lines, *parts, f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{last + 1}.1.m4s"', ""])

    async def fetch(self, url: str, _range: str) -> Answer:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        if not asked:
            return Answer(ok=not self._gone(urlsplit(url).path))
        if "_HLS_skip" in asked:
            skip = not self.ended if self.breaks != "delivery.delta_unasked" else True
            text = self.playlist(skip=skip and self.breaks != "delivery.delta")
            return Answer(True, text.replace("6.m4s", "five.m4s") if self.breaks == "delivery.delta_keeps" else text)
        if "_HLS_msn" not in asked:
            return Answer(ok=self.breaks == "delivery.part_alone")
        if self.ended:
            return Answer(ok=self.breaks != "delivery.ended")
        if "_HLS_part" in asked:
            return Answer(ok=self.breaks != "delivery.next_parent")
        return Answer(True, self.playlist(count=3 if self.breaks == "delivery.whole" else 10))

    def _gone(self, path: str) -> bool:
        return {
            "delivery.part": path == "/11.0.m4s",
            "delivery.hint": path == "/11.1.m4s",
            "delivery.removed": path == "/2.m4s",
            "delivery.removed_part": path == "/10.0.m4s",
        }.get(self.breaks, False)


def found(server: Server) -> list[str]:
    told = asyncio.run(judged(server.fetch, "v", URL, server.playlist()))
    then = server.playlist().replace('"10', '"10')
    later = Server(server.breaks, ended=server.ended, first=server.first + 2)
    told += asyncio.run(removed(server.fetch, "v", URL, then, later.playlist(), 3.0))
    return [each.rule.code for each in told]


def test_a_server_that_keeps_the_rules_breaks_none() -> None:
    assert found(Server()) == []
    assert found(Server(ended=True)) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_server_that_breaks_a_rule_is_named(rule) -> None:
    ended = rule.code in ("delivery.ended", "delivery.delta_unasked")
    assert found(Server(rule.code, ended=ended)) == [rule.code]


def test_what_may_be_gone_by_now_is_not_missed() -> None:
    server = Server("delivery.removed")
    later = Server(first=8)
    assert asyncio.run(removed(server.fetch, "v", URL, server.playlist(), later.playlist(), 28.0)) == []
