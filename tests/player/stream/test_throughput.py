"""One estimator per CDN, begun with what is remembered of it."""

from __future__ import annotations

import pytest

from abr.model import NetworkMemory, TransferSample
from player.stream.throughput import Throughput


def transfer(at_s: float, bps: float, path: str) -> TransferSample:
    return TransferSample(at_s, at_s + 0.1, at_s + 1.1, int(bps / 8), path)


def test_a_cdn_begins_with_its_own_memory() -> None:
    memories = {"a": NetworkMemory(8e6), "b": NetworkMemory(1e6)}
    current = ["a"]
    network = Throughput(memories.get, lambda: current[0])
    assert network.estimate(0.0).remembered
    assert round(network.estimate(0.0).mean_bps or 0) == 8_000_000
    current[0] = "b"
    assert round(network.estimate(0.0).mean_bps or 0) == 1_000_000


def test_what_was_measured_counts_more_than_what_is_remembered_of_another_cdn() -> None:
    current = ["a"]
    network = Throughput({"b": NetworkMemory(50e6)}.get, lambda: current[0])
    network.observe(transfer(0.0, 2e6, "a"))
    current[0] = "b"
    assert round(network.estimate(2.0).mean_bps or 0) == 2_000_000


def test_only_what_was_measured_is_remembered() -> None:
    network = Throughput({"a": NetworkMemory(8e6), "b": NetworkMemory(1e6)}.get, lambda: "a")
    assert network.memory(0.0) == {}
    network.observe(transfer(0.0, 4e6, "b"))
    assert set(network.memory(2.0)) == {"b"}


def test_a_manifest_tells_of_the_link_until_media_has_come() -> None:
    network = Throughput(None, lambda: "a")
    network.glimpsed("a", 10_000, 0.02)
    assert network.estimate(0.0).shown_bps is None
    network.glimpsed("a", 10_000, 0.02)
    assert network.estimate(0.0).shown_bps == pytest.approx(160_000 / 0.05)
    assert network.estimate(0.0).mean_bps is None
    network.observe(transfer(0.0, 2e6, "a"))
    assert network.estimate(2.0).shown_bps is None


def test_the_manifest_of_one_cdn_says_nothing_of_another() -> None:
    network = Throughput(None, lambda: "b")
    network.glimpsed("a", 100_000, 0.1)
    assert network.estimate(0.0).shown_bps is None


def test_before_any_cdn_is_chosen_nothing_is_known() -> None:
    assert Throughput(None, lambda: None).estimate(0.0).mean_bps is None
